import Wire

/// Where the handshake goes: what the URL of a WebSocket says (RFC 6455 §3).
public struct DiagnosePlace: Sendable, Hashable {
    /// Without brackets, as it was written.
    public var host: String
    public var port: UInt16
    public var isSecure: Bool
    /// Path and query, verbatim; begins with a slash.
    public var target: String

    /// What is wrong with a URL, and what to write instead. Never repeats the query: it may hold a token.
    public struct Fault: Error, Sendable, Hashable {
        public var sentence: String
    }

    /// A place that is known already.
    public init(host: String, port: UInt16, isSecure: Bool, target: String = "/") {
        self.host = host
        self.port = port
        self.isSecure = isSecure
        self.target = target
    }

    /// Reads a URL with the scheme `ws`, `wss`, `http` or `https`.
    public init(_ text: String) throws(Fault) {
        guard let mark = DiagnosePlace.schemeEnd(text) else {
            throw Fault(sentence: "the URL has no scheme; write ws://HOST:PORT/PATH, or wss:// where the page is on https")
        }
        let scheme = text[..<mark.lowerBound].lowercased()
        switch scheme {
        case "ws", "http": isSecure = false
        case "wss", "https": isSecure = true
        default: throw Fault(sentence: "the scheme is \"\(DiagnosePlace.shown(scheme))\"; a WebSocket has ws:// or wss://")
        }
        let rest = text[mark.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let tail = rest[authority.endIndex...]
        guard !authority.contains("@") else {
            throw Fault(sentence: "the URL has a user before its host; give it with --header 'Authorization: Basic …' or --bearer")
        }
        guard tail.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
            throw Fault(sentence: "the path has a blank, a control character or one beyond ASCII; write it percent-encoded (%20)")
        }
        target = tail.first == "/" ? String(tail) : "/" + tail
        (host, port) = try DiagnosePlace.authority(String(authority), isSecure: isSecure)
    }

    /// `host[:port]` as the Host field has it: without a port that the scheme implies.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == DiagnosePlace.standardPort(isSecure) ? name : "\(name):\(port)"
    }

    /// The origin of a page of this host.
    public var origin: String { "\(isSecure ? "https" : "http")://\(authority)" }

    public static func standardPort(_ isSecure: Bool) -> UInt16 { isSecure ? 443 : 80 }

    private static func authority(_ text: String, isSecure: Bool) throws(Fault) -> (String, UInt16) {
        var name = Substring(text)
        var digits: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw Fault(sentence: "the IPv6 address has no closing bracket") }
            name = text[text.index(after: text.startIndex)..<end]
            let behind = text[text.index(after: end)...]
            guard behind.isEmpty || behind.first == ":" else { throw Fault(sentence: "behind the brackets only :PORT is expected") }
            if !behind.isEmpty { digits = behind.dropFirst() }
            guard SocketAddress(host: name) != nil else { throw Fault(sentence: "what stands in the brackets is no IPv6 address") }
        } else if let colon = text.lastIndex(of: ":") {
            name = text[..<colon]
            digits = text[text.index(after: colon)...]
            guard !name.contains(":") else { throw Fault(sentence: "an IPv6 address stands in brackets: ws://[::1]:8000/") }
        }
        guard !name.isEmpty else { throw Fault(sentence: "the URL has no host; write ws://HOST:PORT/PATH") }
        guard name.utf8.count <= 253, name.utf8.allSatisfy({ (0x21..<0x7F).contains($0) && !DiagnosePlace.forbidden.contains($0) })
        else {
            throw Fault(
                sentence: "the host is no name: at most 253 letters, digits, dots and dashes are expected (other scripts as xn--…)")
        }
        guard let digits, !digits.isEmpty else { return (String(name), standardPort(isSecure)) }
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits), port > 0 else {
            throw Fault(sentence: "the port is no number from 1 to 65535")
        }
        return (String(name), port)
    }

    /// Characters that no host has (URL standard, "forbidden host code points").
    private static let forbidden = Set("\"#%/<>?@[\\]^`{|}".utf8)

    private static func schemeEnd(_ text: String) -> Range<String.Index>? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let behind = text[colon...]
        guard behind.hasPrefix("://") else { return nil }
        return colon..<text.index(colon, offsetBy: 3)
    }

    private static func shown(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(20).filter { (0x20..<0x7F).contains($0.value) }))
    }
}
