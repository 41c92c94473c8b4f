import Testing
import Wire

@testable import ProxyCore

@Suite struct PingLogTests {
    private func payload(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func `of pings with one payload the eldest counts as answered`() {
        var log = PingLog()
        log.wrote(payload("x"), .client, behind: 1, now: .zero)
        log.wrote(payload("x"), .client, behind: 2, now: .zero)
        #expect(log.answered(payload("x"))?.ordinal == 1)
        #expect(log.answered(payload("x"))?.ordinal == 2)
        #expect(log.answered(payload("x")) == nil)
    }

    @Test func `an answer takes the place of the answers to what was asked before`() {
        var log = PingLog()
        log.wrote(payload("a"), .confirmation, behind: 1, now: .zero)
        log.wrote(payload("b"), .client, behind: 2, now: .zero)
        #expect(log.isAsking)
        #expect(log.answered(payload("b"))?.origin == .client)
        #expect(!log.isAsking && log.answered(payload("a")) == nil)
    }

    @Test func `an answer says whether it takes the place of the one to the client's last ping`() {
        var log = PingLog()
        log.wrote(payload("a"), .client, behind: 1, now: .zero)
        log.wrote(payload("own"), .confirmation, behind: 1, now: .zero)
        log.wrote(payload("b"), .client, behind: 2, now: .zero)
        #expect(log.answered(payload("own"))?.passedOver == nil, "b is answered later")
        #expect(log.answered(before: Timestamp.zero + .seconds(1))?.passedOver == payload("b"))
    }

    // A late answer to a forgotten ping would count as one to a later ping with the same payload.
    @Test func `a client that asks more than is remembered is not believed until the next connection`() {
        var log = PingLog()
        for number in 1...100 as ClosedRange<UInt64> { log.wrote(payload("\(number % 5)"), .client, behind: number, now: .zero) }
        for number in 0..<5 { #expect(log.answered(payload("\(number)")) == nil) }
        log.removeAll()
        log.wrote(payload("x"), .client, behind: 101, now: .zero)
        #expect(log.answered(payload("x"))?.ordinal == 101)
    }

    @Test func `pings of the confirmation stay whatever the client does, and have an end`() {
        var log = PingLog()
        log.wrote(payload("first"), .confirmation, behind: 1, now: .zero)
        for number in 0..<100 { log.wrote(payload("\(number)"), .client, behind: 2, now: .zero) }
        #expect(log.isAsking && log.answered(payload("first"))?.origin == .confirmation)
        for number in 0..<PingLog.askLimit {
            #expect(log.mayAsk)
            log.wrote(payload("own \(number)"), .confirmation, behind: 3, now: .zero)
        }
        #expect(!log.mayAsk)
        #expect(log.answered(payload("own 0"))?.ordinal == 3)
        #expect(log.mayAsk)
    }
}
