import HTTPWire
import TestSupport
import Testing
import Wire

@testable import Diagnosis

/// How answers of probes are compared and worded: bodies that vary, hops that got no answer, places that accepted.
@Suite struct `Readings of probes` {
    private func server(_ answer: @escaping (RequestHead, Int) -> (String, body: String)) -> SimulatedServer {
        SimulatedServer(answer: answer)
    }

    private func isUpgrade(_ head: RequestHead) -> Bool { UpgradeRequestCheck.isWebSocketAttempt(head) }

    private static let behindNginx = "Server: nginx/1.26.0\r\nContent-Type: text/plain\r\nConnection: keep-alive"
    private static let badGateway = (
        "HTTP/1.1 502 Bad Gateway\r\nServer: nginx/1.26.0\r\nContent-Type: text/html\r\nConnection: keep-alive",
        body: "<html><body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx/1.26.0</center></body></html>"
    )

    private func causes(_ verdict: Verdict, _ isSought: (Confidence) -> Bool) -> [Cause] {
        verdict.alternatives.filter { isSought($0.confidence) }.map(\.cause)
    }

    @Test(arguments: ["request", "time"]) func `a body that differs in every answer excludes no missing route`(_ what: String)
        throws
    {
        let run = server { _, count in
            // A time may be the same in the first two answers, and not in the next.
            let value = what == "time" ? "12:00:0\(count < 2 ? 0 : count % 10)" : String("abcdefghij".dropFirst(count % 10))
            return ("HTTP/1.1 404 Not Found\r\nContent-Type: application/json", body: "{\"\(what)\":\"\(value)\"}")
        }.run()
        let verdict = try #require(run.verdict)
        #expect(run.requests.contains { $0.kind == .randomPath })
        #expect(!causes(verdict) { $0 == .excluded }.contains(.routeNotFound))
        #expect(([verdict.cause] + causes(verdict) { $0 != .excluded }).contains(.routeNotFound))
    }

    @Test(arguments: ["/", "/chat", "/a/chat/"]) func `a page that repeats its path without the slash is the same page`(
        _ path: String
    ) throws {
        let run = server { head, _ in
            (
                "HTTP/1.1 404 Not Found\r\nContent-Type: text/html",
                body: "<p>The path <code>\(head.path.dropFirst())</code> is unknown</p>"
            )
        }.run(Vector.request("GET \(path) HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(!causes(verdict) { $0 == .excluded }.contains(.routeNotFound), "\(run.probes)")
    }

    @Test func `a page here and a login's redirect elsewhere are not one catch-all`() throws {
        let run = server { head, _ in
            guard !isUpgrade(head) else { return SimulatedServer.bare403 }
            return head.path == "/ws"
                ? ("HTTP/1.1 200 OK\r\nContent-Type: text/html", body: "page")
                : ("HTTP/1.1 302 Found\r\nLocation: /login", body: "")
        }.run(Vector.request(changing: ["Origin": nil]))
        #expect(run.requests.contains { $0.kind == .plainRandomPath })
        let verdict = try #require(run.verdict)
        #expect(!verdict.evidence.contains { $0.observed.hasPrefix("a plain GET of a path that can't exist") })
    }

    @Test func `behind a 502 a plain GET comes first, and one that is answered shows that the backend is there`() throws {
        let run = server { head, _ in
            isUpgrade(head) ? Self.badGateway : ("HTTP/1.1 200 OK\r\n\(Self.behindNginx)", body: "hello")
        }.run()
        #expect(run.requests.first { $0.kind != .control }?.kind == .plainGet)
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .upgradeNeverAnswered && verdict.confidence == .likely)
        let refused = try #require(verdict.alternatives.first { $0.cause == .upstreamRefused })
        #expect(refused.confidence == .excluded && refused.because.contains("plain GET"))
    }

    @Test func `a 502 for every request is a backend that isn't there`() throws {
        let verdict = try #require(server { _, _ in Self.badGateway }.run().verdict)
        #expect(verdict.cause == .upstreamRefused && verdict.confidence == .likely)
    }

    @Test func `Node hangs up on an upgrade only in a listener, so that one is there`() throws {
        let run = server { head, _ in
            isUpgrade(head)
                ? ("closed", body: "")
                : ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 2", body: "ok")
        }.run()
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .credentialsMissing && verdict.confidence == .possible)
        #expect(!causes(verdict) { $0 != .excluded }.contains(.noUpgradeHandler))
        #expect(causes(verdict) { $0 != .excluded }.contains(.routeNotFound))
    }

