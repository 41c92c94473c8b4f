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
        guard !origin.hasSameHost(as: host) else {
            let isSamePort = origin.hasSamePort(as: host, standard: isSecure ? "443" : "80")
            signs.add(isSamePort ? .originSameHost : .originOtherPort, .requestField(.origin))
            return
        }
        signs.add(.originOtherHost, .requestField(.origin))
        if origin.isSibling(of: host) { signs.add(.originSiblingHost, .requestField(.origin)) }
    }
}

/// `host[:port]` where it stands in a head: every handshake is compared, so nothing is copied. Hosts know no case.
struct HostAndPort {
    private let bytes: [UInt8]
    private let hostRange: Range<Int>
    private let portRange: Range<Int>?

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        let all = range.clamped(to: 0..<bytes.count)
        let range = all.lowerBound..<min(all.upperBound, all.lowerBound + 255)
        self.bytes = bytes
        // The last colon, unless it stands within an IPv6 address.
        if let colon = range.last(where: { bytes[$0] == 0x3A || bytes[$0] == 0x5D }), bytes[colon] == 0x3A {
            hostRange = range.lowerBound..<colon
            portRange = colon + 1..<range.upperBound
        } else {
            hostRange = range
            portRange = nil
        }
    }

    init(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes, 0..<bytes.count)
    }

    /// In lower case.
    var host: String { bytes.printable(hostRange).lowercased() }

    var port: String? { portRange.map { bytes.printable($0) } }

    /// An IPv4 or IPv6 address, or `localhost`.
    var isAddress: Bool {
        guard let first = hostRange.first else { return false }
        return bytes.matches("localhost", at: hostRange) || bytes[first] == 0x5B
            || hostRange.allSatisfy { bytes[$0] == 0x2E || (0x30...0x39).contains(bytes[$0]) }
    }

    /// A name that the public DNS doesn't have: a single label, or one of the endings for private use.
    var isInternal: Bool {
        !hostRange.contains { bytes[$0] == 0x2E } || HostAndPort.privateEndings.contains { ends(in: $0) }
    }

    private static let privateEndings: [StaticString] = [".local", ".internal", ".lan", ".svc", ".localdomain", ".home.arpa"]

    private func ends(in text: StaticString) -> Bool {
        hostRange.count >= text.utf8CodeUnitCount && bytes.spells(text, at: hostRange.upperBound - text.utf8CodeUnitCount)
    }

    /// Whether both name the same host.
    func hasSameHost(as other: HostAndPort) -> Bool { bytes.equalsIgnoringCase(hostRange, other.bytes, other.hostRange) }

    /// Whether both name the same port, where `standard` is the one that nobody writes.
    func hasSamePort(as other: HostAndPort, standard: StaticString) -> Bool {
        func isStandard(_ side: HostAndPort) -> Bool { side.portRange.map { side.bytes.equals(standard, at: $0) } ?? true }
        guard let portRange, let otherRange = other.portRange else { return isStandard(self) && isStandard(other) }
        return bytes[portRange].elementsEqual(other.bytes[otherRange])
    }

    /// Whether the two differ only by `www.`, or share the two last labels.
    func isSibling(of other: HostAndPort) -> Bool {
        guard !isAddress, !other.isAddress else { return false }
        return bytes.equalsIgnoringCase(domain, other.bytes, other.domain)
    }

    private var domain: Range<Int> {
        var dots = 0
        for index in hostRange.reversed() where bytes[index] == 0x2E {
            dots += 1
            if dots == 2 { return index + 1..<hostRange.upperBound }
        }
        return hostRange
    }
}
