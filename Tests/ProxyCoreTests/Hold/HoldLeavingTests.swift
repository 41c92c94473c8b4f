import Diagnosis
import Testing
import WebSocketWire
import Wire

@testable import ProxyCore

/// Leaving an endpoint that is drained.
@Suite struct HoldLeavingTests {
    private func at(_ milliseconds: UInt64) -> Timestamp { Timestamp(nanoseconds: 5_000_000_000) + .milliseconds(milliseconds) }

    /// A session whose only message is confirmed, and whose endpoint has got its close frame at 0.
    private func departing() throws -> HoldScript {
        var script = HoldScript()
        _ = try script.client(HoldFrames.text("a"), at(0))
        _ = try script.pong(at(0))
        let left = try script.step { $0.leave(now: at(0), &$1) }
        #expect(left.backend == ["close 1001"] && left.out.lost == nil)
        return script
    }

    @Test func `leaving an endpoint waits for its confirmation, and then for its answer`() throws {
        var script = HoldScript()
        _ = try script.client(HoldFrames.text("a"), at(0))
        #expect(try script.step { $0.leave(now: at(1), &$1) }.out.lost == nil)
        #expect(try script.client(HoldFrames.text("b"), at(2)).backend == [], "b is for the next one")
        let told = try script.pong(at(3))
        #expect(told.backend == ["close 1001"] && told.out.lost == nil)
        #expect(script.relay.isLeaving)
        let gone = try script.backend(HoldFrames.close(1001, masked: false), at(4))
        #expect(gone.out.lost?.loss == HoldLoss(.drain) && gone.out.lost?.unconfirmed == [])
        #expect(gone.backend == [] && gone.client == [])
        #expect(try script.resume().backend == ["b"])
    }

    @Test(arguments: [1000, 1001, 1012, nil] as [UInt16?])
    func `what the backend sent before its answer reaches the client`(code: UInt16?) throws {
        var script = try departing()
        #expect(try script.backend(HoldFrames.server(.text, "one".utf8), at(1)).client == ["one"])
        let answer = HoldFrames.server(.close, code.map { [UInt8($0 >> 8), UInt8($0 & 255)] } ?? [])
        let gone = try script.backend(HoldFrames.server(.text, "two".utf8) + answer, at(2))
        #expect(gone.client == ["two"] && gone.out.lost?.loss == HoldLoss(.drain))
        #expect(script.relay.isAway)
        let facts = script.relay.finish(clientLeft: true)
        #expect(facts.fromBackend == 2 && facts.cutFromBackend == 0)
    }

    @Test func `a backend that ends without an answer is left all the same`() throws {
        var script = try departing()
        #expect(try script.lose(at(1)).out.lost?.loss == HoldLoss(.drain))
    }

    @Test func `a backend that says nothing is left after a second`() throws {
        var script = try departing()
        #expect(script.relay.deadline == at(1000))
        #expect(try script.step { $0.deadlinePassed(now: at(999), &$1) }.out.lost == nil)
        #expect(try script.step { $0.deadlinePassed(now: at(1000), &$1) }.out.lost?.loss == HoldLoss(.drain))
    }

    @Test func `a large message that is under way is not cut by leaving`() throws {
        var script = HoldScript { $0.queue = 64 }
        #expect(try script.step { $0.leave(now: at(0), &$1) }.backend == ["close 1001"])
        let message = HoldFrames.server(.text, [UInt8](repeating: 65, count: 200))
        _ = try script.backend(Array(message[..<100]), at(1))
        #expect(script.relay.deadline == at(31_000))
        let end = try script.backend(Array(message[100...]), at(1500))
        #expect(end.client == [String(repeating: "A", count: 200)])
        #expect(end.out.lost?.loss == HoldLoss(.drain) && end.out.gaveUp == nil)
    }

    @Test func `a backend that vanishes in the middle of a large message is not waited for for ever`() throws {
        var script = HoldScript {
            $0.queue = 64
            $0.deadline = .seconds(5)
        }
        _ = try script.step { $0.leave(now: at(0), &$1) }
        _ = try script.backend(Array(HoldFrames.server(.text, [UInt8](repeating: 65, count: 200)).prefix(100)), at(1))
        #expect(script.relay.deadline == at(6000))
        #expect(try script.step { $0.deadlinePassed(now: at(5999), &$1) }.out.lost == nil)
        let cut = try script.step { $0.deadlinePassed(now: at(6000), &$1) }
        #expect(cut.out.lost?.loss == HoldLoss(.drain) && cut.out.gaveUp == .cutMessage)
    }

