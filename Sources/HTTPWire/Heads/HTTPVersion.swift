/// The version in a start line (RFC 9112 §2.3).
public enum HTTPVersion: UInt8, Sendable, Hashable {
    case http10
    /// HTTP/1.1, and every later minor version of 1, which is treated as 1.1 (RFC 9110 §2.5).
    case http11
    /// Missing, malformed, or a major version other than 1: a fault of the head says which.
    case unsupported

    /// The word for logs.
    public var name: StaticString {
        switch self {
        case .http10: "HTTP/1.0"
        case .http11: "HTTP/1.1"
        case .unsupported: "unsupported"
        }
    }
}

/// The methods of RFC 9110 §9 and RFC 5789 that change what Gatehouse does; every other token is `other`.
public enum HTTPMethod: UInt8, Sendable, Hashable {
    case get, head, post, put, delete, options, patch, trace, connect, other

    /// Whether a request may be sent again when nothing is known of its fate (RFC 9110 §9.2.2).
    public var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}

/// The four forms of a request target (RFC 9112 §3.2).
public enum TargetForm: UInt8, Sendable, Hashable {
    case origin, absolute, authority, asterisk
    /// None of them: a fault says why.
    case invalid
}
