import TestSupport
import Testing
import Wire

@testable import Diagnosis

@Suite struct `What is learnt elsewhere joins a verdict` {
    typealias S = SessionScript

    @Test(arguments: [
        (
            "WARNING:  No supported WebSocket library detected. Please use \"pip install 'uvicorn[standard]'\"",
            [Sign.outputNoWebSocketLibrary]
        ), ("[2026-11-01] [CRITICAL] WORKER TIMEOUT (pid:7)", [.outputWorkerTimeout]),
        ("Traceback (most recent call last):", [.outputTraceback]),
        ("ERROR:    ASGI callable returned without completing handshake.", [.outputNotAccepted]),
        ("ValueError: No route found for path 'ws'.", [.outputNoRoute]),
        ("https://x.example is not an accepted origin.", [.outputOrigin]), ("INFO:     Application startup complete.", []),
    ]) func `a line of the backend's output has the signs of its sentence`(_ line: String, _ signs: [Sign]) {
        #expect(OutputReading.signs(Array(line.utf8)) == SignSet(signs))
    }

    @Test func `a quotation of output carries no control characters and is short`() {
        let evidence = OutputReading.evidence(bytes("\u{1B}[31mred\u{1B}[0m", [UInt8](repeating: 0x41, count: 5000)))
        #expect(!evidence.observed.unicodeScalars.contains { $0.value < 0x20 } && evidence.observed.count <= 300)
    }

    @Test func `the backend's own words decide what the wire can't`() throws {
        let observation = Vector.observation(
            Vector.request(),
            Vector.response("HTTP/1.1 500 Internal Server Error", "Content-Type: text/plain; charset=utf-8", "Connection: close"),
            body: "Internal Server Error")
        #expect(HandshakeJudge.judge(observation).verdict?.cause == .handlerCrashedBeforeAccept)
        let line = bytes("ERROR:    ASGI callable returned without completing handshake.")
        observation.furtherSigns = OutputReading.signs(line)
        observation.furtherEvidence = [(.outputNotAccepted, OutputReading.evidence(line))]
        let verdict = try #require(HandshakeJudge.judge(observation).verdict)
        #expect(verdict.cause == .acceptNeverCalled && verdict.confidence == .proven)
        #expect(verdict.evidence.contains { $0.what == "backend output" })
    }

    @Test(arguments: [
        (Sign.upstreamGone, Cause.serverCrashed), (.manySameSilence, .idleTimeout), (.manySameAge, .lifetimeLimit),
        (.manyEndedTogether, .serverRestarting), (.outputWorkerTimeout, .workerKilledByTimeout),
        (.outputTraceback, .handlerCrashed),
    ]) func `a bare cut gets its cause from other sessions and from outside`(_ sign: Sign, _ cause: Cause) throws {
        let record = try #require(
            SessionVector.open.client(S.text("x"), 100).server(S.text("y", client: false), 110).end(.upstream, .finished, 2700)
                .record)
        #expect(record.verdict?.confidence != .proven)
        #expect(record.judged(with: [sign]).verdict?.cause == cause)
    }

    @Test func `what Gatehouse refused itself is blamed on its configuration`() throws {
        let verdict = try #require(
            Vector.judge(Vector.request(changing: ["Origin": "https://x.example"]), failure: .refusedByGate("origin")).verdict)
        #expect(verdict.cause == .originNotAllowed && verdict.blame == .configuration && verdict.answeredBy?.who == .gatehouse)
        #expect(Vector.judge(failure: .noRoute).verdict?.answeredBy?.who == .gatehouse)
        #expect(Vector.judge(failure: .draining).verdict == nil)
    }

    @Test func `a client that leaves at once is nobody's fault, one that waited met a backend that hangs`() {
        #expect(Vector.judge(failure: .clientGone(.finished), after: .milliseconds(20)).verdict == nil)
        #expect(Vector.judge(failure: .clientGone(.finished), after: .seconds(4)).verdict?.cause == .upstreamHangs)
    }

    @Test func `healthy handshakes and plain requests have no verdict`() {
        #expect(Vector.judge(Vector.request(), Vector.accepted()).verdict == nil)
        #expect(
            Vector.judge(bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Vector.response("HTTP/1.1 404 Not Found"), body: "Not Found")
                .verdict == nil)
        #expect(Vector.judge(bytes("POST /x HTTP/1.1\r\nHost: a\r\n\r\n"), Vector.response("HTTP/1.1 500 X")).verdict == nil)
    }
}
