import TestSupport
import Testing

@testable import Diagnosis

/// What the fields of a refusal say: `Sec-WebSocket-Version` (RFC 6455 §4.4) and `Allow` (RFC 9110 §10.2.1).
@Suite struct `Fields of a refusal` {
    private func quotes(_ verdict: Verdict, _ line: String) -> Bool {
        verdict.evidence.contains { $0.what == "response field" && $0.observed == line }
    }

    @Test func `a 400 that names 13 proves that another version was refused, and is quoted`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(changing: ["Sec-WebSocket-Version": "8"]),
                Vector.response("HTTP/1.1 400 Bad Request", "Sec-WebSocket-Version: 13", "Content-Length: 0")
            ).verdict)
        #expect(verdict.cause == .websocketVersionUnsupported && verdict.confidence == .proven && verdict.blame == .client)
        #expect(quotes(verdict, "Sec-WebSocket-Version: 13"))
    }

    @Test func `a server that names other versions than 13 is the one that is behind`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(),
                Vector.response("HTTP/1.1 426 Upgrade Required", "Sec-WebSocket-Version: 8, 7", "Content-Length: 0")
            ).verdict)
        #expect(verdict.cause == .websocketVersionUnsupported && verdict.blame == .backend)
        #expect(quotes(verdict, "Sec-WebSocket-Version: 8, 7"))
    }

    @Test func `who names 13 to a client that asked for it has seen another request`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(), Vector.response("HTTP/1.1 400 Bad Request", "Sec-WebSocket-Version: 13", "Content-Length: 0")
            ).verdict)
        let open = [verdict.cause] + verdict.alternatives.map(\.cause)
        #expect(open.contains(.proxyDropsField))
        #expect(!open.contains(.routeIsHttpOnly) && !open.contains(.noUpgradeHandler))
    }

    @Test func `Allow without GET says that the path has another handler`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(), Vector.response("HTTP/1.1 405 Method Not Allowed", "Allow: POST", "Content-Length: 0")
            ).verdict)
        #expect(verdict.cause == .routeIsHttpOnly && verdict.confidence == .likely)
        #expect(quotes(verdict, "Allow: POST"))
    }

    @Test func `Allow with GET, though GET was sent, says that the method is not the reason`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(), Vector.response("HTTP/1.1 405 Method Not Allowed", "Allow: GET, HEAD", "Content-Length: 0")
            ).verdict)
        #expect(verdict.cause == .routeIsHttpOnly && verdict.confidence == .possible)
        #expect(quotes(verdict, "Allow: GET, HEAD"))
        #expect(verdict.alternatives.contains { $0.cause == .serverWithoutWebsocket })
    }

    @Test func `Allow with GET is quoted where another method was sent`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request("POST /ws HTTP/1.1"), Vector.response("HTTP/1.1 405 Method Not Allowed", "Allow: GET")
            ).verdict)
        #expect(verdict.cause == .methodNotGet && verdict.confidence == .proven)
        #expect(quotes(verdict, "Allow: GET"))
    }
}
