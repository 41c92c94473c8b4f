import Diagnosis
import HTTPWire
import JSONWire
import ProxyCore
import TestSupport
import Testing
import Wire

@Suite struct ForwardRuleTests {
    private func rule(
        fields: [String] = ["Authorization", "Cookie"], user: String? = nil, passes: [String] = []
    ) throws -> ForwardRule {
        ForwardRule(
            url: try #require(ServiceURL("http://127.0.0.1:9000/check?a=1")), fields: fields.compactMap { FieldName($0) },
            user: user.flatMap { FieldName($0) }, passes: passes.compactMap { FieldName($0) })
    }

    private func question(_ rule: ForwardRule, _ text: String, peer: SocketAddress = client) -> RequestHead {
        let head = requestHead(text)
        let identity = ClientIdentity(peer: peer, isSecure: false, trustedProxies: trusted, head: head)
        return RequestHead(copy: rule.request(head, identity, path: Array("/ws/a".utf8)))
    }

    @Test func `the service learns what is asked for, by whom and from where`() throws {
        let asked = question(
            try rule(),
            "POST /ws/./a?t=1 HTTP/1.1\nHost: app.example\nAuthorization: Bearer x\nCookie: a=1\nCookie: b=2\nX-Other: 3\nX-Forwarded-For: 1.1.1.1\nX-Forwarded-Uri: /public"
        )
        #expect(asked.isForwardable && asked.method == .get && asked.text(asked.targetRange) == "/check?a=1")
        #expect(
            asked.lines == [
                "host: 127.0.0.1:9000", "x-forwarded-method: POST", "x-forwarded-proto: http", "x-forwarded-host: app.example",
                "x-forwarded-uri: /ws/a?t=1", "x-forwarded-for: 203.0.113.7", "authorization: Bearer x", "cookie: a=1",
                "cookie: b=2", "accept: */*", "connection: close",
            ])
    }

    @Test func `behind a trusted proxy the client is who the proxy says`() throws {
        let asked = question(
            try rule(fields: []),
            "GET / HTTP/1.1\nHost: in.side\nX-Forwarded-For: 198.51.100.4\nX-Forwarded-Proto: https\nX-Forwarded-Host: app.example",
            peer: edge)
        #expect(asked.all("x-forwarded-for") == ["198.51.100.4"] && asked.all("x-forwarded-proto") == ["https"])
        #expect(asked.all("x-forwarded-host") == ["app.example"] && asked.all("host") == ["127.0.0.1:9000"])
    }

    @Test func `a field that names the client's address is copied from a trusted proxy alone`() throws {
        let rule = try rule(fields: ["CF-Connecting-IP", "X-Real-IP", "X-Forwarded-Ssl", "X-Api-Key"])
        let text = "GET / HTTP/1.1\nHost: a\nCF-Connecting-IP: 1.1.1.1\nX-Real-IP: 1.1.1.1\nX-Forwarded-Ssl: on\nX-Api-Key: k"
        let asked = question(rule, text)
        #expect(asked.all("cf-connecting-ip").isEmpty && asked.all("x-real-ip").isEmpty && asked.all("x-forwarded-ssl").isEmpty)
        #expect(asked.all("x-api-key") == ["k"])
        let behind = question(rule, text, peer: edge)
        #expect(behind.all("cf-connecting-ip") == ["1.1.1.1"] && behind.all("x-forwarded-ssl") == ["on"])
    }

    @Test(arguments: [
        ("Host", false), ("Connection", false), ("Content-Length", false), ("Transfer-Encoding", false), ("Upgrade", false),
        ("Expect", false), ("X-Forwarded-For", false), ("x-forwarded-uri", false), ("Forwarded", false), ("Authorization", true),
        ("Cookie", true), ("Origin", true), ("X-Api-Key", true), ("Sec-WebSocket-Protocol", true),
    ])
    func `what frames the question, or is said by us, is never copied from a client`(_ name: String, _ isFit: Bool) throws {
        #expect(ForwardRule.mayCarry(try #require(FieldName(name))) == isFit)
    }

    @Test func `2xx lets in, with the user and the fields of the answer`() throws {
        let rule = try rule(user: "X-User", passes: ["X-User", "X-Tenant", "X-Twice", "X-None"])
        let answer = responseHead("HTTP/1.1 204 No Content\nX-User: ann\nX-Tenant: t1\nX-Twice: a\nX-Twice: b\nX-More: no")
        guard case (.accepted(let user), let kept) = rule.judge(answer) else { throw Unexpected() }
        #expect(user.name == bytes("ann") && kept == .zero && user.expiresAt == nil)
        #expect(
            user.claims
                == .object([
                    .init(name: bytes("x-user"), value: .string(bytes("ann"))),
                    .init(name: bytes("x-tenant"), value: .string(bytes("t1"))),
                ]))
    }

    @Test(arguments: [401, 403])
    func `401 and 403 refuse, with the service's own challenge`(_ status: Int) throws {
        let rule = try rule()
        let answer = responseHead("HTTP/1.1 \(status) No\nWWW-Authenticate: Basic realm=\"app\"\nWWW-Authenticate: Bearer")
        let (outcome, _) = rule.judge(answer)
        #expect(outcome == .refused(.service(status: status, challenge: "Basic realm=\"app\", Bearer")))
        var gate = AuthenticationRule(sources: [], accepted: "what the service lets in")
        gate.forward = rule
        let refusal = gate.refusal(.service(status: status, challenge: "Basic"), of: nil)
        #expect(refusal.status == status && refusal.challenge == "Basic" && refusal.fault == "refused_by_service")
        #expect(gate.refusal(.service(status: 401, challenge: nil), of: nil).challenge == "Bearer realm=\"gatehouse\"")
        #expect(gate.refusal(.service(status: 403, challenge: nil), of: nil).challenge == nil)
    }

    @Test(arguments: [300, 302, 304, 400, 402, 404, 407, 429, 500, 502, 503, 504])
    func `no other answer lets in, or is kept`(_ status: Int) throws {
        let (outcome, kept) = try rule().judge(responseHead("HTTP/1.1 \(status) X\nCache-Control: max-age=60\nLocation: /login"))
        guard case .unavailable(let why) = outcome else { throw Unexpected() }
        #expect(why.contains("\(status)") && kept == .zero)
    }

    @Test(arguments: [
        ("max-age=60", 60), ("private, max-age=5", 5), ("max-age=60, max-age=3", 3), ("MAX-AGE=7", 7), ("max-age=9999999999", 600),
        ("max-age=60, no-store", 0), ("no-cache, max-age=60", 0), ("no-cache=\"x\", max-age=60", 0), ("max-age=-1", 0),
        ("max-age=\"60\"", 0), ("max-age=1e3", 0), ("max-age=99999999999999999999999", 0), ("public", 0), ("", 0),
        ("s-maxage=5", 0),
    ])
    func `an answer is kept as long as it says, and no longer than the route allows`(_ value: String, _ seconds: UInt64) throws {
        let fields = value.isEmpty ? "" : "\nCache-Control: \(value)"
        #expect(try rule().judge(responseHead("HTTP/1.1 200 OK" + fields)).kept == .seconds(seconds))
        #expect(try rule().judge(responseHead("HTTP/1.1 403 No" + fields)).kept == .seconds(seconds))
    }

    private struct Unexpected: Error {}
}

