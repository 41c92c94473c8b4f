import Diagnosis
import Testing
import WebSocketWire
import Wire

@testable import ProxyCore

/// Pings behind the client's messages, at backends that don't answer each of them.
@Suite struct HoldConfirmingTests {
    private func at(_ milliseconds: UInt64) -> Timestamp { Timestamp(nanoseconds: 5_000_000_000) + .milliseconds(milliseconds) }

    /// A queue that three messages fill.
    private func full(_ script: inout HoldScript) throws {
        for _ in 0..<3 { _ = try script.client(HoldFrames.client(.text, [UInt8](repeating: 65, count: 40)), at(0)) }
        #expect(script.relay.isFull)
    }

    private var resending: HoldScript {
        HoldScript {
            $0.unconfirmed = .resend
            $0.queue = 100
            $0.deadline = .seconds(5)
        }
    }

    // RFC 6455 §5.5.3: only the latest of several pings may be answered.
    @Test func `the pong to a ping of the client's behind ours confirms what ours would have, and is passed on`() throws {
        var script = resending
        try full(&script)
        let first = script.ping
        _ = try script.client(HoldFrames.client(.ping, "mine".utf8), at(1))
        let passed = try script.backend(HoldFrames.server(.pong, "mine".utf8), at(2))
        #expect(passed.client == ["pong mine"] && passed.out.resumesClient)
        #expect(script.relay.account.delivered.ranges == [1...3])
        _ = try script.client(HoldFrames.text("more"), at(200))
        #expect(script.ping != first, "nothing is waited for any more")
    }

    @Test func `a pong without payload proves nothing, because it may have come unasked`() throws {
        var script = HoldScript()
        _ = try script.client(HoldFrames.text("a") + HoldFrames.client(.ping, [UInt8]()), at(0))
        #expect(try script.backend(HoldFrames.server(.pong, [UInt8]()), at(1)).client == ["pong "])
        #expect(script.relay.account.delivered.count == 0)
    }

    @Test func `the pong to the heartbeat's ping confirms what was asked for before that`() throws {
        var script = HoldScript()
        _ = try script.client(HoldFrames.text("a"), at(0))
        let pong = HoldFrames.server(.pong, [1, 2, 3, 4, 5, 6, 7, 8])
        func claim(_ moment: Timestamp) -> (UInt64) -> Timestamp? { { $0 == 0x0102_0304_0506_0708 ? moment : nil } }
        for (moment, confirmed) in [(Timestamp.zero, 0), (at(0), 0), (at(300), 1)] as [(Timestamp, UInt64)] {
            let step = try script.step { $0.fromBackend(pong.span.bytes, now: at(500), claim: claim(moment), &$1) }
            #expect(step.client == [])
            #expect(script.relay.account.delivered.count == confirmed)
        }
    }

    @Test func `a ping that nobody answers is followed by another, at growing distances`() throws {
        var script = HoldScript()
        _ = try script.client(HoldFrames.text("a"), at(0))
        var pings = [script.ping]
        for expected in [2000, 6000, 14_000, 30_000, 62_000, 94_000] as [UInt64] {
            #expect(script.relay.deadline == at(expected))
            _ = try script.step { $0.deadlinePassed(now: at(expected), &$1) }
            #expect(!pings.contains(script.ping))
            pings.append(script.ping)
        }
        // An answer to an early one still counts.
        _ = try script.backend(HoldFrames.server(.pong, pings[1]), at(94_001))
        #expect(script.relay.account.delivered.ranges == [1...1])
    }

    @Test func `a backend that confirms nothing of a full queue is given up after the deadline`() throws {
        var script = resending
        try full(&script)
        #expect(script.relay.deadline <= at(5000))
        let early = try script.step { $0.deadlinePassed(now: at(4999), &$1) }
        #expect(early.out.gaveUp == nil)
        let over = try script.step { $0.deadlinePassed(now: at(5000), &$1) }
        #expect(over.out.gaveUp == .unconfirmed && over.out.resumesClient && over.backend == ["close 1001"])
        #expect(HoldEnd.unconfirmed.closeCode == 1012)
        let facts = script.relay.finish(clientLeft: false)
        #expect(facts.end == "unconfirmed" && facts.unconfirmed.ranges == [1...3])
    }

    @Test func `a backend that is slow and confirms now and then is not given up`() throws {
        var script = resending
        try full(&script)
        let first = script.ping
        for round in 1...4 as ClosedRange<UInt64> {
            let now = at(round * 4000)
            #expect(try script.step { $0.deadlinePassed(now: now, &$1) }.out.gaveUp == nil)
            _ = try script.backend(HoldFrames.server(.pong, round == 1 ? first : script.ping), now)
            for _ in 0..<3 { _ = try script.client(HoldFrames.client(.text, [UInt8](repeating: 65, count: 40)), now) }
            #expect(script.relay.isFull)
        }
    }

    @Test func `in the middle of a large message there is no place to ask, and no deadline for it`() throws {
        var script = HoldScript { $0.queue = 64 }
        _ = try script.client(HoldFrames.text("a"), at(0))
        _ = try script.pong(at(1))
        _ = try script.client(HoldFrames.text("b"), at(2))
        let message = HoldFrames.client(.text, [UInt8](repeating: 65, count: 200))
        _ = try script.client(Array(message[..<100]), at(3))
        #expect(script.relay.account.hasPending && script.relay.deadline == .never)
        _ = try script.client(Array(message[100...]), at(500))
        #expect(script.relay.deadline != .never)
    }

