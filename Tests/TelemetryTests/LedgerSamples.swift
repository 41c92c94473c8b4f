import Diagnosis
import HTTPWire
import Testing
import WebSocketWire
import Wire

@testable import Telemetry

/// Handshakes, sessions and verdicts for the tests of the ledger and of its looks.
enum LedgerSamples {
    static let time = Timestamp(nanoseconds: 1_767_225_600_123_000_000)
    static let session = SessionID(0x5F3_0000_0000_001A)
    static let client = SocketAddress(v4: 0xCB00_7107, port: 51034)
    static let redaction = LogRedaction(key: (1, 2), fields: ["X-Tenant"], parameters: [])

    static let request = """
        GET /ws?room=7&token=hunter2 HTTP/1.1\r
        Host: app.example.com\r
        Connection: Upgrade\r
        Upgrade: websocket\r
        Origin: https://www.app.example\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        sec-websocket-protocol: chat, bearer\r
        Sec-WebSocket-Protocol: topsecret\r
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r
        Cookie: session=s3cr3t; theme=dark\r
        Authorization: Bearer abcdef\r
        \r\n
        """
    static let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 9\r\nconnection: close\r\nset-cookie: sid=zzz; Path=/\r\n\r\n"
    static let acceptance = """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
        Sec-WebSocket-Protocol: chat\r
        Sec-WebSocket-Extensions: permessage-deflate\r
        \r\n
        """

    static func handshake(
        request: [UInt8] = Array(request.utf8), response: [UInt8]? = nil, body: [UInt8] = []
    ) -> HandshakeObservation {
        let handshake = HandshakeObservation(
            session: session, openedAt: time,
            client: ClientFacts(address: client, forwardedFor: "198.51.100.4", forwardedTrusted: true, scheme: "https"),
            route: "app.example.com/ws", cluster: "app")
        handshake.request = RequestHead(copy: request)
        handshake.response = response.map { ResponseHead(copy: $0) }
        handshake.appendBody(body)
        handshake.endpoint = "127.0.0.1:8000"
        handshake.timings.connect = TimeSpan(nanoseconds: 412_345)
        handshake.timings.response = .milliseconds(2)
        handshake.timings.total = TimeSpan(nanoseconds: 3_212_345)
        return handshake
    }

    static let responder = Responder(
        who: .backend, stack: "uvicorn", confidence: .likely,
        because: ["403 without server field", "content-length: 9", "connection: close"])

    static let verdict = Verdict(
        cause: .originNotAllowed, title: "The backend does not allow this Origin", confidence: .proven, blame: .backend,
        answeredBy: responder,
        evidence: [
            Evidence(
                what: "request field", observed: "Origin: https://www.app.example",
                location: .init(side: .downstream, offset: 90, length: 31))
        ],
        probes: [
            ProbeRecord(change: "none (control)", outcome: "403"),
            ProbeRecord(change: "Origin: https://app.example", outcome: "101"),
            ProbeRecord(change: "Origin removed", outcome: "403"),
        ],
        fix: [
            "Add https://www.app.example to the list of origins that the WebSocket route checks (FastAPI: the list that is "
                + "compared with websocket.headers['origin'])."
        ],
        alternatives: [Alternative(cause: .routeNotFound, confidence: .excluded, because: "a random path answers 404")])

    static let finding = Finding(
        id: "handshake.origin-other-host", layer: .handshake, severity: .note, blame: .client,
        text: "Origin names another host than Host", evidence: verdict.evidence)

    static let tls = TLSFacts(
        version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", applicationProtocol: "http/1.1",
        serverName: "app.example.com", resumed: false, peer: nil, verification: "no certificate", verified: false,
        clientCertificateSubject: "CN=phone")

    /// A session in which each side spoke, and which ended as told.
    static func record(verdict: Verdict? = nil) -> SessionRecord {
        var analyzer = SessionAnalyzer(openedAt: time, compression: false)
        let start = time
        func relay(_ direction: Direction, _ bytes: [UInt8], _ seconds: UInt64) {
            _ = analyzer.relayed(direction, bytes.span.bytes, at: start + .seconds(seconds))
        }
        relay(.clientToServer, [0x81, 0x82, 1, 2, 3, 4, 0x49, 0x6B], 1)
        relay(.serverToClient, [0x81, 0x02, 0x68, 0x69, 0x82, 0x01, 0xFF, 0x89, 0x00], 2)
        relay(.serverToClient, [0x88, 0x07, 0x03, 0xE9, 0x62, 0x79, 0x65, 0x21, 0x21], 65)
        relay(.clientToServer, [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9], 65)
        analyzer.ended(.upstream, .finished, at: start + .seconds(65))
        analyzer.ended(.downstream, .local(.followedOtherSide), at: start + .seconds(65))
        var record = analyzer.report(at: start + .seconds(66))
        record.verdict = verdict
        return record
    }

    /// The lines that `body` writes.
    static func lines(_ body: (Ledger) -> Void) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        let ledger = Ledger(redaction: redaction) { lines.append($0) }
        body(ledger)
        return lines
    }

    static func line(_ body: (Ledger) -> Void) throws -> ParsedLine {
        try ParsedLine(lines(body).first ?? [])
    }
}