@Suite struct AnswerTableTests {
    private func at(_ seconds: UInt64) -> Timestamp { .zero + .seconds(1000 + seconds) }
    private let yes = CredentialOutcome.accepted(AuthenticatedUser(name: bytes("ann")))

    @Test func `one question is asked once, and everybody who waits is told`() {
        var table = AnswerTable<Int, String>(capacity: 4, questions: 2, waiters: 4)
        #expect(table.ask(1, "a", now: at(0)) == .first)
        #expect(table.ask(1, "b", now: at(0)) == .waits)
        #expect(table.ask(2, "c", now: at(0)) == .first)
        #expect(table.ask(3, "d", now: at(0)) == .tooMany, "questions are bounded")
        #expect(table.ask(1, "d", now: at(0)) == .waits)
        #expect(table.ask(1, "e", now: at(0)) == .tooMany, "and so are those who wait")
        #expect(table.answered(1, yes, keptFor: .zero, now: at(1)) == ["a", "b", "d"])
        #expect(table.ask(1, "a", now: at(1)) == .first, "an answer that may not be kept is not")
        #expect(table.answered(9, yes, keptFor: .zero, now: at(1)) == [])
    }

    @Test func `an answer is given again until its time, whatever it is`() {
        var table = AnswerTable<Int, String>(capacity: 4, questions: 2, waiters: 4)
        let no = CredentialOutcome.refused(.service(status: 403, challenge: nil))
        _ = table.ask(1, "a", now: at(0))
        _ = table.answered(1, no, keptFor: .seconds(5), now: at(0))
        #expect(table.ask(1, "a", now: at(4)) == .answered(no))
        #expect(table.ask(1, "a", now: at(5)) == .first)
        _ = table.answered(1, yes, keptFor: .seconds(5), now: at(5))
        #expect(table.ask(1, "a", now: at(6)) == .answered(yes))
        #expect(table.counts == (0, 0, 1))
    }

    @Test func `ten thousand users are remembered in the room of a hundred`() {
        var table = AnswerTable<Int, Int>(capacity: 100, questions: 10, waiters: 10)
        for user in 0..<10_000 {
            #expect(table.ask(user, user, now: at(0)) == .first)
            _ = table.answered(user, yes, keptFor: .seconds(60), now: at(0))
        }
        #expect(table.counts == (0, 0, 100))
        #expect(table.ask(9_999, 0, now: at(1)) == .answered(yes) && table.ask(9_900, 0, now: at(1)) == .answered(yes))
        #expect(table.ask(9_899, 0, now: at(1)) == .first)
    }
}
