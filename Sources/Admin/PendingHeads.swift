import HTTPWire

/// Connections of the admin listener that have not sent a whole head yet: few, and for a short time.
///
/// Who sends nothing, or a byte now and then, must not keep others out. So there is room for `limit` of them; one more, and the eldest is
/// let go: whoever means to ask sends its head at once and is long answered. The shell closes those that `headTimeout` finds here still.
///
/// What a connection sends after its head, or after it became too large, is read and dropped: a socket that is closed with bytes unread is
/// reset by the kernel, and the answer is lost with it.
public struct PendingHeads<Connection: Hashable & Sendable> {
    /// What became of received bytes.
    public enum Reading: Sendable, Equatable {
        /// More is needed.
        case waiting
        /// The head, without what follows it; the connection isn't pending any more.
        case whole([UInt8])
        /// The head is longer than `headLimit`; the connection isn't pending any more.
        case tooLarge
        /// Nobody waits for these bytes.
        case surplus
    }

    private let limit: Int
    private let headLimit: Int
    private var heads: [Connection: [UInt8]] = [:]
    /// The eldest first.
    private var order: [Connection] = []

    public init(limit: Int = 64, headLimit: Int = 16 << 10) {
        self.limit = limit
        self.headLimit = headLimit
    }

    public var count: Int { order.count }

    /// Takes a connection that was accepted; the one that is to be closed for it, if there are too many.
    public mutating func accepted(_ connection: Connection) -> Connection? {
        let eldest = order.count >= limit ? order.first : nil
        if let eldest { forget(eldest) }
        heads[connection] = []
        order.append(connection)
        return eldest
    }

    /// Takes what a connection sent.
    public mutating func received(_ connection: Connection, _ bytes: some Collection<UInt8>) -> Reading {
        guard var head = heads[connection] else { return .surplus }
        // Taken out meanwhile, so that the bytes are appended in place.
        heads[connection] = []
        head.append(contentsOf: bytes)
        var scanner = HeadScanner(limit: headLimit)
        switch scanner.scan(head.span.bytes) {
        case .needMore:
            heads[connection] = head
            return .waiting
        case .tooLarge:
            forget(connection)
            return .tooLarge
        case .complete(let length):
            forget(connection)
            return .whole(Array(head[..<length]))
        }
    }

    /// The eldest of which something holds.
    public func eldest(where holds: (Connection) -> Bool) -> Connection? { order.first(where: holds) }

    /// The connection is over, or its time is; whether it was pending.
    @discardableResult
    public mutating func forget(_ connection: Connection) -> Bool {
        guard heads.removeValue(forKey: connection) != nil else { return false }
        order.removeAll { $0 == connection }
        return true
    }
}
