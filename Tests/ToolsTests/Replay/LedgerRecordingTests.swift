import HTTPWire
import Testing
import WebSocketWire
import Wire

@testable import Tools

/// What a ledger's lines come to.
@Suite struct LedgerRecordingTests {
    private static let opened =
        #"{"time":"2026-02-25T14:02:00.000Z","event":"session.opened","session":"0000000000001","request":{"line":"GET /ws HTTP/1.1","fields":[["Host","app.example.com"],["Sec-WebSocket-Key","dGhlIHNhbXBsZSBub25jZQ=="]]},"subprotocol":"chat"}"#

    private func recording(_ lines: [String]) -> [(RecordedSession, String?)] {
        var ledger = LedgerRecording()
        var count: UInt64 = 0
        func number() -> UInt64 {
            count += 1
            return count
        }
        for line in lines { ledger.take(Array(line.utf8), number: number) }
        return ledger.finish(number: number)
    }

    @Test func `texts that a line holds whole are messages, at their times`() throws {
        let sessions = recording([
            Self.opened,
            #"{"time":"2026-02-25T14:02:01.500Z","event":"session.message","session":"0000000000001","direction":"client_to_server","type":"text","size":6,"start":"a\n☃b"}"#,
        ])
        let (session, why) = try #require(sessions.first)
        #expect(why == nil)
        #expect(session.status == 101)
        #expect(session.subprotocol == "chat")
        #expect(session.request.value(of: .host).map { session.request.text($0) } == "app.example.com")
        #expect(
            session.messages == [
                RecordedSession.Message(
                    direction: .clientToServer, at: .milliseconds(1500), opcode: .text, payload: Array("a\n☃b".utf8))
            ])
    }

    @Test func `a compressed text is whole when its line has all that was inflated`() throws {
        let message =
            #"{"event":"session.message","session":"0000000000001","direction":"client_to_server","type":"text","size":7,"compressed":true,"inflated_size":5,"start":"hello"}"#
        let (session, why) = try #require(recording([Self.opened, message]).first)
        #expect(why == nil && session.messages.map(\.payload) == [Array("hello".utf8)])
    }

    @Test(arguments: [
        #"{"event":"session.message","session":"0000000000001","direction":"client_to_server","type":"text","size":5,"compressed":true,"start":"hello"}"#,
        #"{"event":"session.message","session":"0000000000001","direction":"client_to_server","type":"text","size":5,"compressed":true,"inflated_size":50,"start":"hello"}"#,
        #"{"event":"session.message","session":"0000000000001","direction":"client_to_server","type":"text","size":900,"start":"cut"}"#,
        #"{"event":"session.message","session":"0000000000001","direction":"client_to_server","type":"binary","size":3}"#,
        #"{"event":"session.closed","session":"0000000000001","downstream":{"messages":{"text":2,"binary":0}}}"#,
    ])
    func `a session whose messages aren't all there can't be replayed`(_ line: String) throws {
        #expect(try #require(recording([Self.opened, line]).first).1 != nil)
    }

    @Test func `sessions have the numbers that analyze gives them, by their ends, and those without one come last`() throws {
        func line(_ event: String, _ session: Int) -> String {
            "{\"event\":\"session.\(event)\",\"session\":\"000000000000\(session)\",\"request\":{\"line\":\"GET / HTTP/1.1\"}}"
        }
        let lines = [
            line("opened", 1), line("opened", 2), line("opened", 3), line("closed", 9), line("closed", 3), line("closed", 1),
        ]
        #expect(recording(lines).map { $0.0.number } == [3, 4, 2])
    }

    @Test func `a head whose secrets are not in the ledger is known as such`() throws {
        let redacted = Self.opened.replacing("app.example.com", with: "«redacted:1a2b3c4d»")
        #expect(recording([redacted]).map { $0.0.hasRedactedHead } == [true])
        #expect(recording([Self.opened]).map { $0.0.hasRedactedHead } == [false])
    }

    @Test(arguments: ["1e300", "-1e300", "101.5", "null", "\"x\""])
    func `a status that is none leaves the session without one`(_ status: String) throws {
        let line =
            "{\"event\":\"session.refused\",\"session\":\"0000000000001\",\"status\":\(status),\"request\":{\"line\":\"GET / HTTP/1.1\"}}"
        #expect(try #require(recording([line]).first).0.status == nil)
    }

    @Test func `times of answers count from the last question before them`() {
        func message(_ direction: Direction, _ at: UInt64) -> RecordedSession.Message {
            RecordedSession.Message(direction: direction, at: .milliseconds(at), opcode: .text, payload: [])
        }
        let session = RecordedSession(
            number: 1, request: RequestHead(copy: []), startedAt: .zero,
            messages: [
                message(.serverToClient, 1), message(.clientToServer, 10), message(.clientToServer, 20),
                message(.serverToClient, 25),
                message(.serverToClient, 90),
            ])
        #expect(ReplyTimes(session).spans == [.milliseconds(5)])
        let start = Timestamp(nanoseconds: 0)
        var times = ReplyTimes()
        times.answered(at: start + .milliseconds(1))
        times.asked(at: start + .milliseconds(10))
        times.asked(at: start + .milliseconds(20))
        times.answered(at: start + .milliseconds(27))
        times.answered(at: start + .milliseconds(90))
        #expect(times.spans == [.milliseconds(7)])
    }
}
