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
        print(text)
        #expect(text == "")
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
        print(text)
        #expect(text == "")
    }
}
