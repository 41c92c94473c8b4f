public import HTTPWire
import Wire

/// A web origin as RFC 6454 compares it: scheme, host and port, each in its one spelling.
///
/// Scheme and host in lower case, the scheme's default port filled in. Hosts are A-labels or addresses; anything outside the narrow
/// grammar of `Authority` (userinfo, percent escapes, octets above 0x7F, a path) is no origin. A dot behind the last label makes
/// another host, as it does for browsers.
public struct Origin: Sendable, Hashable, CustomStringConvertible {
    public let scheme: [UInt8]
    /// An IPv6 address with its brackets, in the form of RFC 5952.
    public let host: [UInt8]
    /// 0 where the scheme has no default port and none is named (`capacitor://localhost`).
    public let port: UInt16

    public init(scheme: [UInt8], host: [UInt8], port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// The origin that `text` spells.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes, 0..<bytes.count)
    }

    /// The origin that the octets of `range` spell: `scheme "://" host [":" port]`, and nothing behind it (RFC 6454 §7.1).
    public init?(_ bytes: [UInt8], _ range: Range<Int>) {
        let range = range.clamped(to: 0..<bytes.count)
        guard let colon = range.prefix(32).first(where: { bytes[$0] == 0x3A }), colon + 3 < range.upperBound,
            bytes[colon + 1] == 0x2F, bytes[colon + 2] == 0x2F
        else { return nil }
        let scheme = bytes[range.lowerBound..<colon].map(\.lowercased)
        guard let first = scheme.first, first.isLetter,
            scheme.allSatisfy({ $0.isLetter || $0.isDigit || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E })
        else { return nil }
        let place = colon + 3..<range.upperBound
        guard let authority = Authority(bytes, place) else { return nil }
        self.init(scheme: scheme, authority: authority, in: bytes)
    }

    /// The origin that a request is for: its own scheme and host, as the hops in front said them.
    public init?(scheme: [UInt8], authority: Authority, in bytes: [UInt8]) {
        var host = bytes[authority.host].map(\.lowercased)
        if authority.isBracketed {
            guard let address = SocketAddress(host: String(decoding: host, as: UTF8.self)) else { return nil }
            host = address.isV4 ? host : Array("[\(address.host)]".utf8)
        }
        self.init(scheme: scheme, host: host, port: authority.port ?? Origin.defaultPort(scheme))
    }

    static func defaultPort(_ scheme: [UInt8]) -> UInt16 {
        if scheme.elementsEqual("https".utf8) { return 443 }
        if scheme.elementsEqual("http".utf8) { return 80 }
        return 0
    }

    /// `https://app.example.com`, with the port if it isn't the scheme's own.
    public var description: String {
        let name = String(decoding: scheme, as: UTF8.self) + "://" + String(decoding: host, as: UTF8.self)
        return port == Origin.defaultPort(scheme) ? name : "\(name):\(port)"
    }
}
