import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `Blame goes to who was seen` {
    typealias S = SessionScript

    private static let limited = "HTTP/1.1 429 Too Many Requests"

    /// A session that is cut after a whole minute of silence, opened by this answer.
    private static func silent(_ adding: String...) -> SessionScript {
        let answer = bytes(
            ([
                "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Accept: \(Vector.accept)",
            ] + adding).joined(separator: "\r\n"), "\r\n\r\n")
        return SessionScript(request: Vector.request(changing: ["Sec-WebSocket-Extensions": nil]), response: answer)
            .client(S.text("x"), 500).server(S.text("y", client: false), 510).end(.upstream, .finished, 60_520)
    }

    @Test func `a timer on silence is the hop's that shows itself, else the server's that does, else nobody's`() throws {
        let behindHop = try #require(Self.silent("Server: nginx/1.26.0").verdict)
        #expect(behindHop.cause == .idleTimeout && behindHop.blame == .intermediary)
        let atEdge = try #require(Self.silent("server: cloudflare", "cf-ray: 1-FRA").verdict)
        #expect(atEdge.cause == .idleTimeout && atEdge.blame == .edge)
        let direct = try #require(Self.silent("server: uvicorn").verdict)
        #expect(direct.cause == .idleTimeout && direct.blame == .backend)
        let unseen = try #require(Self.silent().verdict)
        #expect(unseen.cause == .idleTimeout && unseen.blame == .unknown)
    }

    @Test func `a timer behind a hop without a name is the hop's or the backend's, and that is said`() throws {
        let either = try #require(Self.silent("server: uvicorn", "Via: 1.1 gate").verdict)
        #expect(either.cause == .idleTimeout && either.blame == .unknown, "\(either)")
        #expect(either.title.hasSuffix("an intermediary's or the backend's"), "\(either.title)")
        let rewritten = try #require(Self.silent("Server: uvicorn").verdict)
        #expect(rewritten.cause == .idleTimeout && rewritten.blame == .unknown, "another program's hand wrote the field")
        let hopAlone = try #require(Self.silent("Via: 1.1 gate").verdict)
        #expect(hopAlone.cause == .idleTimeout && hopAlone.blame == .intermediary && !hopAlone.title.contains("backend's"))
        let named = try #require(Self.silent("server: uvicorn", "Via: 1.1 Caddy").verdict)
        #expect(named.cause == .idleTimeout && named.blame == .intermediary)
    }

    @Test func `pings that help don't tell a hop without a name from the backend behind it`() throws {
        let record = try #require(Self.silent("server: uvicorn", "Via: 1.1 gate").record)
        let verdict = try #require(record.judged(with: [.pingsKeepItAlive]).verdict)
        #expect(verdict.cause == .idleTimeout && verdict.confidence == .proven && verdict.blame == .unknown)
        #expect(verdict.title.hasSuffix("an intermediary's or the backend's"), "\(verdict.title)")
    }

    /// It stands between the client and Gatehouse: a session that it ends, ends from the client's side.
    @Test func `a hop that only the request shows has not closed the upstream`() throws {
        let request = Vector.request(
            changing: ["Sec-WebSocket-Extensions": nil], adding: ["X-Forwarded-For: 10.0.0.1", "Via: 1.1 outer"])
        let script = SessionScript(request: request, response: Vector.accepted("server: uvicorn"))
            .client(S.text("x"), 500).server(S.text("y", client: false), 510).end(.upstream, .finished, 60_520)
        let verdict = try #require(script.verdict)
        #expect(verdict.cause == .idleTimeout && verdict.blame == .backend, "\(verdict)")
    }

    @Test func `Gatehouse's own timer is its configuration's`() throws {
        let script = SessionVector.open.local(.downstream, .followedOtherSide, nil, 3_600_000).adding(
            .ended(.upstream, .timedOut(.idle), at: S.at(3_600_000)))
        #expect(try #require(script.verdict).blame == .configuration)
    }

    @Test(arguments: [
        (["Server: TornadoServer/6.4"], "", Blame.backend),
        (
            ["Server: nginx/1.26.0", "Content-Type: text/html"], "<html><hr><center>nginx/1.26.0</center></html>", .intermediary
        ),
        (["Server: nginx/1.26.0", "Content-Type: application/json"], "{\"wait\":5}", .intermediary),
        (["Server: awselb/2.0"], "", .edge), (["X-A: b"], "", .unknown),
    ]) func `a limit is blamed on who refused`(_ fields: [String], _ body: String, _ blame: Blame) throws {
        let answer = bytes(([Self.limited] + fields).joined(separator: "\r\n"), "\r\n\r\n")
        let verdict = try #require(Vector.judge(Vector.request(), answer, body: body).verdict)
        #expect(verdict.cause == .rateLimited && verdict.blame == blame, "\(verdict)")
    }

    @Test func `a rule is blamed on HAProxy where its page says so`() throws {
        let verdict = try #require(
            Vector.judge(
                Vector.request(),
                Vector.response("HTTP/1.1 403 Forbidden", "cache-control: no-cache", "content-type: text/html"),
                body: "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n"
            ).verdict)
        #expect(verdict.cause == .blockedByRule && verdict.blame == .intermediary)
        #expect(verdict.fix.first?.hasPrefix("HAProxy: ") == true, "\(verdict.fix)")
    }

    @Test func `what a hop took out of a 101 isn't the backend's doing`() throws {
        let hidden = try #require(
            Vector.judge(
                Vector.request(),
                Vector.response(
                    "HTTP/1.1 101 Switching Protocols", "Server: nginx/1.26.0", "Upgrade: websocket", "Connection: upgrade")
            ).verdict)
        #expect(hidden.cause == .invalid101Accept && hidden.blame == .intermediary)
        let direct = try #require(
            Vector.judge(
                Vector.request(),
                Vector.response("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: upgrade")
            ).verdict)
        #expect(direct.cause == .invalid101Accept && direct.blame == .backend)
    }

    @Test func `the scheme of its upstream is Gatehouse's configuration, and the fix names the key`() throws {
        let failure = HandshakeFailure.upstreamTLS(kind: "plain_http_on_tls_port", sentence: "plain HTTP came back")
        let relayed = try #require(Vector.judge(Vector.request(), failure: failure).verdict)
        #expect(relayed.cause == .tlsToPlainHttpPort && relayed.confidence == .proven && relayed.blame == .configuration)
        #expect(relayed.fix.count == 1 && relayed.fix[0].contains("`http://`") && relayed.fix[0].contains("upstream.url"))
        let reverse = try #require(
            Vector.judge(Vector.request(), failure: .notHTTP(first: [0x15, 3, 1, 0, 2, 2, 70])).verdict)
        #expect(reverse.cause == .plainHttpToTlsPort && reverse.blame == .configuration)
        #expect(reverse.fix.first?.contains("`https://`") == true)
        let unnamed = try #require(Vector.judge(Vector.request(), failure: .nameNotResolved("app.internal")).verdict)
        #expect(unnamed.blame == .configuration)
    }

    @Test func `the scheme in a URL that somebody diagnoses is his own`() throws {
        let observation = Vector.observation(
            Vector.request(), failure: .upstreamTLS(kind: "plain_http_on_tls_port", sentence: "plain HTTP came back"))
        observation.route = ""
        observation.cluster = ""
        let verdict = try #require(HandshakeJudge.judge(observation).verdict)
        #expect(verdict.cause == .tlsToPlainHttpPort && verdict.blame == .client)
    }
}
