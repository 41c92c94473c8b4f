import CaptureFile
import HTTPWire
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Tools

/// What a capture comes to, for replay.
@Suite struct RecordedSessionTests {
    private func recordings(_ file: [UInt8]) throws -> [RecordedSession] {
        try Dialogue.withTemporaryFile(file) { path in
            let reader = RecordingReader(wanted: [])
            try reader.read([path])
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
        #expect(left.ending == .cut(by: .downstream) && left.isCutShort)
        let open = try session([(20, .client(Dialogue.masked(0x81, [0x62])))])
        #expect(open.ending == .unknown && open.isCutShort)
        let dropped = try session([(20, .end(.upstream, .finished)), (21, .end(.downstream, .finished))])
        #expect(dropped.ending == .cut(by: .upstream) && !dropped.isCutShort)
        let closed = try session([
            (20, .server(Dialogue.unmasked(0x88, Dialogue.close(1001)))),
            (21, .client(Dialogue.masked(0x88, Dialogue.close(1001)))),
        ])
        #expect(closed.ending == .server(code: 1001) && !closed.isCutShort)
        #expect(dropped.serverEndedAt == .milliseconds(18) && closed.serverEndedAt == .milliseconds(18))
        #expect(left.serverEndedAt == nil)
    }

    @Test func `a session that goes on in the next file of a rotation is one, and numbers are counted over all files`() throws {
        let dialogue = try #require(Dialogue.all.first)
        let whole = try recordings(dialogue.wire())
        let files = dialogue.wire().rotated(at: 6)
        let har =
            #"{"log":{"entries":[{"_resourceType":"websocket","request":{"method":"GET","url":"ws://a/b","headers":[]},"response":{"status":403,"headers":[]}}]}}"#
        try Dialogue.withTemporaryFile(files.first) { first in
            try Dialogue.withTemporaryFile(files.second) { second in
                try Dialogue.withTemporaryFile(Array(har.utf8)) { third in
                    let reader = RecordingReader(wanted: [])
                    try reader.read([first, second, third])
                    #expect(reader.skipped.isEmpty)
                    #expect(Set(reader.sessions.map(\.number)) == [1, 2])
                    let one = reader.sessions.first { $0.number == 1 }
                    #expect(one?.messages == whole.first?.messages && one?.ending == whole.first?.ending)
                    let chosen = RecordingReader(wanted: [.number(2)])
                    try chosen.read([first, second, third])
                    #expect(chosen.sessions.map(\.number) == [2])
                }
            }
        }
    }

    @Test func `a request from which the tap left secrets out is known as such`() throws {
        func session(_ isRedacted: Bool) throws -> RecordedSession {
            var encoder = CaptureEncoder()
            encoder.begin()
            var down = TapConversation(side: .downstream, initiator: Dialogue.client, responder: Dialogue.downstream, number: 5)
            var up = TapConversation(side: .upstream, initiator: Dialogue.upstream, responder: Dialogue.server, number: 9)
            let opening = TapComment(session: SessionID(77)).text
            var words = TapComment()
            words.isRedacted = isRedacted
            down.open(at: Dialogue.start, comment: opening, into: &encoder)
            let request = Dialogue.request("Authorization: ********\r\n")
            down.data(from: .initiator, request.span.bytes, at: Dialogue.start, comment: words.text, into: &encoder)
            up.open(at: Dialogue.start, comment: opening, into: &encoder)
            up.data(from: .initiator, request.span.bytes, at: Dialogue.start, comment: words.text, into: &encoder)
            let accepted = Dialogue.accepted()
            up.data(from: .responder, accepted.span.bytes, at: Dialogue.start + .milliseconds(1), into: &encoder)
            down.data(from: .responder, accepted.span.bytes, at: Dialogue.start + .milliseconds(1), into: &encoder)
            return try #require(try recordings(encoder.buffer.copied()).first)
        }
        #expect(try session(true).hasRedactedHead)
        #expect(try !session(false).hasRedactedHead)
    }

    @Test func `a session whose last message lost its end in the capture can't be replayed`() throws {
        let lost = Self.ending([
            (20, .server(bytes(0x81, 0x05, "h"))), (21, .lost(.serverToClient, 4)), (22, .end(.upstream, .finished)),
            (23, .end(.downstream, .finished)),
        ])
        try Dialogue.withTemporaryFile(lost.wire()) { path in
            let reader = RecordingReader(wanted: [])
            try reader.read([path])
            #expect(reader.sessions.isEmpty)
            #expect(reader.skipped.first?.why.hasSuffix("bytes of them are missing") == true, "\(reader.skipped)")
        }
    }

    @Test func `what is wanted is read, and nothing else`() throws {
        let dialogue = try #require(Dialogue.all.first)
        try Dialogue.withTemporaryFile(dialogue.wire()) { path in
            let none = RecordingReader(wanted: [.number(2)])
            try none.read([path])
            #expect(none.sessions.isEmpty && none.skipped.isEmpty)
            let one = RecordingReader(wanted: [.number(1)])
            try one.read([path])
            #expect(one.sessions.count == 1)
        }
    }
}

extension [UInt8] {
    /// A pcapng file of one section as two: the second begins behind so many blocks of packets.
    fileprivate func rotated(at packets: Int) -> (first: [UInt8], second: [UInt8]) {
        var (head, offset, seen) = (0, 0, 0)
        while offset + 8 <= count, seen < packets {
            let type = self[offset]
            let length = Int(self[offset + 4]) | Int(self[offset + 5]) << 8 | Int(self[offset + 6]) << 16
            guard length >= 12 else { break }
            offset += length
            // Enhanced packet blocks; what stands before the first of them every file needs.
            if type == 6 { seen += 1 } else if seen == 0 { head = offset }
        }
        return (Array(self[..<offset]), Array(self[..<head]) + Array(self[offset...]))
    }
}
