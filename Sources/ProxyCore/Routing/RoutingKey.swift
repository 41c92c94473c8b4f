public import HTTPWire
import Wire

/// What of a request says where it belongs: the key of the policy `hash`, and of affinity by header, query or address.
public enum RoutingKey: Sendable, Hashable, CustomStringConvertible {
    /// The client's address, as far as trusted proxies say it; of IPv6 the /64 network, within which clients change theirs.
    case address
    /// `header.X-Room`: the field's value. A field that stands there twice has none.
    case field(FieldName)
    /// `cookie.session`: the first cookie of the name.
    case cookie([UInt8])
    /// `query.room`: a parameter; one that stands there twice has no value.
    case query([UInt8])
    /// `path.2`: the second segment of the path, counted from 1.
    case segment(Int)
    /// `claims.tenant`: a member of the token's claims.
    case claim([[UInt8]])
    /// `user`: who the gate found.
    case user

    /// Longer values count by their beginning: a key that nobody means is not hashed for its own sake.
    public static let longest = 1024

    /// The key that `text` spells, or nil.
    public init?(_ text: some StringProtocol) {
        if text.hasPrefix("header.") {
            guard let name = FieldName(text.dropFirst(7)) else { return nil }
            self = .field(name)
        } else if text.hasPrefix("cookie.") {
            let name = Array(text.dropFirst(7).utf8)
            guard !name.isEmpty, name.allSatisfy(\.isToken) else { return nil }
            self = .cookie(name)
        } else if text.hasPrefix("path.") {
            guard let number = Int(text.dropFirst(5)), (1...32).contains(number) else { return nil }
            self = .segment(number)
        } else {
            switch RequestReference(text) {
            case .query(let name)?: self = .query(name)
            case .claim(let names)?: self = .claim(names)
            case .user?: self = .user
            case .address?: self = .address
            default: return nil
            }
        }
    }

    /// Whether somebody has to be authenticated for it.
    public var needsUser: Bool {
        switch self {
        case .claim, .user: true
        default: false
        }
    }

    public var description: String {
        switch self {
        case .address: "address"
        case .field(let name): "header.\(name)"
        case .cookie(let name): "cookie." + String(decoding: name, as: UTF8.self)
        case .query(let name): RequestReference.query(name).description
        case .segment(let number): "path.\(number)"
        case .claim(let names): RequestReference.claim(names).description
        case .user: "user"
        }
    }
}

extension RequestView {
    /// The hash of what `key` stands for in this request; nil where it is absent or empty.
    ///
    /// - Parameter path: the canonical path.
    public func hash(_ key: RoutingKey, path: [UInt8]) -> UInt64? {
        switch key {
        case .address:
            let address = identity.address
            return KeyHash.combined(address.isV4 ? 0 : address.high, address.isV4 ? address.low : 0)
        case .field(let name):
            guard head.count(of: name) == 1, let range = head.value(of: name) else { return nil }
            return RequestView.hash(head.bytes[range])
        case .cookie(let name): return head.cookie(name).flatMap { RequestView.hash(head.bytes[$0]) }
        case .segment(let number):
            let segments = path.dropFirst().split(separator: 0x2F, maxSplits: number, omittingEmptySubsequences: false)
            return number <= segments.count ? RequestView.hash(segments[number - 1]) : nil
        case .query(let name): return hash(.query(name))
        case .claim(let names): return hash(.claim(names))
        case .user: return hash(.user)
        }
    }

    private func hash(_ reference: RequestReference) -> UInt64? {
        guard case .one(let octets) = value(reference) else { return nil }
        return RequestView.hash(octets[...])
    }

    private static func hash(_ octets: ArraySlice<UInt8>) -> UInt64? {
        octets.isEmpty ? nil : KeyHash.of(octets.prefix(RoutingKey.longest))
    }
}

extension RequestHead {
    /// The value of the first cookie of a name; the head's limit bounds the search.
    public func cookie(_ name: [UInt8]) -> Range<Int>? {
        for line in values(of: .cookie) {
            var pairs = NamedPairs(cookies: line)
            if let value = pairs.value(of: name, in: bytes) { return value }
        }
        return nil
    }
}
