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
