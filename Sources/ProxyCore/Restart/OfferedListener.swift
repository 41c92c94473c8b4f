public import Wire

/// Listening sockets that one process has and another may take over.
public struct OfferedListener: Sendable, Hashable {
    /// What is accepted there.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case plain
        case tls
        /// From somebody who doesn't know: a service manager's socket.
        case unspecified
        case admin
        /// The control socket of hot restarts.
        case control
        /// Where a process that hands over writes who its successor is, for one that was the first and still stands for all of them.
        case lineage

        /// Whether it has an address.
        public var isBound: Bool { self != .control && self != .lineage }
    }

    public var kind: Kind
    /// As bound; nil where there is none.
    public var address: SocketAddress?
    /// How many descriptors: one for each worker that had a socket of its own.
    public var count: Int

    public init(_ kind: Kind, _ address: SocketAddress?, count: Int) {
        self.kind = kind
        self.address = address
        self.count = count
    }
}

/// All that a process offers to its successor.
public struct RestartOffer: Sendable, Hashable {
    /// Descriptors in all that a successor takes.
    public static let descriptorLimit = 4096

    /// How many hot restarts there were before the offering process; 0 for one that began by itself.
    public var generation: Int
    /// In the order of the descriptors that follow.
    public var listeners: [OfferedListener]
    /// In which version it can tell what it learnt; nil: it has nothing to tell.
    public var learntVersion: Int?

    public init(generation: Int, listeners: [OfferedListener], learntVersion: Int? = nil) {
        self.generation = generation
        self.listeners = listeners
        self.learntVersion = learntVersion
    }

    public var descriptorCount: Int { listeners.reduce(0) { $0 + $1.count } }
}
