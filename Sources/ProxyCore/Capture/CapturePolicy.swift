public import Diagnosis
public import Wire

/// What of a route's sessions is captured, and how much of each: the decision, without the files.
public struct CapturePolicy: Sendable, Hashable {
    /// When a session reaches the file.
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        case off
        /// Everything, as it is relayed.
        case always
        /// The heads and the last bytes, and only when the session is refused or ends badly.
        case blackBox = "black-box"
    }

    public var mode = Mode.off
    public var payload = PayloadRule()
    /// Whether secrets in heads are made unreadable before they leave the worker.
    public var redacts = true
    /// Bytes of memory that a session's black box takes.
    public var ring = 8 << 10
    /// How many of a million sessions are captured.
    public var sample = 1_000_000
    /// Only clients with these addresses; empty: all.
    public var clients: [AddressBlock] = []
    /// Only sessions of these users; empty: all, those without a user too.
    public var users: [[UInt8]] = []
    /// A black box is only written for these causes; empty: for any.
    public var causes: Set<Cause> = []

    public init() {}

    /// Whether a session of this client is to be looked at, as far as that can be told before its user is known.
    ///
    /// - Parameter chance: 0 ..< 1,000,000, drawn for the session.
    public func covers(_ client: SocketAddress, forwarded: SocketAddress, chance: Int) -> Bool {
        guard mode != .off, chance < sample else { return false }
        return clients.isEmpty || clients.contains { $0.contains(client) || $0.contains(forwarded) }
    }

    /// Whether a session of this user is captured; nil: nobody was named.
    public func covers(user: [UInt8]?) -> Bool {
        guard !users.isEmpty else { return true }
        return user.map { users.contains($0) } ?? false
    }

    /// Whether the black box of a session with this verdict is written.
    public func covers(_ cause: Cause?) -> Bool {
        guard !causes.isEmpty else { return true }
        return cause.map { causes.contains($0) } ?? false
    }

    /// The cause of that id, if the catalogue has it.
    public static func cause(_ id: String) -> Cause? { Cause(rawValue: id) }
}

/// What becomes of the payloads of frames in a capture.
public struct PayloadRule: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable { case keep, cut, mask }

    public var kind = Kind.keep
    /// For `cut`: bytes of each frame's payload that are kept.
    public var limit = 64
    /// For `mask`: what is replaced in JSON texts; all else is replaced wholly.
    public var paths: [MaskPath] = []

    public init(_ kind: Kind = .keep, limit: Int = 64, paths: [MaskPath] = []) {
        self.kind = kind
        self.limit = limit
        self.paths = paths
    }
}
