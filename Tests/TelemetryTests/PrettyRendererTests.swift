import TestSupport
import Testing
import Wire

@testable import Diagnosis
@testable import Telemetry

@Suite struct `The log for people` {
    private typealias Samples = LedgerSamples
    private let plain = PrettyRenderer(colour: false)

    private func pretty(_ body: (Ledger) -> Void) -> String {
        Samples.lines(body).map { plain.render(line: $0) }.joined()
    }

    @Test func `shows a refusal in a few lines`() {
        let text = pretty {
            $0.sessionRefused(
                Samples.handshake(response: Array(Samples.refusal.utf8)), status: 403,
                judgement: HandshakeJudgement(findings: [], responder: Samples.responder, verdict: Samples.verdict),
                at: Samples.time)
        }
        #expect(
            text == """
                00:00:00.123  refused 403   GET /ws?room=7&token=«redacted:f6ade183»                   0bwr00000000t
                    client    198.51.100.4 via 203.0.113.7, origin https://www.app.example
                    answered  backend, uvicorn: 403 without server field; content-length: 9; connection: close
                    cause     The backend does not allow this Origin
                              origin-not-allowed · proven · blame: backend
                    evidence  request field  Origin: https://www.app.example
                    tried     none (control) → 403 · Origin: https://app.example → 101 · Origin removed → 403
                    fix       Add https://www.app.example to the list of origins that the WebSocket route checks
                              (FastAPI: the list that is compared with websocket.headers['origin']).
                    or        route-not-found, excluded: a random path answers 404

                """)
    }

    @Test(arguments: [60, 80, 120])
    func `keeps to the width that it is given`(columns: Int) {
        let narrow = PrettyRenderer(colour: false, width: TextWidth(columns))
        let lines = Samples.lines {
            $0.sessionRefused(
                Samples.handshake(response: Array(Samples.refusal.utf8)), status: 403,
                judgement: HandshakeJudgement(findings: [], responder: Samples.responder, verdict: Samples.verdict),
                at: Samples.time)
            $0.configurationRejected(errors: ["gatehouse.yaml:3:1: no such key"], at: Samples.time)
        }
        let text = lines.map { narrow.render(line: $0) }.joined()
        for line in text.split(separator: "\n") { #expect(line.count <= columns, "\(line)") }
        #expect(text.split(separator: "\n").contains { $0.count > columns - 15 }, "the width is used")
        #expect(text.contains("0bwr00000000t\n"))
    }

    @Test func `shows opening, closing and requests in one line each`() {
        let text = pretty { ledger in
            ledger.sessionOpened(
                Samples.handshake(
                    request: bytes("GET /ws HTTP/1.1\r\nHost: h\r\n\r\n"), response: Array(Samples.acceptance.utf8)),
                at: Samples.time)
            ledger.sessionClosed(
                Samples.session, Samples.record(), client: Samples.client, route: "r", endpoint: nil, at: Samples.time)
            ledger.httpRequest(
                Samples.session,
                RequestRecord(
                    client: ClientFacts(address: Samples.client),
                    request: Samples.handshake(request: bytes("GET /index.html HTTP/1.1\r\nHost: h\r\n\r\n")).request,
                    status: 200, timings: Samples.handshake().timings, answeredBy: .backend), at: Samples.time)
            ledger.processStarted(version: "0.1", io: "uring", workers: 2, pid: 42, at: Samples.time)
            ledger.configurationRejected(errors: ["gatehouse.yaml:3:1: no such key"], at: Samples.time)
        }
        #expect(
            text == """
                00:00:00.123  opened 101    GET /ws, 198.51.100.4 → 127.0.0.1:8000, 3.2 ms             0bwr00000000t
                00:00:00.123  closed 1001   by backend "bye!!", 1 min 6 s, ↑ 1 (16 B), ↓ 2 (18 B)      0bwr00000000t
                00:00:00.123  request 200   GET /index.html, 203.0.113.7, backend, 3.2 ms              0bwr00000000t
                00:00:00.123  process.started  Gatehouse started  version=0.1  io=uring  workers=2  pid=42
                00:00:00.123  config.rejected  the new configuration has errors; the old one stays in force
                    errors    gatehouse.yaml:3:1: no such key

                """)
    }

    @Test func `stays within a hundred columns, whatever it shows`() {
        var verdict = Samples.verdict
        verdict.evidence[0].observed = String(repeating: "x", count: 1000)
        verdict.fix = [String(repeating: "word ", count: 100), String(repeating: "é", count: 300)]
        let handshake = Samples.handshake(
            request: bytes("GET /" + String(repeating: "p", count: 3000) + " HTTP/1.1\r\nHost: h\r\n\r\n"))
        let text = pretty {
            $0.sessionRefused(
                handshake, status: 403,
                judgement: HandshakeJudgement(findings: [], responder: Samples.responder, verdict: verdict),
                at: Samples.time)
        }
        for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    }

    @Test func `uses colour only where it may, and then around whole words`() {
        let lines = Samples.lines { $0.configurationRejected(errors: ["e"], at: Samples.time) }
        #expect(!plain.render(line: lines[0]).contains("\u{1B}"))
        let colourful = PrettyRenderer(colour: true).render(line: lines[0])
        #expect(colourful.contains("\u{1B}[31mconfig.rejected\u{1B}[0m"))
        #expect(colourful.replacing(/\u{1B}\[[0-9]+m/, with: "") == plain.render(line: lines[0]))
    }

    @Test func `shows a verdict alone as it shows it in a refusal`() {
        let text = plain.render(Samples.verdict, Samples.redaction)
        #expect(text.hasPrefix("    answered  backend, uvicorn: 403"))
        #expect(text.contains("    cause     The backend does not allow this Origin\n"))
        #expect(text.hasSuffix("    or        route-not-found, excluded: a random path answers 404\n"))
    }

    @Test func `shows a verdict that came later as it shows it in a refusal`() {
        let text = pretty {
            $0.sessionVerdict(
                Samples.session, Samples.verdict, kind: .refusal, route: "default", endpoint: "127.0.0.1:8000", revision: 1,
                at: Samples.time)
        }
        #expect(text.hasPrefix("00:00:00.123  verdict       more is known of why it failed (refusal) "))
        #expect(text.contains("    where     route default, endpoint 127.0.0.1:8000\n"))
        #expect(text.hasSuffix(plain.render(Samples.verdict, Samples.redaction)))
    }

    @Test func `says what it knows of a refusal without a verdict`() {
        let handshake = Samples.handshake(request: bytes("GET /ws HTTP/1.1\r\nHost: h\r\n\r\n"))
        handshake.failure = .connectTimedOut
        let text = pretty {
            $0.sessionRefused(
                handshake, status: 504,
                judgement: HandshakeJudgement(findings: [Samples.finding], responder: nil, verdict: nil),
                at: Samples.time)
        }
        #expect(text.contains("refused 504   GET /ws "))
        #expect(text.contains("    reason    the endpoint did not take the connection within timeouts.connect\n"))
        #expect(text.contains("    finding   Origin names another host than Host\n"))
    }

    @Test(arguments: ["", "{", "[1,2", "{\"a\":}", "nonsense", "{\"a\":1}x", "{\"a\" 1}", "\"\\", "{\"time\":5}", "[]", "-", "tru"])
    func `passes on what is no record`(text: String) {
        let shown = plain.render(line: Array(text.utf8))
        #expect(shown.hasSuffix("\n"))
        if LedgerValue(Array(text.utf8)) == nil { #expect(shown == text + "\n") }
    }
}

@Suite struct `A ledger line read back` {
    @Test func `has the values that were written, escapes of control characters kept`() throws {
        let bytes = LineBuffer.line { line in
            line.field("s", "a\"b\\c\n\u{1B}é")
            line.field("n", -5)
            line.field("b", true)
            line.beginArray("a")
            line.element("x")
            line.beginObject()
            line.endObject()
            line.endArray()
        }
        let value = try #require(LedgerValue(bytes))
        #expect(value["s"] == .string("a\"b\\c\\n\\u001bé"))
        #expect(value["n"] == .number("-5"))
        #expect(value["b"] == .bool(true))
        #expect(value["a"]?.elements == [.string("x"), .object([])])
        #expect(value["missing"] == nil)
    }

    @Test func `does not follow nesting without end`() {
        #expect(LedgerValue(Array(repeating: UInt8(0x5B), count: 100_000)) == nil)
    }
}
