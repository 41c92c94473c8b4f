import HTTPWire
import TestSupport
import Wire

@testable import Diagnosis

/// Handshakes for tests: a proper request and answers to it, with the lines that a case is about.
enum Vector {
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    /// 2026-11-01T00:00:00Z.
    static let now = Timestamp(nanoseconds: 1_793_491_200 * 1_000_000_000)

    /// A browser's handshake; `changing` replaces fields (nil leaves one out), `adding` appends lines.
    static func request(
        _ line: String = "GET /ws HTTP/1.1", changing: [String: String?] = [:], adding: [String] = []
    ) -> [UInt8] {
        let fields: [(String, String)] = [
            ("Host", "app.example"), ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Origin", "http://app.example"),
            ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
        ]
        var lines = [line]
        for (name, value) in fields {
            if let change = changing[name] {
                if let change { lines.append("\(name): \(change)") }
            } else {
                lines.append("\(name): \(value)")
            }
        }
        return bytes((lines + adding).joined(separator: "\r\n"), "\r\n\r\n")
    }

    static func response(_ lines: String...) -> [UInt8] { bytes(lines.joined(separator: "\r\n"), "\r\n\r\n") }

    /// The 101 that belongs to `request`.
    static func accepted(_ adding: String...) -> [UInt8] {
        bytes(
            (["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: \(accept)"]
                + adding).joined(separator: "\r\n"), "\r\n\r\n")
    }

    static func observation(
        _ request: [UInt8]? = Vector.request(), _ response: [UInt8]? = nil, body: String = "", failure: HandshakeFailure? = nil,
        scheme: String = "http",
        after: TimeSpan = .milliseconds(5)
    ) -> HandshakeObservation {
        let client = ClientFacts(address: SocketAddress(v4: 0x7F00_0001, port: 50_000), scheme: scheme)
        let observation = HandshakeObservation(
            session: SessionID(1), openedAt: now, client: client, route: "default", cluster: "app")
        observation.endpoint = "127.0.0.1:8000"
        observation.request = request.map { RequestHead(copy: $0) }
        observation.response = response.map { ResponseHead(copy: $0) }
        observation.appendBody(Array(body.utf8))
        observation.failure = failure
        observation.timings.response = after
        observation.timings.total = after
        return observation
    }

    static func judge(
        _ request: [UInt8]? = Vector.request(), _ response: [UInt8]? = nil, body: String = "", failure: HandshakeFailure? = nil,
        scheme: String = "http",
        after: TimeSpan = .milliseconds(5)
    ) -> HandshakeJudgement {
        HandshakeJudge.judge(observation(request, response, body: body, failure: failure, scheme: scheme, after: after))
    }
}
