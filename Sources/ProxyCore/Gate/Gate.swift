// Who may open a session on a route.
//
//     origin ──► credentials ──► permission ──► limits ──► endpoint
//     403         401 / 503       403           429 / 503
//
// Theory of operation. Each rule looks at the request and what the rules before it learnt, and answers with a refusal or with
// nothing. The order is that of cost and of what may be known: whether a credential is valid isn't told to a foreign page. A rule
// that is `report_only` decides and is logged, and lets pass; then nobody is authenticated by it, and what needs a user finds none.
// Nothing fails open: what can't be read or checked is refused.

/// The rules of one route. Immutable and shared: requests hold it, none copies it.
public final class Gate: Sendable, Hashable {
    public let origins: OriginRule?
    public let authentication: AuthenticationRule?
    public let permission: PermissionRule?
    public let limits: SessionLimits
    /// Plain requests are judged too, not only upgrades: for transports that fall back to polling (threat A11).
    public let coversRequests: Bool

    public init(
        origins: OriginRule? = nil, authentication: AuthenticationRule? = nil, permission: PermissionRule? = nil,
        limits: SessionLimits = SessionLimits(), coversRequests: Bool = false
    ) {
        self.origins = origins
        self.authentication = authentication
        self.permission = permission
        self.limits = limits
        self.coversRequests = coversRequests
    }

    /// Whether there is a rule at all.
    public var isOpen: Bool { origins == nil && authentication == nil && permission == nil && limits == SessionLimits() }

    public static func == (a: Gate, b: Gate) -> Bool {
        a === b
            || (a.origins == b.origins && a.authentication == b.authentication && a.permission == b.permission
                && a.limits == b.limits && a.coversRequests == b.coversRequests)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(origins)
        hasher.combine(limits)
    }
}

/// How many sessions a route, an address or a user may have; nil for no limit of its own.
public struct SessionLimits: Sendable, Hashable {
    public var sessions: Int?
    public var sessionsPerUser: Int?
    public var upgradesPerSecond: Int?
    /// Messages that one session's client may send in a second.
    public var messagesPerSecond: Int?
    /// Bytes of one message; its sessions' frames are enforced.
    public var messageSize: UInt64?
    /// Nil: as the limits of the process have it.
    public var onLimit: OnLimit?

    public init() {}
}
