import CaptureFile
import Diagnosis
import HTTPWire
import Telemetry
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Tools

/// Messages of a capture, bounded and through gaps, and the HAR that is made of them.
@Suite struct MessageLogTests {
    private func log(_ budget: MessageBudget = MessageBudget()) -> MessageLog {
        MessageLog(request: nil, response: nil, budget: budget)
    }

    private func texts(_ log: MessageLog) -> [String] {
        log.entries.map { String(decoding: $0.message.excerpt, as: UTF8.self) }
    }

    private func said(_ log: inout MessageLog, _ bytes: [UInt8]) { log.observe(.serverToClient, bytes.span.bytes, at: .zero) }

    /// A text of the server's of that many bytes, with a length of 64 bits.
    private static func long(_ count: Int) -> [UInt8] {
        var frame: [UInt8] = [0x81, 127]
        for shift in stride(from: 56, through: 0, by: -8) { frame.append(UInt8(truncatingIfNeeded: count >> shift)) }
        return frame + [UInt8](repeating: 0x61, count: count)
    }

    @Test func `a gap inside a payload costs its own message, one elsewhere all that follows`() {
        var log = log()
        said(&log, Dialogue.unmasked(0x81, bytes("one")) + bytes(0x81, 0x05, "h"))
        log.missed(.serverToClient, 3)
        #expect(!log.isLost)
        said(&log, bytes("o") + Dialogue.unmasked(0x81, bytes("two")))
        #expect(texts(log) == ["one", "two"])
        #expect(log.omitted == 1 && log.isCut && !log.isLost)
        log.missed(.serverToClient, 1)
        said(&log, Dialogue.unmasked(0x81, bytes("three")))
        #expect(texts(log) == ["one", "two"] && log.isLost)
    }

    @Test func `a gap up to a message's end counts before anything comes behind it`() {
        for opcode in [0x81, 0x89] as [UInt8] {
            var log = log()
            said(&log, Dialogue.unmasked(0x81, bytes("one")) + bytes([opcode], 0x05, "h"))
            log.missed(.serverToClient, 4)
            #expect(log.omitted == 1 && log.isCut && !log.isLost)
            #expect(log.omission == .missing)
            said(&log, Dialogue.unmasked(0x81, bytes("two")))
            #expect(texts(log) == ["one", "two"])
            #expect(log.omitted == 1, "and once")
        }
    }

    @Test func `masked and fragmented messages are read as they were said, however they are cut`() {
        let frames = bytes(0x01, 0x83, 1, 2, 3, 4, 0x60, 0x60, 0x60, 0x89, 0x80, 0, 0, 0, 0, 0x80, 0x81, 0, 0, 0, 0, "d")
        for pieces in Chunking.all.map({ $0.pieces(of: frames).map { Array($0) } }) {
            var log = log()
            for piece in pieces { log.observe(.clientToServer, piece.span.bytes, at: .zero) }
            #expect(texts(log) == ["", "abcd"])
            #expect(log.entries.map(\.message.opcode) == [.ping, .text])
            #expect(log.entries.map(\.message.fragments) == [1, 2] && log.entries.map(\.message.size) == [0, 4])
            #expect(log.omitted == 0 && log.entries.allSatisfy { $0.message.isWhole })
        }
    }

    @Test func `all logs together keep no more than their budget, and give it back`() {
        let budget = MessageBudget(1000)
        var first: MessageLog? = log(budget)
        var second = log(budget)
        let message = Dialogue.unmasked(0x82, [UInt8](repeating: 7, count: 500))
        first?.observe(.serverToClient, message.span.bytes, at: .zero)
        said(&second, message)
        #expect(first?.entries.count == 1 && second.entries.isEmpty && second.omitted == 1)
        #expect(second.omission == .crowded)
        first = nil
        said(&second, message)
        #expect(second.entries.count == 1)
    }

    @Test func `what is too much for one session is not laid to the others`() {
        var log = log()
        let message = Self.long(MessageLog.longest)
        for _ in 0...MessageLog.limit / MessageLog.longest { said(&log, message) }
        #expect(log.entries.count == MessageLog.limit / MessageLog.longest && log.omitted == 1)
        #expect(log.omission == .long)
    }

    @Test func `what is left of a message whose room ran out is no message`() {
        var log = log(MessageBudget(400))
        said(&log, Dialogue.unmasked(0x82, [UInt8](repeating: 7, count: 500)))
        #expect(log.entries.isEmpty && log.omitted == 1)
        said(&log, Dialogue.unmasked(0x81, bytes("short")))
        #expect(texts(log) == ["short"], "its room was given back")
    }

    // MARK: HAR

    /// The sessions of a dialogue as replay reads them out of the HAR that is written of it.
    private func replayed(_ dialogue: Dialogue) throws -> RecordingReader {
        let capture = try Dialogue.analyze(dialogue.wire(), wantsMessages: true)
        return try Dialogue.withTemporaryFile([]) { path in
            let writer = HARWriter(try OutputFile(path, force: true), version: "test", LogRedaction(key: (1, 2)))
            for (session, log) in zip(capture.sessions, capture.logs) { writer.add(session, log) }
            writer.finish()
            let reader = RecordingReader(wanted: [])
            try reader.read([path])
            return reader
        }
    }

