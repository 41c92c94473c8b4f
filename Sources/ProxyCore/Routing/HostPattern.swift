import Wire

/// Which hosts a route serves: any, exactly one, or everything below a domain (`*.example.com`).
///
/// Hosts compare without regard to ASCII case and to one dot at the end (`example.com.` is the same name).
public enum HostPattern: Sendable, Hashable, CustomStringConvertible {
    case any
    /// The whole name, in lower case.
    case exact([UInt8])
    /// The part behind the star, in lower case, with its dot in front: `.example.com`.
    case suffix([UInt8])

    /// The pattern that `text` spells (`*`, `*.example.com`, `app.example.com`, `[::1]`), or nil.
    ///
    /// A port is refused: routes do not differ by port.
    public init?(_ text: some StringProtocol) {
        if text == "*" {
            self = .any
            return
        }
        let isSuffix = text.hasPrefix("*.")
        let name = isSuffix ? text.dropFirst(2) : text[...]
        let lowered = Array(name.lowercased().utf8)
        if HostPattern.isName(name) {
            self = isSuffix ? .suffix([0x2E] + lowered) : .exact(lowered)
        } else if !isSuffix, name.first == "[", name.contains(":"), SocketAddress(host: name) != nil {
            self = .exact(lowered)
        } else {
            return nil
        }
    }

    /// Whether `host` (a `Host` field's value without its port, an IPv6 address with its brackets) is served.
    public func matches(_ host: RawSpan) -> Bool {
        var count = host.byteCount
        if count > 1, host.byte(at: count - 1) == 0x2E { count -= 1 }
        switch self {
        case .any: return true
        case .exact(let name): return count == name.count && HostPattern.ends(host, upTo: count, with: name)
        case .suffix(let name): return count > name.count && HostPattern.ends(host, upTo: count, with: name)
        }
    }

    public var description: String {
        switch self {
        case .any: "*"
        case .exact(let name): String(decoding: name, as: UTF8.self)
        case .suffix(let name): "*" + String(decoding: name, as: UTF8.self)
        }
    }

    /// How much the pattern says; the larger is tried first. An exact name beats every suffix.
    var specificity: Int {
        switch self {
        case .any: 0
        case .suffix(let name): name.count
        case .exact: .max
        }
    }

    /// Whether `text` is a name as DNS and container networks have them (labels of letters, digits, `-` and `_`), or an IPv4 address.
    public static func isName(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...253).contains(bytes.count) else { return false }
        return bytes.split(separator: 0x2E, omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count)
                && label.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                    default: false
                    }
                }
        }
    }

    private static func ends(_ host: RawSpan, upTo count: Int, with name: [UInt8]) -> Bool {
        let start = count - name.count
        for offset in 0..<name.count {
            var byte = host.byte(at: start + offset)
            if (0x41...0x5A).contains(byte) { byte |= 0x20 }
            if byte != name[offset] { return false }
        }
        return true
    }
}
