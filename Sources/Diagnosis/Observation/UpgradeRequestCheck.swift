public import HTTPWire
import WebSocketWire
import Wire

/// The rules of RFC 6455 §4.1 and §4.2.1 on a request: all that is wrong, not the first thing.
public enum UpgradeRequestCheck {
    /// Whether this request is meant as a WebSocket handshake, even a broken one: it asks for `websocket`, or carries a field that only
    /// handshakes have.
    public static func isWebSocketAttempt(_ head: RequestHead) -> Bool {
        head.contains(token: "websocket", in: .upgrade) || head.section.has(KnownField.secWebSocketKey)
            || head.section.has(KnownField.secWebSocketVersion)
    }

    /// Everything that keeps the request from being a valid handshake, in the order of the RFC; empty if it is one.
    public static func findings(_ head: RequestHead) -> [Finding] {
        var findings: [Finding] = []
        for fault in faults(head) { findings.append(fault.finding(head)) }
        return findings
    }

    /// The faults alone, without text: cheap enough for every handshake.
    public static func faults(_ head: RequestHead) -> [RequestFault] {
        var faults: [RequestFault] = []
        if head.method != .get { faults.append(.method) }
        if head.version == .http10 { faults.append(.version10) }
        if !head.contains(token: "websocket", in: .upgrade) { faults.append(.upgrade) }
        if !head.connection.contains(.upgrade) { faults.append(.connection) }
        switch head.count(of: .secWebSocketKey) {
        case 0: faults.append(.keyMissing)
        case 1:
            if let value = head.value(of: .secWebSocketKey), !isValidKey(head.bytes, value) { faults.append(.keyMalformed) }
        default: faults.append(.keyRepeated)
        }
        if let version = head.value(of: .secWebSocketVersion) {
            if head.count(of: .secWebSocketVersion) > 1 || !head.bytes.equals("13", at: version) {
                faults.append(.versionUnsupported)
            }
        } else {
            faults.append(.versionMissing)
        }
        if head.count(of: .origin) > 1 { faults.append(.originRepeated) }
        if hasBody(head) { faults.append(.body) }
        return faults
    }

    /// The status with which an enforcing server answers the first fault, and the field it then has to send: 426 names the version that
    /// is spoken here (§4.4).
    public static func refusal(_ head: RequestHead) -> (status: Int, needsVersionField: Bool)? {
        refusal(for: faults(head))
    }

    /// The same for faults that were found already.
    public static func refusal(for faults: [RequestFault]) -> (status: Int, needsVersionField: Bool)? {
        guard let first = faults.first(where: { $0 != .originRepeated }) else { return nil }
        switch first {
        case .method: return (405, false)
        case .versionMissing, .versionUnsupported, .upgrade: return (426, true)
        case .version10: return (426, true)
        default: return (400, false)
        }
    }

    static func isValidKey(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        AcceptKey.isValid(key: unsafe bytes.span.bytes.extracting(range.clamped(to: 0..<bytes.count)))
    }

    private static func hasBody(_ head: RequestHead) -> Bool {
        switch head.framing {
        case .none: false
        case .contentLength(let count): count > 0
        default: true
        }
    }
}

/// One thing that is wrong with a request that is meant as a handshake.
public enum RequestFault: Sendable, Hashable, CaseIterable {
    case method, version10, upgrade, connection, keyMissing, keyMalformed, keyRepeated, versionMissing, versionUnsupported
    case originRepeated, body

    /// The field that is concerned; nil for the request line.
    public var field: FieldName? {
        switch self {
        case .method, .version10: nil
        case .upgrade: .upgrade
        case .connection: .connection
        case .keyMissing, .keyMalformed, .keyRepeated: .secWebSocketKey
        case .versionMissing, .versionUnsupported: .secWebSocketVersion
        case .originRepeated: .origin
        case .body: .contentLength
        }
    }

    var sign: Sign {
        switch self {
        case .method: .methodOther
        case .version10: .requestIsHTTP10
        case .upgrade: .upgradeFieldMissing
        case .connection: .connectionTokenMissing
        case .keyMissing: .keyMissing
        case .keyMalformed: .keyMalformed
        case .keyRepeated: .keyRepeated
        case .versionMissing: .versionMissing
        case .versionUnsupported: .versionUnsupported
        case .originRepeated: .originRepeated
        case .body: .requestHasBody
        }
    }

    func finding(_ head: RequestHead) -> Finding {
        let observed = field.flatMap { head.firstFieldText($0) }
        let shown = observed ?? "no such field"
        let (id, text): (String, String) =
            switch self {
            case .method: ("method-not-get", "The method is not GET, the only one that an opening handshake has (RFC 6455 §4.1).")
            case .version10:
                ("http-1-0", "The request speaks HTTP/1.0, which knows no upgrade; HTTP/1.1 is required (RFC 6455 §4.1).")
            case .upgrade: ("upgrade-missing", "`Upgrade: websocket` is required (RFC 6455 §4.1); observed: \(shown).")
            case .connection: ("connection-token-missing", "Connection must name `upgrade` (RFC 6455 §4.1); observed: \(shown).")
            case .keyMissing: ("key-missing", "Sec-WebSocket-Key is required (RFC 6455 §4.1); there is none.")
            case .keyMalformed:
                ("key-malformed", "Sec-WebSocket-Key must be 16 bytes in base64 (RFC 6455 §4.1); observed: \(shown).")
            case .keyRepeated:
                (
                    "key-repeated",
                    "Sec-WebSocket-Key must stand once (RFC 6455 §11.3.1); it stands \(head.count(of: .secWebSocketKey)) times."
                )
            case .versionMissing: ("version-missing", "`Sec-WebSocket-Version: 13` is required (RFC 6455 §4.1); there is none.")
            case .versionUnsupported:
                ("version-unsupported", "Sec-WebSocket-Version must be 13 (RFC 6455 §4.1); observed: \(shown).")
            case .originRepeated: ("origin-repeated", "Origin stands more than once; servers differ in which one they read.")
            case .body: ("body", "An opening handshake has no body (RFC 6455 §4.1); some servers wait for it, others close.")
            }
        let quote =
            switch self {
            case .method, .version10:
                Evidence(
                    what: "request line", observed: Redaction.requestLine(head), expected: "GET … HTTP/1.1",
                    location: .downstream(head.lineRange))
            default:
                Evidence(
                    what: "request field", observed: observed ?? "absent", expected: expected,
                    location: field.flatMap { head.firstFieldRange($0) }.map { .downstream($0) })
            }
        return Finding(
            id: "handshake.\(id)", layer: .handshake, severity: self == .originRepeated || self == .body ? .warning : .failure,
            blame: .client,
            text: text, evidence: [quote])
    }

    private var expected: String? {
        switch self {
        case .upgrade: "Upgrade: websocket"
        case .connection: "Connection: Upgrade"
        case .keyMissing, .keyMalformed, .keyRepeated: "16 random bytes in base64, once"
        case .versionMissing, .versionUnsupported: "Sec-WebSocket-Version: 13"
        case .originRepeated: "one Origin"
        default: nil
        }
    }
}