    @Test func `payloads stand in a HAR as they were said, and so does a head without secrets`() throws {
        let said = #"{"authorization":"Bearer abcdefghijklmnopqrstuvwxyz","password":"geheim","at":1234567890123456789}"#
        let reader = try replayed(
            .open(
                "secrets in messages", Dialogue.request("X-Name: André \\ \(String(repeating: "long ", count: 100))\r\n"),
                Dialogue.accepted(), (10, .client(Dialogue.masked(0x81, bytes(said)))),
                (11, .server(Dialogue.unmasked(0x81, bytes(said))))))
        let session = try #require(reader.sessions.first)
        #expect(session.messages.map { String(decoding: $0.payload, as: UTF8.self) } == [said, said])
        #expect(String(decoding: session.request.bytes, as: UTF8.self).contains("X-Name: André \\ long long"))
        #expect(String(decoding: session.request.bytes, as: UTF8.self).contains("long long\r\n"), "and it is whole")
        #expect(!session.hasRedactedHead)
    }

    @Test func `a session of which messages are left out of a HAR can't be replayed from it`() throws {
        let reader = try replayed(
            .open(
                "a long message", Dialogue.request(), Dialogue.accepted(), (10, .client(Dialogue.masked(0x81, bytes("go")))),
                (11, .server(Self.long(MessageLog.longest + 1))), (12, .server(Dialogue.unmasked(0x81, bytes("end"))))))
        #expect(reader.sessions.isEmpty)
        #expect(reader.skipped.map(\.number) == [1])
        #expect(reader.skipped.first?.why.contains("not in the recording whole") == true, "\(reader.skipped)")
    }

    private static let token = "Zm9vYmFyMTIzYmF6cXV4NDU2Nzg5MA"

    private static func parameters(_ count: Int) -> String { (1...count).map { "p\($0)=x&" }.joined() }

    /// Behind 16 pairs, behind 100 characters of a value, behind 32 items.
    private static let hidden: [(String, String)] = [
        ("/ws?" + parameters(16) + "q=" + token, ""),
        ("/ws?q=" + String(repeating: "long", count: 25) + token, ""),
        ("/ws", "Sec-WebSocket-Protocol: " + String(repeating: "chat, ", count: 32) + token + "\r\n"),
    ]

    @Test(arguments: MessageLogTests.hidden)
    func `a secret behind what evidence looks at is not in a HAR either`(_ path: String, _ field: String) throws {
        let reader = try replayed(
            .open(
                "a secret far behind", Dialogue.request(field, path: path), Dialogue.accepted(),
                (10, .client(Dialogue.masked(0x81, bytes("a"))))))
        let session = try #require(reader.sessions.first)
        #expect(!String(decoding: session.request.bytes, as: UTF8.self).contains(Self.token))
        #expect(session.hasRedactedHead)
    }

    @Test func `a long query without secrets stands in a HAR whole`() throws {
        let path = "/ws?" + Self.parameters(40) + "q=" + String(repeating: "long", count: 50)
        let reader = try replayed(.open("a long query", Dialogue.request(path: path), Dialogue.accepted()))
        let session = try #require(reader.sessions.first)
        #expect(String(decoding: session.request.bytes, as: UTF8.self).hasPrefix("GET \(path) HTTP/1.1\r\n"))
    }

    @Test func `a text that is no UTF-8 is left out of a HAR, and counted`() throws {
        let reader = try replayed(
            .open(
                "no text", Dialogue.request(), Dialogue.accepted(), (10, .client(Dialogue.masked(0x81, bytes("a", 0xFF)))),
                (11, .server(Dialogue.unmasked(0x88, Dialogue.close(1007))))))
        #expect(reader.sessions.isEmpty)
        #expect(reader.skipped.first?.why.hasPrefix("1 of its messages") == true, "\(reader.skipped)")
        #expect(reader.skipped.first?.why.contains("when the recording was written") == true, "\(reader.skipped)")
    }

    @Test func `where the entries of a HAR can't be told apart, omissions hold for all of them`() {
        let document = bytes(
            "{\"log\":{\"entries\":[{},{\"_gatehouse\":{\"omitted\":3,\"gap\":true}},{\"_gatehouse\":{\"omitted\":0}}]}}")
        let known = HAROmissions(document, sessions: 3)
        #expect((0..<3).map { known.count($0) } == [0, 3, 1])
        let unknown = HAROmissions(document, sessions: 2)
        #expect((0..<2).map { unknown.count($0) } == [3, 3])
        #expect(HAROmissions(bytes("{\"log\":{\"entries\":[{\"_gate\":1}]}}"), sessions: 1).count(0) == 0)
    }

    @Test func `JSON says of each message what of it is not shown, and of a session what is not told`() {
        var log = log()
        said(&log, Self.long(MessageLog.longest + 5))
        said(&log, bytes(0x81, 0x02, "a"))
        log.missed(.serverToClient, 1)
        said(&log, bytes(0x81, 0x01, "b"))
        let lines = log.json(1, LogRedaction(key: (1, 2))).split(separator: 0x0A).compactMap { LedgerValue($0) }
        #expect(lines.map { $0["event"]?.text } == ["message", "message", "messages.omitted"])
        #expect(lines.first?["omitted"]?.text == "5")
        #expect(lines.last?["omitted"]?.text == "1")
    }
}
