import HTTPWire

/// Compares Origin with Host the ways in which servers do.
enum OriginReading {
    static func read(_ head: RequestHead, scheme: String, into signs: inout SignReading) {
        let bytes = head.bytes
        let host = head.effectiveHost.map { HostAndPort(bytes, $0) }
        if let host {
            if host.isAddress { signs.add(.hostIsAddress, .requestField(.host)) }
            if host.isAddress || host.isInternal { signs.add(.hostIsInternal, .requestField(.host)) }
        }
        guard let value = head.value(of: .origin), !value.isEmpty else {
            signs.add(.originAbsent, .requestField(.origin))
            return
        }
        if bytes.matches("null", at: value) {
            signs.add(.originNull, .requestField(.origin))
            return
        }
        guard let colon = bytes.find("://", in: value), let host else {
            signs.add(.originOtherHost, .requestField(.origin))
            return
        }
        let isSecure = bytes.matches("https", at: value.lowerBound..<colon)
        let origin = HostAndPort(bytes, colon + 3..<value.upperBound)
        if isSecure != (scheme == "https") { signs.add(.originOtherScheme, .requestField(.origin)) }
        guard origin.host != host.host else {
            let standard = isSecure ? "443" : "80"
            let isSamePort = (origin.port ?? standard) == (host.port ?? standard)
            signs.add(isSamePort ? .originSameHost : .originOtherPort, .requestField(.origin))
            return
        }
        signs.add(.originOtherHost, .requestField(.origin))
        if origin.isSibling(of: host) { signs.add(.originSiblingHost, .requestField(.origin)) }
    }
}

/// `host[:port]`, the host in lower case.
struct HostAndPort {
    let host: String
    let port: String?

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.init(String(decoding: bytes[range.clamped(to: 0..<bytes.count)].prefix(255).map { $0.asLowercase }, as: UTF8.self))
    }

    init(_ text: String) {
        if let colon = text.utf8.lastIndex(of: 0x3A), !text.utf8[colon...].contains(0x5D) {
            host = String(text[..<colon])
            port = String(text[text.utf8.index(after: colon)...])
        } else {
            host = text
            port = nil
        }
    }

    /// An IPv4 or IPv6 address, or `localhost`.
    var isAddress: Bool {
        host == "localhost" || host.hasPrefix("[")
            || (!host.isEmpty && host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) })
    }

    /// A name that the public DNS doesn't have: a single label, or one of the endings for private use.
    var isInternal: Bool {
        !host.utf8.contains(0x2E)
            || [".local", ".internal", ".lan", ".svc", ".localdomain", ".home.arpa"].contains { host.hasSuffix($0) }
    }

    /// Whether the two differ only by `www.`, or share the two last labels.
    func isSibling(of other: HostAndPort) -> Bool {
        guard !isAddress, !other.isAddress else { return false }
        return HostAndPort.domain(host) == HostAndPort.domain(other.host)
    }

    private static func domain(_ host: String) -> Substring {
        var dots = 0
        var index = host.utf8.endIndex
        while index > host.utf8.startIndex {
            let before = host.utf8.index(before: index)
            if host.utf8[before] == 0x2E {
                dots += 1
                if dots == 2 { return host[index...] }
            }
            index = before
        }
        return host[...]
    }
}
