public import HTTPWire

/// One handshake to try: the observed request with one thing changed.
///
/// Changes are kept as edits, not as a finished head: what the request carried (credentials included) stays where it is, and the one
/// who performs the probe draws a fresh key.
public struct ProbeRequest: Sendable, Hashable {
    public let kind: ProbeKind
    /// The change in words: "Origin: https://app.example", "none (control)".
    public let change: String
    /// The method, if it changes.
    public var method: String?
    /// The request target, if it changes.
    public var target: String?
    public var edits: [Edit] = []
    /// Whether the connection is made with TLS, if that changes.
    public var secure: Bool?
    /// The sign that an accepted handshake sets.
    let flip: Sign?

    /// A change of one field.
    public enum Edit: Sendable, Hashable {
        case remove(FieldName)
        /// Replaces the first line of this name, or appends it.
        case set(String, String)
        /// Leaves out every field that only handshakes have, and the options of Connection that ask for one.
        case removeUpgrade
    }

    /// The request as it was observed.
    public static var unchanged: ProbeRequest { ProbeRequest(.control, "none (control)", flip: nil) }

    init(
        _ kind: ProbeKind, _ change: String, flip: Sign?, target: String? = nil, method: String? = nil, secure: Bool? = nil,
        _ edits: [Edit] = []
    ) {
        self.kind = kind
        self.change = change
        self.flip = flip
        self.target = target
        self.method = method
        self.secure = secure
        self.edits = edits
    }

    /// Whether the probe is a handshake (and an accepted one has to be closed), or a plain request.
    public var isHandshake: Bool { !edits.contains(.removeUpgrade) }

    /// The head to send: `original` with the edits, and with `key` in place of its Sec-WebSocket-Key.
    public func head(from original: RequestHead, key: String) -> [UInt8] {
        var lines: [(name: String, value: [UInt8])] = original.fields.map { field in
            (String(decoding: original.bytes[field.name], as: UTF8.self), Array(original.bytes[field.value]))
        }
        if edits.contains(.removeUpgrade) {
            lines.removeAll { line in
                let name = line.name.lowercased()
                return name == "upgrade" || name == "connection" || name.hasPrefix("sec-websocket-")
            }
            lines.append(("Connection", Array("close".utf8)))
        }
        for edit in edits {
            switch edit {
            case .remove(let name): lines.removeAll { $0.name.lowercased() == name.description }
            case .set(let name, let value):
                if let index = lines.firstIndex(where: { $0.name.lowercased() == name.lowercased() }) {
                    lines[index].value = Array(value.utf8)
                } else {
                    lines.append((name, Array(value.utf8)))
                }
            case .removeUpgrade: break
            }
        }
        var bytes: [UInt8] = []
        bytes += Array((method ?? String(decoding: original.bytes[original.methodRange], as: UTF8.self)).utf8) + [0x20]
        bytes += target.map { Array($0.utf8) } ?? Array(original.bytes[original.targetRange])
        bytes += Array((original.version == .http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n").utf8)
        for line in lines {
            // A key that is there is drawn anew; one that is missing or broken on purpose is the client's fault and stays.
            let isKey =
                line.name.lowercased() == "sec-websocket-key" && UpgradeRequestCheck.isValidKey(line.value, 0..<line.value.count)
            bytes += Array("\(line.name): ".utf8) + (isKey ? Array(key.utf8) : line.value) + [0x0D, 0x0A]
        }
        return bytes + [0x0D, 0x0A]
    }
}
