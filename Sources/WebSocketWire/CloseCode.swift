/// The code of a closing handshake (RFC 6455 §7.4 and the registry that it opened). A *status code* is HTTP's.
public struct CloseCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public var rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public init(_ number: UInt16) { self.rawValue = number }

    public static let normal = CloseCode(1000)
    public static let goingAway = CloseCode(1001)
    public static let protocolError = CloseCode(1002)
    public static let unsupportedData = CloseCode(1003)
    /// Only in programs: "the close frame had no code". Never on the wire.
    public static let noCode = CloseCode(1005)
    /// Only in programs: "no close frame came". Never on the wire.
    public static let abnormal = CloseCode(1006)
    public static let invalidPayload = CloseCode(1007)
    public static let policyViolation = CloseCode(1008)
    public static let messageTooBig = CloseCode(1009)
    public static let extensionRequired = CloseCode(1010)
    public static let internalError = CloseCode(1011)
    public static let serviceRestart = CloseCode(1012)
    public static let tryAgainLater = CloseCode(1013)
    public static let badGateway = CloseCode(1014)
    /// Only in programs: "the TLS handshake failed". Never on the wire.
    public static let tlsFailed = CloseCode(1015)

    /// Whether a close frame may carry this code: defined or registered ones, 3000–3999 of libraries and
    /// 4000–4999 of applications (§7.4.2). 1004 is reserved, 1005, 1006 and 1015 are for programs only (§7.4.1).
    public var isValidOnWire: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// A name for logs and the page.
    public var name: String {
        switch rawValue {
        case 1000: "normal"
        case 1001: "going-away"
        case 1002: "protocol-error"
        case 1003: "unsupported-data"
        case 1005: "no-code"
        case 1006: "abnormal"
        case 1007: "invalid-payload"
        case 1008: "policy-violation"
        case 1009: "message-too-big"
        case 1010: "extension-required"
        case 1011: "internal-error"
        case 1012: "service-restart"
        case 1013: "try-again-later"
        case 1014: "bad-gateway"
        case 1015: "tls-failed"
        case 3000: "unauthorized"
        case 3003: "forbidden"
        case 3008: "timeout"
        case 3000...3999: "library"
        case 4000...4999: "application"
        default: "invalid"
        }
    }

    /// What the code says, in a sentence.
    public var meaning: String {
        switch rawValue {
        case 1000: "The purpose of the connection is fulfilled."
        case 1001: "The endpoint goes away: the server stops, or the browser left the page."
        case 1002: "The endpoint met a breach of the WebSocket protocol."
        case 1003: "The endpoint got a type of data that it can't accept, for example binary where it reads text only."
        case 1004: "Reserved; it must not be used."
        case 1005: "The close frame carried no code (a program says so; it never stands on the wire)."
        case 1006: "The connection ended without a close frame (a program says so; it never stands on the wire)."
        case 1007: "The endpoint got a message whose data doesn't fit its type, for example text that is not UTF-8."
        case 1008: "The endpoint got a message, or a session, that its policy doesn't allow."
        case 1009: "The endpoint got a message that is too big for it."
        case 1010: "The client expected an extension that the server did not negotiate."
        case 1011: "The server met a condition that keeps it from going on."
        case 1012: "The service restarts; clients may reconnect after a random delay."
        case 1013: "The service is overloaded; clients should try again later."
        case 1014: "A gateway got an invalid answer from the server behind it."
        case 1015: "The TLS handshake failed (a program says so; it never stands on the wire)."
        case 3000: "The endpoint demands authentication."
        case 3003: "The endpoint is not permitted to do this."
        case 3008: "The endpoint took too long."
        case 3000...3999: "A code that a library or framework registered; its documentation says what it means."
        case 4000...4999: "A code of the application itself; its documentation says what it means."
        default: "A code that may not stand on the wire."
        }
    }

    public var description: String { "\(rawValue) \(name)" }
}
