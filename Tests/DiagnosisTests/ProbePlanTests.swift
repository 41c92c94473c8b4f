import HTTPWire
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import Diagnosis

/// A server in a closure: what it answers to a head, the Accept filled in.
struct SimulatedServer {
    /// Sees the request and which handshake this is, counted from 0 (0 is the one that was observed).
    let answer: (RequestHead, Int) -> (String, body: String)

    static let accept = ("accept", body: "")
    static let bare403 = (
        "HTTP/1.1 403 Forbidden\r\nDate: x\r\nConnection: close\r\nContent-Length: 0\r\nContent-Type: text/plain; charset=utf-8",
        body: ""
    )

    func observe(_ head: [UInt8], _ count: Int) -> HandshakeObservation {
        let request = RequestHead(copy: head)
        let (line, body) = answer(request, count)
        guard line != "closed" else {
            return Vector.observation(head, failure: .closedBeforeResponse(.finished, bytesSeen: 0))
        }
        guard line == "accept" else { return Vector.observation(head, bytes(line, "\r\n\r\n"), body: body) }
        let key = request.value(of: .secWebSocketKey).map { Array(request.bytes[$0]) } ?? []
        return Vector.observation(
            head,
            bytes(
                "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(AcceptKey(key: key.span.bytes).text)\r\n\r\n"
            ))
    }

    struct Run {
        let verdict: Verdict?
        let probes: [ProbeRecord]
        let heads: [[UInt8]]
        let requests: [ProbeRequest]
    }

    func run(_ request: [UInt8] = Vector.request(), options: ProbeOptions = ProbeOptions()) -> Run {
        let observation = observe(request, 0)
        var plan = ProbePlan(observation, options: options)
        var heads: [[UInt8]] = []
        var requests: [ProbeRequest] = []
        while case .probe(let probe) = plan.next(), heads.count < 100 {
            let head = probe.head(from: RequestHead(copy: request), key: "AAAAAAAAAAAAAAAAAAAA\(10 + heads.count)==")
            heads.append(head)
            requests.append(probe)
            plan.record(ProbeOutcome(observe(head, heads.count)))
        }
        return Run(verdict: plan.conclude(observation).verdict, probes: plan.records, heads: heads, requests: requests)
    }
}

extension RequestHead {
    func string(_ name: FieldName) -> String? { value(of: name).map { text($0) } }
    var path: String { text(pathRange) }
}