    // RFC 6455 §5.5.3, the other way round: the latest is Gatehouse's own, and its pong stays here.
    @Test func `a client whose ping is passed over for ours gets its pong, and only one`() throws {
        var script = HoldScript()
        let both = try script.client(HoldFrames.client(.ping, "mine".utf8) + HoldFrames.text("a"), at(0))
        #expect(both.backend == ["ping mine", "a"])
        #expect(try script.pong(at(1)).client == ["pong mine"])
        #expect(try script.lose(at(2)).client == [], "answered already")
        var other = HoldScript()
        _ = try other.client(HoldFrames.client(.ping, "mine".utf8) + HoldFrames.text("a"), at(0))
        #expect(try other.backend(HoldFrames.server(.pong, "mine".utf8), at(1)).client == ["pong mine"])
        #expect(try other.pong(at(2)).client == [])
    }

    @Test func `pings with one payload, more than are remembered, confirm nothing that wasn't read`() throws {
        var script = HoldScript { $0.unconfirmed = .resend }
        for number in 1...40 {
            _ = try script.client(HoldFrames.text("\(number)") + HoldFrames.client(.ping, "x".utf8), at(1))
        }
        for _ in 0..<3 {
            #expect(try script.backend(HoldFrames.server(.pong, "x".utf8), at(2)).client == ["pong x"])
            #expect(script.relay.account.delivered.count <= 3)
        }
        #expect(script.relay.queue.first.map { $0.ordinal <= 4 } == true, "what wasn't confirmed can go again")
    }

    @Test func `many pings of the client's don't make ours forgotten`() throws {
        var script = HoldScript()
        _ = try script.client(HoldFrames.client(.ping, "early".utf8) + HoldFrames.text("a"), at(0))
        let first = script.ping
        for number in 0..<100 { _ = try script.client(HoldFrames.client(.ping, "\(number)".utf8), at(1)) }
        _ = try script.client(HoldFrames.text("b"), at(500))
        #expect(script.ping == first, "one is in flight")
        #expect(try script.backend(HoldFrames.server(.pong, first), at(501)).client == [], "its pong stays here")
        #expect(script.relay.account.delivered.ranges == [1...1])
    }

    @Test func `a large frame behind messages that fill the queue doesn't keep them from being asked for`() throws {
        var script = resending
        let large = HoldFrames.client(.text, [UInt8](repeating: 66, count: 300))
        var bytes: [UInt8] = []
        for _ in 0..<3 { bytes += HoldFrames.client(.text, [UInt8](repeating: 65, count: 40)) }
        _ = try script.client(bytes + large.prefix(100), at(0))
        #expect(!script.ping.isEmpty, "in front of the frame, where it has its place")
        #expect(script.relay.isFull, "it waits for the answer")
        // It stands behind the message that filled half of the queue; what is left goes on until there is a place again.
        _ = try script.pong(at(1))
        #expect(!script.relay.isFull && script.relay.deadline == .never)
        let first = script.ping
        _ = try script.client(Array(large.dropFirst(100)), at(200))
        #expect(script.ping != first)
        _ = try script.pong(at(201))
        #expect(script.relay.account.delivered.ranges == [1...4])
    }

    @Test func `in the middle of a frame a client is not paused for what nobody was asked`() throws {
        var script = resending
        let message = HoldFrames.client(.text, [UInt8](repeating: 65, count: 40))
        let large = HoldFrames.client(.text, [UInt8](repeating: 66, count: 300))
        _ = try script.client(message, at(0))
        let first = script.ping
        // The ping that is in flight stands in front of all of these.
        let three = message + message + message
        _ = try script.client(three + large.prefix(100), at(1))
        #expect(script.relay.isFull)
        let partly = try script.backend(HoldFrames.server(.pong, first), at(2))
        #expect(partly.out.resumesClient && !script.relay.isFull, "three are left, and no ping can go")
        let over = try script.step { $0.deadlinePassed(now: at(6000), &$1) }
        #expect(over.out.gaveUp == nil)
        _ = try script.client(Array(large.dropFirst(100)), at(6001))
        #expect(script.relay.isFull && script.ping != first)
    }

    @Test func `a large message that is under way when its backend is given up was cut`() throws {
        var script = resending
        let large = HoldFrames.client(.text, [UInt8](repeating: 66, count: 300))
        var bytes: [UInt8] = []
        for _ in 0..<3 { bytes += HoldFrames.client(.text, [UInt8](repeating: 65, count: 40)) }
        _ = try script.client(bytes + large.prefix(100), at(0))
        #expect(try script.step { $0.deadlinePassed(now: at(5000), &$1) }.out.gaveUp == .unconfirmed)
        _ = try script.client(Array(large.dropFirst(100)), at(5001))
        let facts = script.relay.finish(clientLeft: false)
        #expect(facts.received == 4 && facts.unconfirmed.ranges == [1...3])
        #expect(facts.dropped.map(\.reason) == ["cut"])
    }
}
