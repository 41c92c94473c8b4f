import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `An Engine.IO session that the backend does not know` {
    private static let upgrade = "GET /socket.io/?EIO=4&transport=websocket&sid=abcdefgh HTTP/1.1"
    private static let bare = Vector.response(
        "HTTP/1.1 403 Forbidden", "Date: x", "Connection: close", "Content-Length: 0", "Content-Type: text/plain; charset=utf-8")
    private static let unknown = (
        Vector.response("HTTP/1.1 400 Bad Request", "Content-Type: application/json", "Content-Length: 41"),
        #"{"code":1,"message":"Session ID unknown"}"#
    )

    private func judge(_ response: [UInt8], _ body: String, givenJustNow: Bool) -> Verdict? {
        let observation = Vector.observation(Vector.request(Self.upgrade), response, body: body)
        if givenJustNow {
            observation.furtherSigns.insert(.sidJustGiven)
            observation.furtherEvidence = [(.sidJustGiven, Evidence(what: "polling", observed: "given out 4 ms before"))]
        }
        return HandshakeJudge.judge(observation).verdict
    }

    @Test func `given out a moment before, it belongs to another worker`() throws {
        for (response, body) in [(Self.bare, ""), Self.unknown] {
            let verdict = try #require(judge(response, body, givenJustNow: true))
            #expect(verdict.cause == .sessionNotSticky && verdict.confidence == .likely)
            #expect(verdict.evidence.contains { $0.what == "polling" })
            #expect(verdict.fix.contains { $0.contains("affinity") || $0.contains("same worker") })
        }
    }

    @Test func `given out by nobody knows whom, it has expired`() throws {
        for (response, body) in [(Self.bare, ""), Self.unknown] {
            #expect(try #require(judge(response, body, givenJustNow: false)).cause == .sessionExpired)
        }
    }

    @Test func `an answer that says something else is not laid at the workers' door`() throws {
        let plain = Vector.response("HTTP/1.1 400 Bad Request", "Content-Type: application/json", "Content-Length: 34")
        let body = #"{"code":3,"message":"Bad request"}"#
        let verdict = judge(plain, body, givenJustNow: true)
        #expect(verdict?.cause != .sessionNotSticky || verdict?.confidence == .possible)
    }

    @Test func `polling that is refused says nothing of a missing WebSocket library`() {
        let polling = bytes("GET /socket.io/?transport=polling&EIO=4&sid=abcdefgh HTTP/1.1\r\nHost: h\r\n\r\n")
        let observation = Vector.observation(
            polling, Vector.response("HTTP/1.1 400 Bad Request", "server: uvicorn", "content-length: 0"))
        let verdict = HandshakeJudge.judge(observation).verdict
        #expect(verdict?.cause != .noWebsocketLibrary)
        #expect(verdict?.alternatives.contains { $0.cause == .noWebsocketLibrary } != true)
    }
}
