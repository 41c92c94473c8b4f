package import Wire

/// Listening sockets that one process has and another may take over.
package struct OfferedListener: Sendable, Hashable {
    /// What is accepted there.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
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
        package var isBound: Bool { self != .control && self != .lineage }
    }

    package var kind: Kind
    /// As bound; nil where there is none.
    package var address: SocketAddress?
    /// How many descriptors: one for each worker that had a socket of its own.
    package var count: Int

    package init(_ kind: Kind, _ address: SocketAddress?, count: Int) {
        self.kind = kind
        self.address = address
        self.count = count
    }
}

/// All that a process offers to its successor.
package struct RestartOffer: Sendable, Hashable {
    /// Descriptors in all that a successor takes.
    package static let descriptorLimit = 4096

    /// How many hot restarts there were before the offering process; 0 for one that began by itself.
    package var generation: Int
    /// In the order of the descriptors that follow.
    package var listeners: [OfferedListener]
    /// In which version it can tell what it learnt; nil: it has nothing to tell.
    package var learntVersion: Int?

    package init(generation: Int, listeners: [OfferedListener], learntVersion: Int? = nil) {
        self.generation = generation
        self.listeners = listeners
        self.learntVersion = learntVersion
    }

    package var descriptorCount: Int { listeners.reduce(0) { $0 + $1.count } }
}
