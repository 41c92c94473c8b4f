import HTTPWire
import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `What a refusal says itself` {
    private static func body(_ text: String, type: String = "text/plain") -> String? {
        let answer = Vector.response("HTTP/1.1 403 Forbidden", "Content-Type: \(type)")
        let verdict = Vector.judge(Vector.request(), answer, body: text).verdict
        return verdict?.evidence.first { $0.what == "response body" }?.observed
    }

    @Test(arguments: [
        ("text/plain", "\nRoom 7 is closed  today\r\nand tomorrow", "Room 7 is closed today"),
        ("application/json", "{\n  \"error\": \"room closed\"\n}", "{ \"error\": \"room closed\" }"),
        (
            "text/html",
            "<html><head><title>403 Forbidden</title><style>b{x}</style></head><h1>403 Forbidden</h1><p>The <b>room</b> is closed</p>",
            "The room is closed"
        ),
        ("text/plain", "key Zm9vYmFyMTIzYmF6cXV4NDU2Nzg5MA is foreign", "key «redacted» is foreign"),
    ]) func `its first line of text is quoted where nothing proves the cause`(_ type: String, _ text: String, _ shown: String) {
        #expect(Self.body(text, type: type) == shown)
    }

    @Test func `what repeats the status line, and what is no text, is not quoted`() {
        for text in ["Forbidden", "403 Forbidden\n", "  ", "\u{1B}[31mred", "12", "<script>let a = 1", "<"] {
            #expect(Self.body(text) == nil, "\(text)")
        }
    }

    @Test func `what it repeats of the request's secrets is not quoted`() throws {
        let request = Vector.request("GET /ws?token=hush-query HTTP/1.1", adding: ["Cookie: a=b; sid=hush-cookie"])
        let text = "the room of hush-cookie or hush-query is closed"
        let verdict = try #require(Vector.judge(request, Vector.response("HTTP/1.1 403 Forbidden"), body: text).verdict)
        let shown = verdict.evidence.first { $0.what == "response body" }?.observed
        #expect(shown == "the room of «redacted» or «redacted» is closed")
    }

    @Test(arguments: [
        ("x=style", "<style>b { color: red }</style><p>The room is closed</p>", "The room is closed"),
        ("x=script", "<script>let room = 1</script><p>The room is closed</p>", "The room is closed"),
        ("x=room", "<p>The room is closed</p>", "The room is closed"),
        ("x=hush-cookie", "<p>No <b>hush</b>-cookie here</p>", "No «redacted» here"),
        ("x=<b>hush<i>cookie", "<p>No <b>hush<i>cookie here</p>", "No «redacted» here"),
    ]) func `a secret that is a tag's name hides no tag, and one among tags is hidden`(
        _ cookie: String, _ page: String, _ shown: String
    ) throws {
        let request = Vector.request(adding: ["Cookie: \(cookie)"])
        let answer = Vector.response("HTTP/1.1 403 Forbidden", "Content-Type: text/html")
        let verdict = try #require(Vector.judge(request, answer, body: page).verdict)
        #expect(verdict.evidence.first { $0.what == "response body" }?.observed == shown)
    }

    @Test func `a long line is cut between words`() throws {
        let shown = try #require(Self.body((10..<60).map { "word\($0)" }.joined(separator: " ")))
        #expect(shown.count <= 120 && shown.hasSuffix(" …") && shown.hasPrefix("word10 word11 "))
        #expect(Self.body(String(repeating: "äz", count: 200)) == nil, "half a word may be half a secret")
    }

    @Test func `an application's own dependency that it can't reach is not the backend`() {
        let text = "could not connect to redis:6379"
        let broken = Vector.judge(Vector.request(), Vector.response("HTTP/1.1 500 Internal Server Error"), body: text).verdict
        #expect(broken?.cause != .upstreamRefused && broken?.evidence.contains { $0.observed == text } == true)
        let proxied = Vector.judge(Vector.request(), Vector.response("HTTP/1.1 502 Bad Gateway"), body: text).verdict
        #expect(proxied?.cause == .upstreamRefused)
    }

    @Test func `a Gatehouse on the way that refused by itself is believed, and named with the session`() throws {
        let answer = Vector.response(
            "HTTP/1.1 403 Forbidden", "Content-Type: application/json", "Gatehouse-Verdict: origin-not-allowed; id=0bwr00000000t")
        let body = "{\"status\":403,\"message\":\"The Origin is not let in\",\"session\":\"0bwr00000000t\"}"
        let judgement = Vector.judge(Vector.request(), answer, body: body)
        let verdict = try #require(judgement.verdict)
        #expect(verdict.cause == .originNotAllowed && verdict.confidence == .proven && verdict.blame == .configuration)
        #expect(verdict.answeredBy?.who == .gatehouse && judgement.responder?.stack == "Gatehouse")
        #expect(verdict.title.contains("0bwr00000000t") && verdict.evidence.contains { $0.observed.contains("not let in") })
    }

    @Test func `what a Gatehouse on the way says of another's refusal is evidence, and a forged field none`() throws {
        let told = "Gatehouse-Verdict: origin-not-allowed; id=0bwr00000000t"
        let passed = try #require(
            Vector.judge(Vector.request(), Vector.response("HTTP/1.1 403 Forbidden", told), body: "no").verdict)
        #expect(passed.answeredBy?.who != .gatehouse && passed.evidence.contains { $0.observed == told })
        for forged in [
            "Gatehouse-Verdict: x; id=0bwr00000000t", "Gatehouse-Verdict: origin-not-allowed; id=", "Gatehouse-Verdict: ;",
        ] {
            let verdict = Vector.judge(Vector.request(), Vector.response("HTTP/1.1 403 Forbidden", forged), body: "no").verdict
            #expect(verdict?.evidence.contains { $0.observed.hasPrefix("Gatehouse-Verdict") } == false)
        }
    }

    @Test(arguments: [
        ("/a/../ws", "path_dot_segment"), ("//ws", "path_empty_segment"), ("/a%2Fws", "path_escaped_slash"),
    ]) func `a path that Gatehouse refuses is a verdict with the rule`(_ path: String, _ reason: String) throws {
        let verdict = try #require(
            Vector.judge(Vector.request("GET \(path) HTTP/1.1"), failure: .malformedRequest([])).verdict)
        #expect(verdict.cause == .blockedByRule && verdict.confidence == .proven && verdict.answeredBy?.who == .gatehouse)
        #expect(verdict.evidence.first?.observed.hasPrefix(reason) == true && !verdict.fix.isEmpty)
        let other = Vector.judge(Vector.request(), failure: .malformedRequest([])).verdict
        #expect(other?.cause != .blockedByRule, "another fault of the request")
    }

    @Test(arguments: [
        ("http", "http://www.example.com/ws?token=hush"), ("https", "https://user:hush@www.example.com/ws"),
    ]) func `a redirect to another host is no login, and its address is the fix`(_ scheme: String, _ location: String) throws {
        let answer = Vector.response("HTTP/1.1 301 Moved Permanently", "Location: \(location)", "Content-Length: 0")
        let verdict = try #require(Vector.judge(Vector.request(), answer, scheme: scheme).verdict)
        #expect(verdict.cause == .hostRoutedElsewhere && verdict.title.hasSuffix("www.example.com"), "\(verdict)")
        #expect(verdict.fix.first?.contains("www.example.com/ws:") == true)
        #expect(!verdict.fix.contains { $0.contains("hush") } && !verdict.title.contains("hush"))
        let login = Vector.response("HTTP/1.1 302 Found", "Location: http://www.example.com/login", "Content-Length: 0")
        #expect(Vector.judge(Vector.request(), login).verdict?.cause == .redirectToLogin)
    }

    @Test func `a title says perhaps where the cause is no more than possible`() throws {
        var verdict = try #require(Vector.judge(failure: .upstreamRefused(errno: 111)).verdict)
        #expect(verdict.headline == verdict.title)
        verdict.confidence = .possible
        #expect(verdict.headline == "Perhaps: \(verdict.title)")
    }

    @Test func `a 101 without a subprotocol is judged as a browser's where that is asked for`() {
        let request = Vector.request(changing: ["Origin": nil], adding: ["Sec-WebSocket-Protocol: a, b"])
        let observation = Vector.observation(request, Vector.accepted())
        #expect(HandshakeJudge.judge(observation).verdict == nil)
        observation.judgesAsBrowser = true
        #expect(HandshakeJudge.judge(observation).verdict?.cause == .subprotocolNotSelected)
    }
}
