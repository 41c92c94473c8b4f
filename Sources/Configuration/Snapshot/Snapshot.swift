public import ProxyCore
public import Wire

/// One configuration, whole and checked: what a process runs with until the next reload replaces it by another.
///
/// Made by `Snapshot.load`, which collects every problem before it gives up, and never changed afterwards: connections
/// keep the snapshot under which they were accepted.
public struct Snapshot: Sendable {
    /// Where connections are accepted; at least one.
    public var listeners: [Listener] = [Listener(address: Snapshot.defaultListener)]
    /// Peers whose `X-Forwarded-*` and `Forwarded` fields are believed.
    public var trustedProxies: [AddressBlock] = []
    /// Which of these fields they keep up to date.
    public var forwardedFamily = ForwardedFamily.extended
    /// At least one; `Route.clusterIndex` points into it.
    public var clusters: [Cluster]
    /// At least one route, most specific first.
    public var routes: RouteTable
    /// `AuthenticationRule.store` of a route's gate points into it.
    public var credentials: [CredentialSettings] = []
    /// The keys that sign affinity cookies, by the cluster's name; without an entry one is drawn at start.
    public var affinityKeys: [String: [Secret]] = [:]
    public var websocket = WebSocketSettings()
    public var diagnosis = DiagnosisSettings()
    public var log = LogSettings()
    public var admin = AdminSettings()
    /// The path on the public port that serves the state of WebSocket service; nil for none.
    public var healthPath: String?
    public var limits = Limits()
    /// What holds before a route is chosen, and for routes that say nothing else.
    public var timeouts = Timeouts()
    public var drain = DrainSettings()
    public var restart = RestartSettings()
    public var capture = CaptureSettings()
    public var io = IOBackend.auto
    /// Event loops; nil for one per core.
    public var workers: Int?
    /// The file it came from, for messages and for the reload; nil if flags and environment were enough.
    public var file: String?
    /// What isn't wrong but must be said loudly at start (`verify: false`).
    public var warnings: [ConfigurationProblem] = []

    /// `0.0.0.0:8080`.
    public static let defaultListener = SocketAddress(v4: 0, port: 8080)

    /// A configuration of one route to everything; the rest is as the documentation says.
    public init(clusters: [Cluster], routes: RouteTable) {
        self.clusters = clusters
        self.routes = routes
    }
}
