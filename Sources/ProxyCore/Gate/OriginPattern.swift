import HTTPWire
import Wire

/// One entry of `origins.allow`.
public enum OriginPattern: Sendable, Hashable, CustomStringConvertible {
    /// Scheme, host and port are these.
    case exact(Origin)
    /// Every host below a domain (`https://*.example.com`), at any depth, the domain itself not; `suffix` begins with the dot.
    case below(scheme: [UInt8], suffix: [UInt8], port: UInt16)
    /// A host at any port (`http://localhost:*`), for development.
    case anyPort(scheme: [UInt8], host: [UInt8])
    /// The origin of the request itself: what a page served by the same host sends.
    case sameHost
    /// `null`: sandboxed frames and pages from files. Anybody can send it.
    case null
    /// Every origin that has a host; not `null`.
    case any

    /// The pattern that `text` spells, or why it is none.
    public init(_ text: String) throws(OriginPatternFault) {
        switch text {
        case "same-host": self = .sameHost
        case "null": self = .null
        case "*": self = .any
        default: self = try OriginPattern.parse(Array(text.utf8))
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(OriginPatternFault) -> OriginPattern {
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .notASCII }
        guard let colon = bytes.firstIndex(of: 0x3A), bytes[(colon + 1)...].starts(with: [0x2F, 0x2F]) else { throw .noScheme }
        var rest = bytes[(colon + 3)...]
        if rest.contains(0x40) { throw .userinfo }
        // Browsers send no path; a single slash at the end is what people copy from an address bar.
        if rest.contains(0x2F) || rest.contains(0x3F) || rest.contains(0x23) { throw .path }
        var anyPort = false
        if rest.suffix(2).elementsEqual([0x3A, 0x2A]) {
            anyPort = true
            rest = rest.dropLast(2)
        }
        let isBelow = rest.starts(with: [0x2A, 0x2E])
        if isBelow { rest = rest.dropFirst(2) }
        if rest.contains(0x2A) { throw .star }
        let plain = bytes[..<(colon + 3)] + rest
        guard let origin = Origin(Array(plain), 0..<plain.count), origin.host.last != 0x2E else { throw .noHost }
        if isBelow {
            guard !anyPort else { throw .star }
            // `https://*.com` would let in half of the world.
            guard origin.host.contains(0x2E) else { throw .tooWide }
            return .below(scheme: origin.scheme, suffix: [0x2E] + origin.host, port: origin.port)
        }
        return anyPort ? .anyPort(scheme: origin.scheme, host: origin.host) : .exact(origin)
    }

    /// Whether `origin` is let in by this pattern; `own` is the origin of the request's own host, if it has one.
    func matches(_ origin: Origin, own: Origin?) -> Bool {
        switch self {
        case .exact(let allowed): origin == allowed
        case .below(let scheme, let suffix, let port):
            origin.scheme == scheme && origin.port == port && origin.host.count > suffix.count
                && origin.host.suffix(suffix.count).elementsEqual(suffix)
        case .anyPort(let scheme, let host): origin.scheme == scheme && origin.host == host
        case .sameHost: own == origin
        case .null: false
        case .any: true
        }
    }

    public var description: String {
        switch self {
        case .exact(let origin): return origin.description
        case .below(let scheme, let suffix, let port):
            let parent = Origin(scheme: scheme, host: Array(suffix.dropFirst()), port: port).description
            let start = scheme.count + 3
            return parent.prefix(start) + "*." + parent.dropFirst(start)
        case .anyPort(let scheme, let host):
            return String(decoding: scheme, as: UTF8.self) + "://" + String(decoding: host, as: UTF8.self) + ":*"
        case .sameHost: return "same-host"
        case .null: return "null"
        case .any: return "*"
        }
    }
}

/// Why a text is no entry of `origins.allow`.
public enum OriginPatternFault: Error, Sendable, Hashable {
    case notASCII, noScheme, userinfo, path, star, noHost, tooWide

    /// What was seen, to stand behind "which".
    public var explanation: String {
        switch self {
        case .notASCII: "has characters that no browser sends in Origin"
        case .noScheme: "has no scheme"
        case .userinfo: "has an @"
        case .path: "has a path, query or fragment"
        case .star: "has a star in a place where none is understood"
        case .noHost: "has no host that could be compared"
        case .tooWide: "covers a whole top-level domain"
        }
    }

    /// What to do.
    public var remedy: String {
        switch self {
        case .notASCII: "write the A-label, as browsers do: https://xn--…"
        case .noScheme: "write https:// in front: browsers send scheme, host and, if it isn't the usual one, the port"
        case .userinfo, .noHost: "write scheme and host: https://app.example.com"
        case .path: "leave everything behind host and port out"
        case .star: "stars stand for subdomains (https://*.example.com) or, alone at the end, for the port (http://localhost:*)"
        case .tooWide: "name a domain of your own: https://*.example.com"
        }
    }
}
