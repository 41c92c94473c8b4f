package import Wire

/// What an admin request asks for, once it is clear that it may ask.
package enum AdminRequest: Sendable, Hashable {
    /// Whether the process lives.
    case healthz
    /// Whether it takes new sessions.
    case readyz
    case metrics
    case sessions(SessionFilter)
    case session(SessionID)
    /// What the verdicts said, counted.
    case causes
    /// How the endpoints of clusters stand.
    case endpoints
    /// How far the drains of endpoints are.
    case drains
    /// Drains an endpoint, or takes that back.
    case drain(DrainRequest)
    /// What is captured, and what came of it.
    case capture
    /// Changes what is captured.
    case captureOrder(CaptureOrder)
    case index
    /// 400, with what is wrong in a sentence.
    case malformed(String)
    /// 404
    case notFound
    /// 405: GET and HEAD, but for the one path where POST has an effect.
    case methodNotAllowed
    /// 421: a Host that is not ours; a page whose name was rebound to this address.
    case misdirected
    /// 401: the token is missing or wrong.
    case unauthorized
    /// 403: a page of another origin asks.
    case forbidden
}

/// Which sessions a list is to have, from the query of `/api/sessions`.
package struct SessionFilter: Sendable, Hashable {
    package var route: String?
    package var endpoint: String?
    /// An address without its port.
    package var client: String?
    package var state: String?
    /// The most sessions to list: 1000, or what the query says, up to 10,000.
    package var limit = 1000

    package init() {}

    /// Takes what the query says; parameters that nobody knows are passed by.
    package init(query: String) {
        for pair in query.split(separator: "&").prefix(32) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = SessionFilter.decode(parts[1]), !value.isEmpty else { continue }
            switch parts[0] {
            case "route": route = value
            case "endpoint": endpoint = value
            case "client": client = value
            case "state": state = value
            case "limit": limit = min(max(Int(value) ?? limit, 1), 10_000)
            default: continue
            }
        }
    }

    /// Whether `session` is to be listed. The limit is not looked at.
    package func includes(_ session: SessionSummary) -> Bool {
        if let route, session.route != route { return false }
        if let endpoint, session.endpoint != endpoint { return false }
        if let client, session.client.host != client, session.forwardedFor != client { return false }
        if let state, session.state.rawValue != state { return false }
        return true
    }

    /// Percent-decoding (RFC 3986 §2.1) with `+` for a blank; nil if it is malformed or not UTF-8.
    static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte == 0x2B ? 0x20 : byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16), high != 0x2B
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
