import Diagnosis
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import ProxyCore

/// Dialogues: what goes in, what comes out.
@Suite struct HoldRelayTests {
    private func at(_ milliseconds: UInt64) -> Timestamp { Timestamp(nanoseconds: 5_000_000_000) + .milliseconds(milliseconds) }

    private typealias Script = HoldScript

    @Test func `messages pass, and a pong of the backend's confirms them without being passed on`() throws {
        var script = Script()
        #expect(try script.client(HoldFrames.text("a") + HoldFrames.text("b"), at(0)).backend == ["a", "b"])
        #expect(script.relay.account.hasPending)
        #expect(try script.pong(at(1)).client == [])
        #expect(script.relay.account.delivered.ranges == [1...2])
        #expect(try script.backend(HoldFrames.server(.text, "c".utf8), at(2)).client == ["c"])
    }

    @Test func `one ping is in flight, and one goes in 100 ms`() throws {
        var script = Script()
        _ = try script.client(HoldFrames.text("a"), at(0))
        let first = script.ping
        _ = try script.client(HoldFrames.text("b"), at(500))
        #expect(script.ping == first)
        #expect(script.relay.deadline == at(2000), "the pong comes first")
        _ = try script.pong(at(501))
        #expect(script.ping != first, "b is asked for at once, since 100 ms have passed")
        _ = try script.pong(at(502))
        let second = script.ping
        _ = try script.client(HoldFrames.text("c"), at(510))
        #expect(script.ping == second)
        #expect(script.relay.deadline == at(601))
        _ = try script.step { $0.deadlinePassed(now: Timestamp(nanoseconds: 5_601_000_000), &$1) }
        #expect(script.ping != second)
    }

    @Test func `messages wait while there is no backend, and go in their order when there is one`() throws {
        var script = Script()
        _ = try script.client(HoldFrames.text("a"), at(0))
        _ = try script.pong(at(1))
        _ = try script.client(HoldFrames.text("b"), at(2))
        let lost = try script.lose(at(3))
        #expect(lost.out.lost?.unconfirmed == [2...2], "b may have arrived")
        #expect(try script.client(HoldFrames.text("c") + HoldFrames.text("d"), at(4)).backend == [])
        #expect(try script.resume().backend == ["c", "d"])
        _ = try script.pong(at(400))
        let facts = script.relay.finish(clientLeft: true)
        #expect(facts.delivered.ranges == [1...1, 3...4])
        #expect(facts.unconfirmed.ranges == [2...2])
        #expect(facts.dropped.isEmpty && facts.resumptions == 1)
    }

    @Test func `a message that the loss cut goes whole to the next backend`() throws {
        var script = Script()
        let message = HoldFrames.client(.text, "frag".utf8, isFinal: false) + HoldFrames.client(.continuation, "ment".utf8)
        #expect(try script.client(Array(message[..<12]), at(0)).backend == [])
        _ = try script.lose(at(1))
        _ = try script.client(Array(message[12...]), at(2))
        #expect(try script.resume().backend == ["fragment"])
    }

    @Test func `a message of the backend's that its end cut is never begun`() throws {
        var script = Script()
        let message = HoldFrames.server(.text, "never seen".utf8)
        #expect(try script.backend(Array(message[..<7]), at(0)).out.toClient.isEmpty)
        #expect(try script.lose(at(1)).client == [])
        _ = try script.resume()
        #expect(try script.backend(HoldFrames.server(.text, "whole".utf8), at(500)).client == ["whole"])
        #expect(script.relay.finish(clientLeft: true).cutFromBackend == 1)
    }

    @Test func `resend sends again what was not confirmed`() throws {
        var script = Script { $0.unconfirmed = .resend }
        _ = try script.client(HoldFrames.text("a"), at(0))
        _ = try script.pong(at(1))
        _ = try script.client(HoldFrames.text("b"), at(2))
        #expect(try script.lose(at(3)).out.lost?.unconfirmed == [])
        _ = try script.client(HoldFrames.text("c"), at(4))
        #expect(try script.resume().backend == ["b", "c"])
        _ = try script.pong(at(400))
        let facts = script.relay.finish(clientLeft: true)
        #expect(facts.delivered.ranges == [1...3] && facts.resent == 1)
    }

    @Test func `the first messages are repeated on each new connection`() throws {
        var script = Script { $0.replayFirst = 2 }
        for word in ["login", "join", "hello"] { _ = try script.client(HoldFrames.text(word), at(0)) }
        _ = try script.pong(at(1))
        _ = try script.lose(at(2))
        _ = try script.client(HoldFrames.text("more"), at(3))
        #expect(try script.resume().backend == ["login", "join", "more"])
        _ = try script.pong(at(500))
        _ = try script.lose(at(501))
        #expect(try script.resume().backend == ["login", "join"])
        let facts = script.relay.finish(clientLeft: true)
        #expect(facts.replayed == 4)
        #expect(facts.delivered.count + facts.unconfirmed.count == 4)
    }

    @Test func `first messages that don't fit end the session instead of being repeated in part`() throws {
        var script = Script {
            $0.replayFirst = 2
            $0.queue = 64
        }
        _ = try script.client(HoldFrames.client(.text, [UInt8](repeating: 65, count: 50)), at(0))
        _ = try script.client(HoldFrames.client(.text, [UInt8](repeating: 66, count: 50)), at(0))
        #expect(try script.lose(at(1)).out.gaveUp == .replayTooLarge)
    }

