import TestSupport
import Testing
import Wire

@testable import ProxyCore

@Suite struct MessageAccountTests {
    private func account(received: Int, sent: UInt64 = 0) -> MessageAccount {
        var account = MessageAccount()
        for _ in 0..<received { _ = account.receive() }
        account.send(sent)
        return account
    }

    @Test func `what a pong confirms is delivered, the rest of what was sent is unconfirmed, the rest dropped`() {
        var account = account(received: 10, sent: 7)
        account.confirm(4)
        #expect(account.hasPending)
        #expect(account.lose(keepingUpTo: 0) == [5...7])
        #expect(!account.hasPending)
        #expect(account.queued == 3)
        account.finish(.noBackend)
        #expect(account.delivered.ranges == [1...4])
        #expect(account.unconfirmed.ranges == [5...7])
        #expect(account.dropped.map(\.reason) == [.noBackend])
        #expect(account.dropped[0].ordinals.ranges == [8...10])
    }

    @Test func `a late or foreign confirmation changes nothing`() {
        var account = account(received: 5, sent: 3)
        account.confirm(3)
        account.confirm(2)
        account.confirm(4)
        #expect(account.delivered.ranges == [1...3])
        #expect(account.settled == 3)
    }

    @Test func `first messages that go again are not lost with their connection`() {
        var account = account(received: 8, sent: 8)
        account.confirm(2)
        #expect(account.lose(keepingUpTo: 5) == [6...8])
        #expect(account.hasPending, "3 to 5 go again")
        account.confirm(8)
        #expect(account.delivered.ranges == [1...5])
        #expect(account.unconfirmed.ranges == [6...8])
        #expect(account.settled == 8)
    }

    @Test func `messages that are sent again wait for the next confirmation`() {
        var account = account(received: 6, sent: 6)
        account.confirm(2)
        account.loseOne(4)
        account.rewind(to: 2)
        #expect(account.queued == 4 && !account.hasPending)
        account.send(3)
        account.send(5)
        account.send(6)
        account.confirm(6)
        #expect(account.delivered.ranges == [1...3, 5...6])
        #expect(account.unconfirmed.ranges == [4...4])
    }

    @Test func `a message that was cut is named as dropped`() {
        var account = account(received: 2, sent: 2)
        account.confirm(2)
        account.cut(account.receive())
        account.finish(.sessionEnded)
        #expect(account.delivered.ranges == [1...2])
        #expect(account.dropped.map(\.reason) == [.cut])
        #expect(account.unconfirmed.count == 0)
    }

    @Test func `of many ranges the last are kept, and all are counted`() {
        var ranges = OrdinalRanges()
        for number in 0..<100 { ranges.append(UInt64(number * 3)...UInt64(number * 3 + 1)) }
        #expect(ranges.count == 200)
        #expect(ranges.ranges.count == OrdinalRanges.limit && ranges.isTruncated)
        #expect(ranges.ranges.last == 297...298)
        ranges.append(299...400)
        #expect(ranges.ranges.last == 297...400)
    }

    @Test func `whatever happens, each message meets exactly one end`() {
        for seed in UInt64(0)..<300 {
            var random = SplitMix64(seed: seed)
            var account = MessageAccount()
            let keeping = random.below(4)
            for _ in 0..<60 {
                switch random.below(5) {
                case 0, 1: _ = account.receive()
                case 2: account.send(account.received)
                case 3: account.confirm(account.settled + random.below(4))
                default: _ = account.lose(keepingUpTo: min(keeping, account.everSent))
                }
            }
            account.finish(.clientLeft)
            let all = account.delivered.ranges + account.unconfirmed.ranges + account.dropped.flatMap(\.ordinals.ranges)
            #expect(all.flatMap { Array($0) }.sorted() == (account.received == 0 ? [] : Array(1...account.received)), "seed \(seed)")
        }
    }
}
