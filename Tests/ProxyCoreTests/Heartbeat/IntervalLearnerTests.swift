import Diagnosis
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import ProxyCore

@Suite struct IntervalLearnerTests {
    private func at(_ milliseconds: UInt64) -> Timestamp { Timestamp(nanoseconds: 1_000_000_000_000) + .milliseconds(milliseconds) }

    /// A proxy of the operator's, behind which everybody is.
    private let proxy = SocketAddress(v4: 0x0A00_0001, port: 40_000)

    /// A session that spoke once and ended after that much silence.
    private func record(
        silence: UInt64, side: Side = .upstream, _ end: TransportEnd = .finished, close: Bool = false
    ) -> SessionRecord {
        var analyzer = SessionAnalyzer(openedAt: at(0), compression: false)
        let text = bytes(0x81, 2, "hi")
        _ = analyzer.relayed(.serverToClient, text.span.bytes, at: at(100))
        if close {
            let frame = bytes(0x88, 2, 0x03, 0xE9)
            _ = analyzer.relayed(.serverToClient, frame.span.bytes, at: at(100 + silence))
        }
        analyzer.ended(side, end, at: at(100 + silence))
        return analyzer.report(at: at(100 + silence))
    }

    @Test(arguments: [Side.downstream, .upstream])
    func `three deaths of one silence are a timer, and pings come before it`(side: Side) {
        var learner = IntervalLearner()
        #expect(learner.ended(record(silence: 10_000, side: side), client: proxy) == nil)
        #expect(learner.ended(record(silence: 10_050, side: side, .reset(errno: 104)), client: proxy) == nil)
        let lesson = learner.ended(record(silence: 10_000, side: side), client: proxy)
        #expect(lesson?.interval == .seconds(7))
        #expect(lesson?.before == .seconds(25))
        #expect(lesson?.silence == .seconds(10))
        #expect(lesson?.sessions == 3)
        #expect(learner.interval == .seconds(7))
    }

    @Test func `people leave after silences of all lengths, and nothing is learnt`() {
        var learner = IntervalLearner()
        for silence in [2500, 4000, 6000, 9000, 12_000, 15_000, 18_000, 22_000, 3300, 5000] as [UInt64] {
            #expect(learner.ended(record(silence: silence), client: proxy) == nil)
        }
        #expect(learner.interval == .seconds(25))
    }

    @Test func `ends that no timer makes teach nothing`() {
        var learner = IntervalLearner()
        for _ in 0..<5 {
            #expect(learner.ended(record(silence: 10_000, close: true), client: proxy) == nil, "a close frame")
            #expect(learner.ended(record(silence: 500), client: proxy) == nil, "too short")
            #expect(learner.ended(record(silence: 40_000), client: proxy) == nil, "longer than we let it get")
            #expect(learner.ended(record(silence: 10_000, .timedOut(.idle)), client: proxy) == nil, "our own timer")
            #expect(learner.ended(record(silence: 10_000, .local(.drain)), client: proxy) == nil, "our own doing")
        }
    }

    @Test func `it gets shorter again and never longer`() {
        var learner = IntervalLearner()
        for _ in 0..<3 { _ = learner.ended(record(silence: 20_000), client: proxy) }
        #expect(learner.interval == .seconds(14))
        for _ in 0..<3 { _ = learner.ended(record(silence: 20_000), client: proxy) }
        #expect(learner.interval == .seconds(14))
        for _ in 0..<3 { _ = learner.ended(record(silence: 5000), client: proxy) }
        #expect(learner.interval == .milliseconds(3500))
    }

    @Test func `one stranger teaches nothing, however often he hangs up`() {
        var learner = IntervalLearner()
        for port in 0..<20 as Range<UInt16> {
            let stranger = SocketAddress(v4: 0xCB00_7107, port: 1000 + port)
            #expect(learner.ended(record(silence: 12_000, side: .downstream), client: stranger) == nil)
        }
        #expect(learner.interval == .seconds(25))
    }

    @Test func `three networks whose sessions die alike on the client's side are a timer`() {
        var learner = IntervalLearner()
        for network in 1...3 as ClosedRange<UInt32> {
            let client = SocketAddress(v4: 0xCB00_0007 + network << 8, port: 1000)
            _ = learner.ended(record(silence: 12_000, side: .downstream), client: client)
        }
        #expect(learner.interval == .milliseconds(8400))
    }

    @Test func `a short silence teaches on the backend's side only`() {
        var learner = IntervalLearner()
        for _ in 0..<5 { #expect(learner.ended(record(silence: 9000, side: .downstream), client: proxy) == nil) }
        for _ in 0..<3 { _ = learner.ended(record(silence: 9000), client: proxy) }
        #expect(learner.interval == .milliseconds(6300))
    }
}
