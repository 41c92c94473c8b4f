public import Wire

/// What sessions are counted under.
public enum SessionKey: Sendable, Hashable {
    /// A client address; of IPv6 the /64 network, which is what one client has.
    case address(high: UInt64, low: UInt64)
    case user(route: String, name: [UInt8])
    case route(String)

    public init(address: SocketAddress) {
        self = address.isV4 ? .address(high: 0, low: address.low) : .address(high: address.high, low: 0)
    }
}

/// How many sessions each key has. As large as there are sessions, no larger: a key without one is forgotten.
public struct SessionCounts: Sendable {
    private var counts: [SessionKey: Int] = [:]

    public init() {}

    /// Counts a session under every key, or under none: then the first key that has as many as it may have is the answer.
    public mutating func admit(_ limits: [(key: SessionKey, limit: Int)]) -> SessionKey? {
        for (key, limit) in limits where counts[key, default: 0] >= limit { return key }
        for (key, _) in limits { counts[key, default: 0] += 1 }
        return nil
    }

    /// A session that was admitted under `keys` is over.
    public mutating func release(_ keys: [SessionKey]) {
        for key in keys {
            let left = counts[key, default: 1] - 1
            counts[key] = left > 0 ? left : nil
        }
    }

    /// Keys that have a session.
    public var count: Int { counts.count }
}
