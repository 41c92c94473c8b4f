package import ProxyCore
package import Wire

/// One configuration, whole and checked: what a process runs with until the next reload replaces it by another.
///
/// Made by `Snapshot.load`, which collects every problem before it gives up, and never changed afterwards: connections
/// keep the snapshot under which they were accepted.
package struct Snapshot: Sendable {
    /// Where connections are accepted; at least one.
    package var listeners: [Listener] = [Listener(address: Snapshot.defaultListener)]
    /// Peers whose `X-Forwarded-*` and `Forwarded` fields are believed.
    package var trustedProxies: [AddressBlock] = []
    /// At least one; `Route.clusterIndex` points into it.
    package var clusters: [Cluster]
    /// At least one route, most specific first.
    package var routes: RouteTable
    /// `AuthenticationRule.store` of a route's gate points into it.
    package var credentials: [CredentialSettings] = []
    /// The keys that sign affinity cookies, by the cluster's name; without an entry one is drawn at start.
    package var affinityKeys: [String: [Secret]] = [:]
    package var websocket = WebSocketSettings()
    package var diagnosis = DiagnosisSettings()
    package var log = LogSettings()
    package var admin = AdminSettings()
    /// The path on the public port that serves the state of WebSocket service; nil for none.
    package var healthPath: String?
    package var limits = Limits()
    /// What holds before a route is chosen, and for routes that say nothing else.
    package var timeouts = Timeouts()
    package var drain = DrainSettings()
    package var restart = RestartSettings()
    package var capture = CaptureSettings()
    package var io = IOBackend.auto
    /// Event loops; nil for one per core.
    package var workers: Int?
    /// The file it came from, for messages and for the reload; nil if flags and environment were enough.
    package var file: String?
    /// What isn't wrong but must be said loudly at start (`verify: false`).
    package var warnings: [ConfigurationProblem] = []

    /// `0.0.0.0:8080`.
    package static let defaultListener = SocketAddress(v4: 0, port: 8080)

    /// A configuration of one route to everything; the rest is as the documentation says.
    package init(clusters: [Cluster], routes: RouteTable) {
        self.clusters = clusters
        self.routes = routes
    }
}
