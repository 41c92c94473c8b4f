import HTTPWire
import TestSupport
import Testing
import Wire

@testable import Diagnosis

/// What paths that can't exist and plain requests show, and what they don't.
@Suite struct `Probes of places` {
    private static let missing = (
        "HTTP/1.1 404 Not Found\r\nserver: uvicorn\r\ncontent-type: application/json", body: "{\"detail\":\"Not Found\"}"
    )
    private static let page = ("HTTP/1.1 200 OK\r\nContent-Type: application/json", body: "{}")
    private static let nginxPage = (
        "HTTP/1.1 404 Not Found\r\nServer: nginx/1.26.0\r\nContent-Type: text/html",
        body: "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<hr><center>nginx/1.26.0</center>\r\n</body></html>"
    )
    /// A bare refusal of an ASGI server, as nginx passes it on.
    private static let behindNginx = (
        "HTTP/1.1 403 Forbidden\r\nServer: nginx/1.26.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 0\r\nConnection: close",
        body: ""
    )

    private func server(_ answer: @escaping (RequestHead, Int) -> (String, body: String)) -> SimulatedServer {
        SimulatedServer(answer: answer)
    }

    private func isUpgrade(_ head: RequestHead) -> Bool { UpgradeRequestCheck.isWebSocketAttempt(head) }

    @Test(arguments: [nil, "http://app.example"] as [String?])
    func `a bare refusal at a path that has nothing else either is a wrong path or a missing credential, and neither is proven`(
        _ origin: String?
    ) throws {
        let run = server { head, _ in isUpgrade(head) ? SimulatedServer.bare403 : Self.missing }.run(
            Vector.request(changing: ["Origin": origin]))
        let verdict = try #require(run.verdict)
        // A handler for WebSockets alone that refuses looks the same: never more than possible.
        #expect(verdict.confidence == .possible)
        let causes = [verdict.cause] + verdict.alternatives.filter { $0.confidence == .possible }.map(\.cause)
        #expect(causes.prefix(2).contains(.routeNotFound) && causes.prefix(2).contains(.credentialsMissing))
    }

    @Test func `where the server accepts at ws, a bare refusal elsewhere is a wrong path first, and credentials next`() throws {
        let run = server { head, _ in
            guard isUpgrade(head) else { return Self.missing }
            return head.text(head.pathRange) == "/ws" ? SimulatedServer.accept : SimulatedServer.bare403
        }.run(Vector.request("GET /chat HTTP/1.1", changing: ["Origin": nil]))
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .routeNotFound && verdict.confidence == .possible)
        #expect(verdict.evidence.contains { $0.observed.hasPrefix("path /ws: 101") })
        let credentials = try #require(verdict.alternatives.first { $0.cause == .credentialsMissing })
        #expect(credentials.confidence == .possible && credentials.because.contains("query, cookie, subprotocol"))
    }

    @Test func `credentials in the wrong place are an alternative to bad ones`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(adding: ["Authorization: Bearer abc"]), bytes(SimulatedServer.bare403.0, "\r\n\r\n")
            ).verdict)
        #expect(([verdict.cause] + verdict.alternatives.map(\.cause)).contains(.credentialsMissing))
    }

    @Test func `a page at every path is none at this one`() throws {
        let run = server { head, _ in isUpgrade(head) ? SimulatedServer.bare403 : Self.page }.run()
        let verdict = try #require(run.verdict)
        #expect(verdict.cause != .routeIsHttpOnly)
        #expect(run.requests.contains { $0.kind == .plainRandomPath })
    }

    @Test
    func `a server that answers every handshake with 200 has no handler for any, and one at this path alone has a page there`()
        throws
    {
        let everywhere = try #require(server { _, _ in Self.page }.run().verdict)
        #expect(everywhere.cause == .noUpgradeHandler)
        let here = try #require(server { head, _ in head.path == "/ws" ? Self.page : Self.plainMissing }.run().verdict)
        #expect(here.cause == .routeIsHttpOnly && here.confidence == .likely)
        // Without the control nothing is called likely.
        let blind = Vector.judge(Vector.request(), bytes(Self.page.0, "\r\n\r\n"), body: "{}").verdict
        #expect(blind?.confidence == .possible)
    }

    private static let plainMissing = ("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain", body: "nothing here")

    @Test func `what a proxy says of a path that its rule doesn't take excludes nothing behind it`() throws {
        let run = server { head, _ in
            guard head.path.hasPrefix("/ws") else { return Self.nginxPage }
            return isUpgrade(head) ? Self.behindNginx : Self.missing
        }.run(Vector.request(changing: ["Origin": nil]))
        let verdict = try #require(run.verdict)
        #expect(run.requests.contains { $0.kind == .randomPathBelow && $0.target?.hasPrefix("/ws/") == true })
        let open = [verdict.cause] + verdict.alternatives.filter { $0.confidence != .excluded }.map(\.cause)
        #expect(open.contains(.routeNotFound))
        #expect(!verdict.alternatives.contains { $0.cause == .routeNotFound && $0.confidence == .excluded })
    }

    @Test func `an exact rule of the proxy leaves the routes behind it open`() throws {
        let run = server { head, _ in
            guard head.path == "/ws" else { return Self.nginxPage }
            return isUpgrade(head) ? Self.behindNginx : Self.missing
        }.run(Vector.request(changing: ["Origin": nil]))
        let verdict = try #require(run.verdict)
        let open = [verdict.cause] + verdict.alternatives.filter { $0.confidence != .excluded }.map(\.cause)
        #expect(open.contains(.routeNotFound))
    }

    @Test func `the proxy's rules at another path say nothing about those at this one`() throws {
        let run = server { head, _ in head.path == "/ws/chat" ? SimulatedServer.accept : Self.nginxPage }.run(
            Vector.request("GET /chat HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(run.probes.contains { $0.outcome == "101" })
        #expect(!verdict.alternatives.contains { $0.because.contains("no other change") })
    }

    @Test(arguments: ["not_tls", "plain_http_on_tls_port"])
    func `a port that hangs up and speaks no TLS is not taken for one that does`(_ kind: String) throws {
        let verdict = try Self.hangingUp(overTLS: kind)
        #expect(verdict.cause != .plainHttpToTlsPort)
        let refuted = try #require(verdict.alternatives.first { $0.cause == .plainHttpToTlsPort })
        #expect(refuted.confidence == .excluded && refuted.because.contains("over TLS"))
    }

    @Test func `a port that hangs up over TLS as well may route by names, so that TLS is unlikely and not ruled out`() throws {
        let verdict = try Self.hangingUp(overTLS: "truncated")
        #expect(verdict.cause != .plainHttpToTlsPort)
        #expect(!verdict.alternatives.contains { $0.cause == .plainHttpToTlsPort && $0.confidence == .excluded })
    }

    /// A port that closes every connection, over TLS with this failure.
    private static func hangingUp(overTLS kind: String) throws -> Verdict {
        let closed = HandshakeFailure.closedBeforeResponse(.reset(errno: 104), bytesSeen: 0)
        let observation = Vector.observation(Vector.request(), failure: closed)
        var plan = ProbePlan(observation, options: ProbeOptions(mayUseTLS: true))
        var handshakes = 0
        while case .probe(let probe) = plan.next(), handshakes < 30 {
            handshakes += 1
            let failure = probe.secure == true ? HandshakeFailure.upstreamTLS(kind: kind, sentence: "") : closed
            plan.record(ProbeOutcome(Vector.observation(Vector.request(), failure: failure)))
        }
        return try #require(plan.conclude(observation).verdict)
    }
}
