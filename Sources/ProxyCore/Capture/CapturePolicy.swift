package import Diagnosis
package import Wire

/// What of a route's sessions is captured, and how much of each: the decision, without the files.
package struct CapturePolicy: Sendable, Hashable {
    /// When a session reaches the file.
    package enum Mode: String, Sendable, Hashable, CaseIterable {
        case off
        /// Everything, as it is relayed.
        case always
        /// The heads and the last bytes, and only when the session is refused or ends badly.
        case blackBox = "black-box"
    }

    package var mode = Mode.off
    package var payload = PayloadRule()
    /// Whether secrets in heads are made unreadable before they leave the worker.
    package var redacts = true
    /// Bytes of memory that a session's black box takes.
    package var ring = 8 << 10
    /// How many of a million sessions are captured.
    package var sample = 1_000_000
    /// Only clients with these addresses; empty: all.
    package var clients: [AddressBlock] = []
    /// Only sessions of these users; empty: all, those without a user too.
    package var users: [[UInt8]] = []
    /// A black box is only written for these causes; empty: for any.
    package var causes: Set<Cause> = []

    package init() {}

    /// Whether a session of this client is to be looked at, as far as that can be told before its user is known.
    ///
    /// - Parameter chance: 0 ..< 1,000,000, drawn for the session.
    package func covers(_ client: SocketAddress, forwarded: SocketAddress, chance: Int) -> Bool {
        guard mode != .off, chance < sample else { return false }
        return clients.isEmpty || clients.contains { $0.contains(client) || $0.contains(forwarded) }
    }

    /// Whether a session of this user is captured; nil: nobody was named.
    package func covers(user: [UInt8]?) -> Bool {
        guard !users.isEmpty else { return true }
        return user.map { users.contains($0) } ?? false
    }

    /// Whether the black box of a session with this verdict is written.
    package func covers(_ cause: Cause?) -> Bool {
        guard !causes.isEmpty else { return true }
        return cause.map { causes.contains($0) } ?? false
    }

    /// The cause of that id, if the catalogue has it.
    package static func cause(_ id: String) -> Cause? { Cause(rawValue: id) }
}

/// What becomes of the payloads of frames in a capture.
package struct PayloadRule: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable { case keep, cut, mask }

    package var kind = Kind.keep
    /// For `cut`: bytes of each frame's payload that are kept.
    package var limit = 64
    /// For `mask`: what is replaced in JSON texts; all else is replaced wholly.
    package var paths: [MaskPath] = []

    package init(_ kind: Kind = .keep, limit: Int = 64, paths: [MaskPath] = []) {
        self.kind = kind
        self.limit = limit
        self.paths = paths
    }
}
