import HTTPWire
import Testing
import WebSocketWire
import Wire

@testable import Tools

/// What a capture comes to, for replay.
@Suite struct RecordedSessionTests {
    private func recordings(_ file: [UInt8]) throws -> [RecordedSession] {
        try Dialogue.withTemporaryFile(file) { path in
            let reader = RecordingReader(wanted: [])
            try reader.read(path)
            return reader.sessions
        }
    }

    @Test(arguments: Dialogue.all)
    func `a dialogue gives the same recording from the wire, cut anywhere, and from the tap`(_ dialogue: Dialogue) throws {
        let whole = try recordings(dialogue.wire())
        for (name, file) in [("byte by byte", dialogue.wire(cutting: 1)), ("tap", dialogue.tap())] {
            let other = try recordings(file)
            #expect(other.count == whole.count, "\(name)")
            for (one, two) in zip(whole, other) {
                #expect(one.request.bytes == two.request.bytes, "\(name)")
                #expect(one.status == two.status, "\(name)")
                #expect(one.subprotocol == two.subprotocol, "\(name)")
                #expect(one.messages == two.messages, "\(name)")
                // A tap knows what Gatehouse did, so only a close frame of a peer's has to be the same.
                if case .server = one.ending { #expect(one.ending == two.ending, "\(name)") }
                if case .client = one.ending { #expect(one.ending == two.ending, "\(name)") }
            }
        }
    }

    /// A session with one echo, and then `end`.
    private static func ending(_ end: [(UInt64, Dialogue.Line)]) -> Dialogue {
        Dialogue(
            description: "an echo and an end",
            lines: [
                (0, .client(Dialogue.request())), (2, .server(Dialogue.accepted())), (10, .client(Dialogue.masked(0x81, [0x61]))),
                (11, .server(Dialogue.unmasked(0x81, [0x61]))),
            ] + end)
    }

    @Test func `an end of Gatehouse's own is not the server's, whatever the server answers to it`() throws {
        let drained = Self.ending([
            (20, .local(.downstream, .drain, 1001)), (20, .local(.upstream, .drain, 1001)),
            (21, .server(Dialogue.unmasked(0x88, Dialogue.close(1001)))), (22, .end(.upstream, .finished)),
        ])
        let session = try #require(try recordings(drained.tap()).first)
        #expect(session.ending == .unknown)
        #expect(session.isCutShort)
        #expect(session.messages.count == 2)
    }

    @Test func `a recording is cut short where the client went or the capture was over, not where the server went`() throws {
        func session(_ end: [(UInt64, Dialogue.Line)]) throws -> RecordedSession {
            try #require(try recordings(Self.ending(end).wire()).first)
        }
        let left = try session([(20, .end(.downstream, .reset(errno: 0))), (21, .end(.upstream, .finished))])
        #expect(left.ending == .cut && left.isCutShort)
        let open = try session([(20, .client(Dialogue.masked(0x81, [0x62])))])
        #expect(open.ending == .unknown && open.isCutShort)
        let dropped = try session([(20, .end(.upstream, .finished)), (21, .end(.downstream, .finished))])
        #expect(dropped.ending == .cut && !dropped.isCutShort)
        let closed = try session([
            (20, .server(Dialogue.unmasked(0x88, Dialogue.close(1001)))),
            (21, .client(Dialogue.masked(0x88, Dialogue.close(1001)))),
        ])
        #expect(closed.ending == .server(code: 1001) && !closed.isCutShort)
    }

    @Test func `what is wanted is read, and nothing else`() throws {
        let dialogue = try #require(Dialogue.all.first)
        try Dialogue.withTemporaryFile(dialogue.wire()) { path in
            let none = RecordingReader(wanted: [.number(2)])
            try none.read(path)
            #expect(none.sessions.isEmpty && none.skipped.isEmpty)
            let one = RecordingReader(wanted: [.number(1)])
            try one.read(path)
            #expect(one.sessions.count == 1)
        }
    }
}