    @Test func `the client's pings are answered while nobody else can, the one that was under way too`() throws {
        var script = Script()
        #expect(try script.client(HoldFrames.client(.ping, "1".utf8), at(0)).backend == ["ping 1"])
        #expect(try script.lose(at(1)).client == ["pong 1"])
        #expect(try script.client(HoldFrames.client(.ping, "2".utf8), at(2)).client == ["pong 2"])
        _ = try script.resume()
        #expect(try script.client(HoldFrames.client(.ping, "3".utf8), at(500)).backend == ["ping 3"])
        #expect(try script.backend(HoldFrames.server(.pong, "3".utf8), at(501)).client == ["pong 3"])
        #expect(try script.lose(at(502)).client == [], "answered already")
    }

    @Test(arguments: [1001, 1006, 1012, 1013] as [UInt16])
    func `a close frame that means that the server goes stays here`(code: UInt16) throws {
        var script = Script()
        let lost = try script.backend(HoldFrames.server(.close, [UInt8(code >> 8), UInt8(code & 255)]), at(0))
        #expect(lost.client == [])
        #expect(lost.backend == [code == 1006 ? "close 1005" : "close \(code)"])
        #expect(lost.out.lost?.loss == HoldLoss(.closeFrame, closeCode: code))
        #expect(script.relay.isAway)
    }

    @Test(arguments: [1000, 1008, 1011, 4401] as [UInt16])
    func `any other close frame ends the session as always`(code: UInt16) throws {
        var script = Script()
        #expect(try script.backend(HoldFrames.close(code, masked: false), at(0)).client == ["close \(code)"])
        #expect(try script.client(HoldFrames.close(code, masked: true), at(1)).backend == ["close \(code)"])
        var out = HoldOutput()
        #expect(!script.relay.backendLost(HoldLoss(.finished), now: at(2), &out))
    }

    @Test func `the client's close frame goes behind a ping that confirms the last messages`() throws {
        var script = Script()
        _ = try script.client(HoldFrames.text("a"), at(0))
        _ = try script.client(HoldFrames.text("b"), at(1))
        let first = script.ping
        #expect(try script.client(HoldFrames.close(1000, masked: true), at(2)).backend == ["close 1000"])
        #expect(script.ping != first)
        _ = try script.pong(at(3))
        #expect(script.relay.account.delivered.ranges == [1...2])
    }

    @Test func `a client that closes while messages wait is heard when they have gone`() throws {
        var script = Script()
        _ = try script.lose(at(0))
        _ = try script.client(HoldFrames.text("last") + HoldFrames.close(1000, masked: true), at(1))
        #expect(try script.resume().backend == ["last", "close 1000"])
        var idle = Script()
        _ = try idle.lose(at(0))
        #expect(try idle.client(HoldFrames.close(4000, masked: true), at(1)).out.answersClose == 4000)
    }

    @Test func `a full queue stops receiving, and the next backend starts it again`() throws {
        var script = Script { $0.queue = 64 }
        _ = try script.lose(at(0))
        let message = HoldFrames.client(.text, [UInt8](repeating: 65, count: 40))
        #expect(try !script.client(message, at(1)).out.pausesClient)
        #expect(try script.client(message, at(2)).out.pausesClient)
        #expect(script.relay.isFull)
        let resumed = try script.resume()
        #expect(resumed.out.resumesClient && !script.relay.isFull)
        #expect(resumed.backend.count == 2)
    }

    @Test func `a large message passes as it comes, and a backend lost within ends the session`() throws {
        for fromClient in [true, false] {
            var script = Script { $0.queue = 64 }
            let payload = [UInt8](repeating: 65, count: 200)
            let message = fromClient ? HoldFrames.client(.text, payload) : HoldFrames.server(.text, payload)
            let first =
                try fromClient ? script.client(Array(message[..<100]), at(0)) : script.backend(Array(message[..<100]), at(0))
            #expect(!(fromClient ? first.out.toBackend : first.out.toClient).isEmpty)
            #expect(try script.lose(at(1)).out.gaveUp == .cutMessage)
            #expect(script.relay.isAtBoundary(towards: .downstream))
            let facts = script.relay.finish(clientLeft: false)
            #expect(facts.dropped.map(\.reason) == (fromClient ? ["cut"] : []))
            #expect(facts.end == "cut_message")
        }
    }

    @Test func `a large message of the client's that was cut is one message, also when its rest comes`() throws {
        var script = Script { $0.queue = 64 }
        let message = HoldFrames.client(.text, [UInt8](repeating: 65, count: 200))
        _ = try script.client(Array(message[..<100]), at(0))
        #expect(try script.lose(at(1)).out.gaveUp == .cutMessage)
        #expect(try script.client(Array(message[100...]), at(2)).backend == [])
        _ = try script.client(HoldFrames.text("after"), at(3))
        let facts = script.relay.finish(clientLeft: false)
        #expect(facts.received == 2 && facts.unconfirmed.count == 0)
        #expect(facts.dropped.map(\.reason) == ["cut", "no_backend"])
        #expect(facts.dropped.map(\.ordinals.ranges) == [[1...1], [2...2]])
    }

    @Test func `what comes when the session is given up is counted and not kept`() throws {
        var script = Script {
            $0.attempts = 1
            $0.queue = 64
        }
        _ = try script.lose(at(0))
        _ = try script.client(HoldFrames.text("a"), at(1))
        _ = try script.step { $0.deadlinePassed(now: $0.hold.deadline, &$1) }
        #expect(try script.step { $0.attemptFailed(now: Timestamp(nanoseconds: 5_300_000_000), &$1) }.out.gaveUp == .attempts)
        for _ in 0..<100 { _ = try script.client(HoldFrames.text("more and more"), at(400)) }
        #expect(script.relay.waitingBytes < 100)
        let facts = script.relay.finish(clientLeft: false)
        #expect(facts.dropped.map(\.reason) == ["no_backend"])
        #expect(facts.dropped[0].ordinals.ranges == [1...101])
    }
}