    @Test func `the parent of the path is tried, and where it accepts it is the first fix`() throws {
        let run = server { head, _ in head.path == "/ws" ? SimulatedServer.accept : SimulatedServer.bare403 }.run(
            Vector.request("GET /ws/chat?token=hush HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .routeNotFound)
        #expect(verdict.fix.first == "Connect to /ws, where the same handshake was accepted")
    }

    @Test func `a path with what may be a secret is not said in a fix, which nothing redacts`() throws {
        let secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
        let run = server { head, _ in head.path == "/chat/\(secret)/" ? SimulatedServer.accept : SimulatedServer.bare403 }.run(
            Vector.request("GET /chat/\(secret) HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(verdict.fix.first == "Connect to the path that a probe shows, where the same handshake was accepted")
        #expect(!verdict.fix.contains { $0.contains("eyJ") })
    }

    @Test func `the other trailing slash that accepts is the first fix`() throws {
        let run = server { head, _ in head.path == "/chat/" ? SimulatedServer.accept : SimulatedServer.bare403 }.run(
            Vector.request("GET /chat HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .trailingSlash)
        #expect(verdict.fix.first == "Connect to /chat/, where the same handshake was accepted")
    }

    @Test func `where nginx has no rule for the path, the usual one is tried and named`() throws {
        let page = (
            "HTTP/1.1 404 Not Found\r\nServer: nginx/1.26.0\r\nContent-Type: text/html",
            body: "<html><body><hr><center>nginx/1.26.0</center></body></html>"
        )
        let run = server { head, _ in head.path == "/ws" ? SimulatedServer.accept : page }.run(
            Vector.request("GET /chat HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .proxyPathNotMatched)
        #expect(verdict.fix.first == "Connect to /ws, where the same handshake was accepted")
    }

    @Test func `a page at the root, and nothing where nothing is, is a route for HTTP`() throws {
        let run = server { head, _ in
            guard !isUpgrade(head) else { return SimulatedServer.bare403 }
            return head.path == "/"
                ? ("HTTP/1.1 200 OK\r\ncontent-type: application/json", body: "{}")
                : ("HTTP/1.1 404 Not Found\r\ncontent-type: application/json", body: "{\"detail\":\"Not Found\"}")
        }.run(Vector.request("GET / HTTP/1.1", changing: ["Origin": nil]))
        #expect(run.verdict?.cause == .routeIsHttpOnly)
    }

    @Test(arguments: [("404 Not Found", "nothing here"), ("400 Bad Request", "what?"), ("404 Not Found", "Cannot GET /chat")])
    func `where nginx passes on the same answer to a handshake and a page, it may have dropped the upgrade`(
        _ status: String, _ body: String
    ) throws {
        let run = server { _, _ in ("HTTP/1.1 \(status)\r\n\(Self.behindNginx)", body: body) }.run(
            Vector.request("GET /chat HTTP/1.1"))
        #expect(run.requests.contains { $0.kind == .plainGet })
        #expect(run.verdict?.cause == .proxyDropsUpgrade, "\(String(describing: run.verdict))")
    }

    @Test func `an alternative says what a probe showed in place of asking for it`() throws {
        let run = server { head, _ in
            isUpgrade(head) ? ("closed", body: "") : ("HTTP/1.1 200 OK\r\nContent-Length: 2", body: "ok")
        }.run()
        let verdict = try #require(run.verdict)
        #expect(!verdict.alternatives.contains { $0.because.contains("would decide: a plain GET") })
    }
}
