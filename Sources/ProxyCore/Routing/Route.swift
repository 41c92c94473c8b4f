/// What happens to the requests that a match selects.
package struct Route: Sendable, Hashable {
    /// For log lines and metric labels: the configured name, else the match as text (`app.example.com/ws`).
    package var name: String
    package var match: RouteMatch
    /// The name of the cluster that serves it.
    package var cluster: String
    /// The cluster's place in the snapshot's list.
    package var clusterIndex: Int
    package var host: HostPolicy
    /// Nil: the path goes on as it came.
    package var rewrite: PathRewrite?
    package var upgrade: UpgradePolicy
    /// The snapshot's timeouts with the route's own in their place.
    package var timeouts: Timeouts
    /// Who may open a session; nil: everybody.
    package var gate: Gate?
    /// Nil: no pings of Gatehouse's own.
    package var heartbeat: HeartbeatPolicy?
    /// Nil: a session ends with its backend.
    package var hold: HoldPolicy?
    /// What of its sessions is captured.
    package var capture = CapturePolicy()

    package init(
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
package struct RouteMatch: Sendable, Hashable, CustomStringConvertible {
    package var host: HostPattern
    package var path: PathPattern

    package init(host: HostPattern = .any, path: PathPattern = .all) {
        self.host = host
        self.path = path
    }

    /// `app.example.com/ws`, `*/`.
    package var description: String { "\(host)\(path)" }
}

/// What the `Host` field of a forwarded request says.
package enum HostPolicy: Sendable, Hashable {
    /// What the client sent: what most applications check the origin against.
    case preserve
    /// The endpoint's own authority.
    case endpoint
    /// A fixed authority.
    case fixed(String)
}

/// Which requests for an upgrade pass.
package enum UpgradePolicy: String, Sendable, Hashable, CaseIterable {
    /// Only those to WebSocket; of any other request the fields that ask for an upgrade are removed, and it goes on as an
    /// ordinary one.
    case webSocketOnly = "websocket"
    /// Any protocol but `h2c` (which smuggles requests past whoever does not read it); what isn't WebSocket is relayed
    /// without being understood.
    case any
}