@Suite struct `Probe plans` {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2", Cause.noUpgradeHandler),
        ("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0", .credentialsMissing),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0", .credentialsMissing), ("closed", .plainHttpToTlsPort),
    ])
    func
        `a server that destroys upgrades and serves everybody else has no handler for them; otherwise it may want credentials, or TLS`(
            answer: String, cause: Cause
        ) throws
    {
        let run = Self.server { head, _ in
            head.value(of: .upgrade) != nil ? ("closed", body: "") : (answer, body: answer.hasPrefix("HTTP/1.1 200") ? "ok" : "")
        }.run()
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == cause)
        #expect(verdict.confidence == .possible)
        #expect(run.requests.contains { $0.kind == .plainGet })
        #expect(([verdict.cause] + verdict.alternatives.map(\.cause)).contains(.credentialsMissing), "it is still said")
    }

    static func server(_ answer: @escaping (RequestHead, Int) -> (String, body: String)) -> SimulatedServer {
        SimulatedServer(answer: answer)
    }
    @Test func `what was tried in vain is not asked for once more`() throws {
        let run = Self.server { _, _ in SimulatedServer.bare403 }.run(
            Vector.request(changing: ["Origin": nil, "User-Agent": nil]))
        let others = try #require(run.verdict).alternatives
        let rule = try #require(others.first { $0.cause == .originMissing })
        #expect(run.probes.contains { $0.change.hasPrefix("Origin: ") && $0.outcome == "403" })
        #expect(rule.because.hasSuffix("the probes made for it changed nothing") && !rule.because.contains("would decide"))
    }

    @Test(arguments: [nil, "certificate_not_trusted", "other"] as [String?])
    func `a port that hangs up on plain HTTP and answers over TLS speaks TLS, whatever it answers`(_ failure: String?) throws {
        let closed = HandshakeFailure.closedBeforeResponse(.finished, bytesSeen: 0)
        let observation = Vector.observation(Vector.request(), failure: closed)
        var plan = ProbePlan(observation, options: ProbeOptions(mayUseTLS: true))
        var handshakes = 0
        while case .probe(let probe) = plan.next(), handshakes < 30 {
            handshakes += 1
            guard probe.secure == true else {
                plan.record(ProbeOutcome(Vector.observation(Vector.request(), failure: closed)))
                continue
            }
            plan.record(
                ProbeOutcome(
                    failure.map { Vector.observation(Vector.request(), failure: .upstreamTLS(kind: $0, sentence: "")) }
                        ?? Vector.observation(Vector.request(), bytes("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))))
        }
        let verdict = try #require(plan.conclude(observation).verdict)
        // An alert says that something is wrong with TLS there, not that TLS is what is spoken.
        #expect((verdict.cause == .plainHttpToTlsPort && verdict.confidence == .proven) == (failure != "other"))
        #expect(verdict.cause != .credentialsMissing, "it hangs up on a plain GET as well")
        if failure != "other" { #expect(handshakes <= 3 && verdict.evidence.contains { $0.observed.hasPrefix("over TLS: ") }) }
    }

    static let foreign = Vector.request(changing: ["Origin": "http://front.example"])

    /// Starlette: what it doesn't like or know is a bare 403.
    static func starlette(_ accepts: @escaping (RequestHead) -> Bool) -> SimulatedServer {
        server { head, _ in accepts(head) ? SimulatedServer.accept : SimulatedServer.bare403 }
    }

    @Test func `a list that holds the own host and refuses a missing Origin is proven by the pair`() throws {
        let run = Self.starlette { $0.string(.origin) == "http://app.example" }.run(Self.foreign)
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .originNotAllowed && verdict.confidence == .proven)
        #expect(run.probes.first == ProbeRecord(change: "none (control)", outcome: "403"))
        #expect(run.probes.last == ProbeRecord(change: "none (control)", outcome: "403"))
        #expect(run.probes.contains(ProbeRecord(change: "Origin: http://app.example", outcome: "101")))
    }

    @Test func `a Go upgrader's own rule is proven as such`() throws {
        let refusal = (
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nSec-Websocket-Version: 13\r\nX-Content-Type-Options: nosniff",
            body: "Forbidden\n"
        )
        let run = Self.server { head, _ in
            let origin = head.string(.origin)
            return origin == nil || origin == "http://app.example" ? SimulatedServer.accept : refusal
        }.run(Self.foreign)
        #expect(run.verdict?.cause == .originNotSameHost && run.verdict?.confidence == .proven)
    }

    @Test func `a Go upgrader that refuses its own host but not a missing Origin was told another Host`() {
        let refusal = (
            "HTTP/1.1 403 Forbidden\r\nServer: nginx/1.22.1\r\nContent-Type: text/plain; charset=utf-8\r\nSec-Websocket-Version: 13\r\nX-Content-Type-Options: nosniff",
            body: "Forbidden\n"
        )
        let run = Self.server { head, _ in head.string(.origin) == nil ? SimulatedServer.accept : refusal }.run(
            Vector.request(changing: ["Host": "app.example:8080", "Origin": "http://app.example:8080"]))
        #expect(run.verdict?.cause == .proxyRewritesHost && run.verdict?.confidence != .proven)
    }

    @Test func `www is tried where the user's own Origin is refused`() {
        let refusal = (
            "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 12", body: "Unauthorized"
        )
        let run = Self.server { head, _ in head.string(.origin) == "https://site.example" ? SimulatedServer.accept : refusal }.run(
            Vector.request(changing: ["Origin": "https://www.site.example"]))
        #expect(run.verdict?.cause == .originNotAllowed && run.verdict?.confidence == .proven)
    }

    @Test func `a route under a prefix is found, and proven where nothing else answers so`() {
        let bare = Self.starlette { $0.path == "/api/ws" }.run()
        #expect(bare.verdict?.cause == .routeNotFound && bare.verdict?.confidence == .likely)
        let missing = Self.server { head, _ in
            head.path == "/api/ws"
                ? SimulatedServer.accept
                : ("HTTP/1.1 404 Not Found\r\nServer: TornadoServer/6.4\r\nContent-Type: text/html", body: "404: Not Found")
        }.run()
        #expect(missing.verdict?.cause == .routeNotFound && missing.verdict?.confidence == .proven)
    }

    @Test(arguments: [SimulatedServer.bare403, ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0", body: "")])
    func `an endpoint beside it that is open doesn't prove that a guarded one is missing`(_ refusal: (String, body: String)) throws
    {
        let run = Self.server { head, _ in head.path == "/ws" ? SimulatedServer.accept : refusal }.run(
            Vector.request("GET /admin/ws HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(verdict.confidence != .proven)
        #expect(
            ([verdict.cause] + verdict.alternatives.filter { $0.confidence != .excluded }.map(\.cause)).contains(
                .credentialsMissing))
    }

    @Test func `what a path that can't exist gets as well is not likely to be missing credentials`() throws {
        // Without an Origin, as programs ask.
        let verdict = try #require(Self.starlette { _ in false }.run(Vector.request(changing: ["Origin": nil])).verdict)
        #expect(verdict.confidence == .possible)
        #expect(verdict.alternatives.contains { $0.cause == .routeNotFound && $0.confidence == .possible })
    }

    @Test func `a page at the handshake's own path goes before credentials that nobody asked for`() throws {
        let run = Self.server { head, _ in
            guard !UpgradeRequestCheck.isWebSocketAttempt(head) else { return SimulatedServer.bare403 }
            return head.path == "/ws"
                ? ("HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-type: application/json", body: "{}")
                : (
                    "HTTP/1.1 404 Not Found\r\nserver: uvicorn\r\ncontent-type: application/json",
                    body: "{\"detail\":\"Not Found\"}"
                )
        }.run()
        #expect(run.verdict?.cause == .routeIsHttpOnly)
        #expect(run.verdict?.evidence.contains { $0.observed == "a plain GET: 200" } == true)
    }

    @Test(arguments: ["/ws", "/chat/room"]) func `the other trailing slash is found`(_ path: String) {
        let run = Self.starlette { $0.path == path + "/" }.run(Vector.request("GET \(path) HTTP/1.1"))
        #expect(run.verdict?.cause == .trailingSlash && run.verdict?.confidence == .proven)
    }

    @Test func `a hop that strips the prefix is proven by doubling it`() {
        let refusal = (
            "HTTP/1.1 403 Forbidden\r\nServer: nginx\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 0", body: ""
        )
        let run = Self.server { head, _ in head.path == "/api/api/ws" ? SimulatedServer.accept : refusal }.run(
            Vector.request("GET /api/ws HTTP/1.1"))
        #expect(run.verdict?.cause == .proxyRewritesPath && run.verdict?.confidence == .proven)
    }

    @Test func `a filter of User-Agents is found`() {
        let refusal = (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 93\r\ncache-control: no-cache\r\ncontent-type: text/html",
            body: "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n"
        )
        let run = Self.server { head, _ in head.string(.userAgent)?.hasPrefix("Mozilla") == true ? SimulatedServer.accept : refusal
        }.run()
        #expect(run.verdict?.cause == .blockedByRule && run.verdict?.confidence == .proven)
    }

    @Test func `the Host that another site takes is found where it is known`() {
        let page = ("HTTP/1.1 200 OK\r\ncontent-type: text/html", body: "<h1>Welcome</h1>")
        let run = Self.server { head, _ in head.string(.host) == "ws.app.example" ? SimulatedServer.accept : page }.run(
            Vector.request(changing: ["Host": "127.0.0.1:8080"]), options: ProbeOptions(hosts: ["ws.app.example"]))
        #expect(run.verdict?.cause == .hostRoutedElsewhere && run.verdict?.confidence == .proven)
    }

    @Test func `TLS that nobody tells the backend about is found`() {
        let redirect = ("HTTP/1.1 307 Temporary Redirect\r\nlocation: wss://app.example/ws\r\ncontent-length: 0", body: "")
        let run = Self.server { head, _ in head.string(.xForwardedProto) == "https" ? SimulatedServer.accept : redirect }.run()
        #expect(run.verdict?.cause == .forwardedProtoMissing && run.verdict?.confidence == .proven)
    }

    @Test func `an Engine.IO session that is gone opens without its sid`() throws {
        let run = Self.starlette { !$0.text($0.targetRange).contains("sid=") }.run(
            Vector.request("GET /socket.io/?EIO=4&transport=websocket&sid=gone HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .sessionExpired)
        #expect(verdict.alternatives.contains { $0.cause == .sessionNotSticky })
    }

    @Test func `Engine.IO's polling answer says aloud what the bare 403 hides`() throws {
        let run = Self.server { head, _ in
            head.text(head.targetRange).contains("polling")
                ? (
                    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain",
                    body: "\"The client is using an unsupported version of the Socket.IO or Engine.IO protocols\""
                ) : SimulatedServer.bare403
        }.run(Vector.request("GET /socket.io/?EIO=3&transport=websocket HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .engineioVersionMismatch && verdict.confidence == .proven)
        #expect(verdict.evidence.contains { $0.observed.contains("unsupported version") })
    }

    @Test func `an Engine.IO server that offers polling alone is found by its first packet`() throws {
        let run = Self.server { head, _ in
            head.text(head.targetRange).contains("polling")
                ? (
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain",
                    body: "0{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[],\"pingInterval\":25000}"
                )
                : SimulatedServer.bare403
        }.run(Vector.request("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1"))
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .transportDisabled && verdict.confidence == .likely)
        #expect(verdict.evidence.contains { $0.observed.contains("upgrades") })
        // The same packet with websocket in it says nothing against the transport.
        let able = Self.server { head, _ in
            head.text(head.targetRange).contains("polling")
                ? ("HTTP/1.1 200 OK\r\nContent-Type: text/plain", body: "0{\"sid\":\"a\",\"upgrades\":[\"websocket\"]}")
                : SimulatedServer.bare403
        }.run(Vector.request("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1"))
        #expect(able.verdict?.cause != .transportDisabled)
    }

    @Test func `a plain client at a Socket.IO server is found`() {
        let crash = (
            "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8",
            body: "Internal Server Error"
        )
        let run = Self.server { head, _ in head.path == "/socket.io/" ? SimulatedServer.accept : crash }.run(
            Vector.request("GET / HTTP/1.1"))
        #expect(run.verdict?.cause == .clientProtocolMismatch && run.verdict?.confidence == .proven)
    }

    @Test func `the user's credentials are tried, and not shown`() {
        let run = Self.starlette { $0.string(.authorization) == "Bearer hush" }.run(
            options: ProbeOptions(credentials: [.init("Authorization", "Bearer hush")]))
        #expect(run.verdict?.cause == .credentialsMissing && run.verdict?.confidence == .proven)
        #expect(!"\(String(describing: run.verdict))".contains("hush"))
    }

    @Test func `where nothing helps nothing is proven, and what is likelier stands first`() throws {
        let run = Self.starlette { _ in false }.run()
        let verdict = try #require(run.verdict)
        #expect(verdict.cause == .credentialsMissing && verdict.confidence == .possible)
        #expect(verdict.alternatives.contains { $0.cause == .routeNotFound })
        let cross = try #require(Self.starlette { _ in false }.run(Self.foreign).verdict)
        #expect(cross.cause == .originNotAllowed && cross.confidence != .proven)
    }

    @Test func `a handshake that succeeds by itself proves nothing`() throws {
        let run = Self.server { _, count in count == 0 ? SimulatedServer.bare403 : SimulatedServer.accept }.run(Self.foreign)
        #expect(run.probes.count == 1)
        #expect(run.verdict?.confidence == .possible)
    }

    @Test func `a control that succeeds after the flip takes the proof back`() throws {
        let run = Self.server { _, count in count < 2 ? SimulatedServer.bare403 : SimulatedServer.accept }.run(Self.foreign)
        #expect(run.probes.map(\.outcome) == ["403", "101", "101"])
        #expect(run.verdict?.confidence != .proven)
    }

    @Test func `a limiter ends the probing at once`() {
        let run = Self.server { _, count in count == 0 ? SimulatedServer.bare403 : ("HTTP/1.1 429 Too Many Requests", body: "") }
            .run(Self.foreign)
        #expect(run.probes.count == 1)
        #expect(run.verdict?.confidence != .proven)
    }

    @Test(arguments: [3, 4, 8, 25]) func `the limit holds, controls included`(_ limit: Int) {
        let run = Self.starlette { _ in false }.run(
            Vector.request("GET /a/b/c HTTP/1.1", changing: ["Origin": "https://www.front.example"]),
            options: ProbeOptions(limit: limit))
        #expect(run.probes.count <= limit)
        #expect(run.probes.count >= 2)
    }

    @Test func `no handshake is tried twice, and every key is new`() {
        let run = Self.starlette { _ in false }.run(Self.foreign)
        let changes = run.probes.map(\.change).filter { $0 != "none (control)" }
        #expect(Set(changes).count == changes.count)
        #expect(Set(run.heads).count == run.heads.count)
        for head in run.heads { #expect(!String(decoding: head, as: UTF8.self).contains(Vector.key)) }
    }

    @Test func `what needs no probe gets none`() {
        #expect(Self.server { _, _ in SimulatedServer.accept }.run().probes.isEmpty)
        let tornado = ("HTTP/1.1 403 Forbidden\r\nServer: TornadoServer/6.4", body: "Cross origin websockets not allowed")
        #expect(Self.server { _, _ in tornado }.run(Self.foreign).probes.isEmpty)
        var plan = ProbePlan(Vector.observation(failure: .nameNotResolved("x")))
        if case .probe = plan.next() { Issue.record("a name without address was probed") }
    }

    @Test func `a plain GET carries nothing of the handshake`() throws {
        let run = Self.server { _, _ in
            ("HTTP/1.1 404 Not Found\r\nserver: uvicorn\r\ncontent-type: application/json", body: "{\"detail\":\"Not Found\"}")
        }.run()
        let index = try #require(run.requests.firstIndex { $0.kind == .plainGet })
        let head = RequestHead(copy: run.heads[index])
        #expect(!UpgradeRequestCheck.isWebSocketAttempt(head) && !head.has(.upgrade) && head.isForwardable)
        #expect(run.verdict?.cause == .noWebsocketLibrary)
    }

    @Test func `an edited head keeps order, case and all that is not edited`() {
        let original = RequestHead(
            copy: bytes(
                "GET /x?a=%2F HTTP/1.1\r\nhOsT: a\r\nX-Odd:   two  \r\nOrigin: http://o\r\nSec-WebSocket-Key: \(Vector.key)\r\n\r\n"
            ))
        let probe = ProbeRequest(.originSelf, "", flip: nil, [.set("Origin", "http://a"), .set("X-New", "1")])
        #expect(
            String(decoding: probe.head(from: original, key: "AAAAAAAAAAAAAAAAAAAAAA=="), as: UTF8.self)
                == "GET /x?a=%2F HTTP/1.1\r\nhOsT: a\r\nX-Odd: two\r\nOrigin: http://a\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-New: 1\r\n\r\n"
        )
    }
}