    @Test func `a client in the middle of a large message is read on, so that its backend can be left`() throws {
        var script = HoldScript {
            $0.queue = 100
            $0.unconfirmed = .resend
        }
        let large = HoldFrames.client(.text, [UInt8](repeating: 66, count: 200), isFinal: false)
        var bytes: [UInt8] = []
        for _ in 0..<3 { bytes += HoldFrames.client(.text, [UInt8](repeating: 65, count: 40)) }
        _ = try script.client(bytes + large, at(0))
        #expect(script.relay.isFull, "a ping has its place between two fragments")
        let left = try script.step { $0.leave(now: at(1), &$1) }
        #expect(left.out.resumesClient && script.relay.deadline != .never)
        _ = try script.client(Array(HoldFrames.client(.continuation, [66]).prefix(3)), at(2))
        #expect(!script.relay.isFull)
        _ = try script.client(Array(HoldFrames.client(.continuation, [66]).dropFirst(3)), at(2000))
        #expect(script.relay.isDeparting)
    }

    @Test func `nothing follows the close frame: no pong, no ping, no message`() throws {
        var script = try departing()
        #expect(!script.relay.isAtBoundary(towards: .upstream))
        let bytes = HoldFrames.client(.pong, "p".utf8) + HoldFrames.client(.ping, "q".utf8) + HoldFrames.text("b")
        let step = try script.client(bytes, at(1))
        #expect(step.out.toBackend.isEmpty && step.client == ["pong q"])
        var out = HoldOutput()
        script.relay.askLast(now: at(2), &out)
        #expect(out.toBackend.isEmpty)
    }

    @Test func `a close frame that crosses ours and means the session ends it`() throws {
        var script = try departing()
        let crossed = try script.backend(HoldFrames.close(4401, masked: false), at(1))
        #expect(crossed.client == ["close 4401"] && crossed.out.lost == nil)
        #expect(!script.relay.isHolding)
        let answered = try script.client(HoldFrames.close(4401, masked: true), at(2))
        #expect(answered.out.answersClose == nil && answered.backend == [], "an ordinary close, and ours has gone already")
    }

    @Test func `a close frame that means the session is answered, whatever waits for another backend`() throws {
        for clientFirst in [false, true] {
            var script = HoldScript()
            _ = try script.client(HoldFrames.text("a"), at(0))
            _ = try script.step { $0.leave(now: at(1), &$1) }
            _ = try script.client(HoldFrames.text("b"), at(2))
            let close = HoldFrames.close(4000, masked: true)
            if clientFirst { #expect(try script.client(close, at(3)).backend == []) }
            let closed = try script.backend(HoldFrames.close(4000, masked: false), at(4))
            #expect(closed.client == ["close 4000"])
            let answered = try clientFirst ? closed : script.client(close, at(5))
            #expect(answered.backend == ["close 4000"])
            #expect(script.relay.finish(clientLeft: false).dropped.map(\.ordinals.ranges) == [[2...2]])
        }
    }

    @Test func `a client that closes while its endpoint is left needs no other one`() throws {
        var script = HoldScript()
        _ = try script.client(HoldFrames.text("a"), at(0))
        _ = try script.step { $0.leave(now: at(1), &$1) }
        // Before our close frame went, the backend hears it as always.
        #expect(try script.client(HoldFrames.close(1000, masked: true), at(2)).backend == ["close 1000"])
        #expect(!script.relay.isHolding)
        // After that there is nobody left to be told.
        var told = try departing()
        let closed = try told.client(HoldFrames.close(4000, masked: true), at(2))
        #expect(closed.out.answersClose == 4000 && closed.backend == [])
        // Unless messages wait for the next one.
        var owing = try departing()
        #expect(try owing.client(HoldFrames.text("b") + HoldFrames.close(1000, masked: true), at(2)).out.answersClose == nil)
        _ = try owing.backend(HoldFrames.close(1001, masked: false), at(3))
        #expect(try owing.resume().backend == ["b", "close 1000"])
    }
}
