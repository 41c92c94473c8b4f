package import HTTPWire

/// What a request's `Upgrade` comes to (RFC 6455 §4.2.1, RFC 9110 §7.8; threats C1, C5–C8).
package enum UpgradeRequest: Sendable, Hashable {
    /// No upgrade is asked for.
    case none
    /// Some other protocol (h2c, TLS): the fields are removed and the request goes on as HTTP/1.1.
    case ignored
    /// A WebSocket opening handshake whose form is right.
    case webSocket
    /// A WebSocket opening handshake that no server may accept.
    case refused(Refusal)

    package enum Refusal: String, Sendable, Hashable, CaseIterable {
        case methodNotGet = "upgrade_method_not_get"
        case versionTooOld = "upgrade_on_http_1_0"
        case bodyPresent = "upgrade_with_body"
        case connectionOptionMissing = "upgrade_connection_option_missing"
        case versionFieldMissing = "upgrade_version_missing"
        case versionFieldRepeated = "upgrade_version_repeated"
        /// The answer is 426 with `Sec-WebSocket-Version: 13`.
        case versionUnsupported = "upgrade_version_unsupported"
        case keyMissing = "upgrade_key_missing"
        case keyRepeated = "upgrade_key_repeated"
        case keyInvalid = "upgrade_key_invalid"

        package var status: Int { self == .versionUnsupported ? 426 : 400 }
    }

    package init(_ head: RequestHead) {
        guard head.section.has(KnownField.upgrade) else {
            self = .none
            return
        }
        guard head.contains(token: "websocket", in: .upgrade) else {
            self = .ignored
            return
        }
        self = UpgradeRequest.refusal(head).map { .refused($0) } ?? .webSocket
    }

    private static func refusal(_ head: RequestHead) -> Refusal? {
        if head.method != .get { return .methodNotGet }
        if head.version != .http11 { return .versionTooOld }
        switch head.framing {
        case .none, .contentLength(0): break
        default: return .bodyPresent
        }
        if !head.connection.contains(.upgrade) { return .connectionOptionMissing }
        guard let version = head.section.firstIndex(of: .secWebSocketVersion) else { return .versionFieldMissing }
        if head.section.index(of: .secWebSocketVersion, from: version + 1) != nil { return .versionFieldRepeated }
        if !head.bytes.equals("13", at: head.fields[version].value) { return .versionUnsupported }
        guard let key = head.section.firstIndex(of: .secWebSocketKey) else { return .keyMissing }
        if head.section.index(of: .secWebSocketKey, from: key + 1) != nil { return .keyRepeated }
        return isKey(head.bytes, head.fields[key].value) ? nil : .keyInvalid
    }

    /// Whether these are 16 octets in base64: 22 digits and two signs of equality.
    private static func isKey(_ bytes: [UInt8], _ value: Range<Int>) -> Bool {
        value.count == 24
            && value.prefix(22).allSatisfy {
                bytes[$0].isLetter || bytes[$0].isDigit || bytes[$0] == 0x2B || bytes[$0] == 0x2F
            }
            && value.suffix(2).allSatisfy { bytes[$0] == 0x3D }
    }
}
