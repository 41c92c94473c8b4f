/// What happens to the requests that a match selects.
public struct Route: Sendable, Hashable {
    /// For log lines and metric labels: the configured name, else the match as text (`app.example.com/ws`).
    public var name: String
    public var match: RouteMatch
    /// The name of the cluster that serves it.
    public var cluster: String
    /// The cluster's place in the snapshot's list.
    public var clusterIndex: Int
    public var host: HostPolicy
    /// Nil: the path goes on as it came.
    public var rewrite: PathRewrite?
    public var upgrade: UpgradePolicy
    /// The snapshot's timeouts with the route's own in their place.
    public var timeouts: Timeouts
    /// Who may open a session; nil: everybody.
    public var gate: Gate?
    /// Nil: no pings of Gatehouse's own.
    public var heartbeat: HeartbeatPolicy?
    /// Nil: a session ends with its backend.
    public var hold: HoldPolicy?
    /// What of its sessions is captured.
    public var capture = CapturePolicy()

    public init(
        name: String? = nil, match: RouteMatch = RouteMatch(), cluster: String, clusterIndex: Int,
        host: HostPolicy = .preserve, rewrite: PathRewrite? = nil, upgrade: UpgradePolicy = .webSocketOnly,
        timeouts: Timeouts = Timeouts(), gate: Gate? = nil
    ) {
        self.name = name ?? match.description
        self.match = match
        self.cluster = cluster
        self.clusterIndex = clusterIndex
        self.host = host
        self.rewrite = rewrite
        self.upgrade = upgrade
        self.timeouts = timeouts
        self.gate = gate
    }
}

/// The requests that a route serves.
public struct RouteMatch: Sendable, Hashable, CustomStringConvertible {
    public var host: HostPattern
    public var path: PathPattern

    public init(host: HostPattern = .any, path: PathPattern = .all) {
        self.host = host
        self.path = path
    }

    /// `app.example.com/ws`, `*/`.
    public var description: String { "\(host)\(path)" }
}

/// What the `Host` field of a forwarded request says.
public enum HostPolicy: Sendable, Hashable {
    /// What the client sent: what most applications check the origin against.
    case preserve
    /// The endpoint's own authority.
    case endpoint
    /// A fixed authority.
    case fixed(String)
}

/// Which requests for an upgrade pass.
public enum UpgradePolicy: String, Sendable, Hashable, CaseIterable {
    /// Only those to WebSocket; of any other request the fields that ask for an upgrade are removed, and it goes on as an
    /// ordinary one.
    case webSocketOnly = "websocket"
    /// Any protocol but `h2c` (which smuggles requests past whoever does not read it); what isn't WebSocket is relayed
    /// without being understood.
    case any
}
