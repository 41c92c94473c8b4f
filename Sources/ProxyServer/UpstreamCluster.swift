import EventLoop
import ProxyCore
import Telemetry
import Wire

/// A cluster as one worker sees it: its endpoints with their load, and where its policy stands.
final class UpstreamCluster {
    let cluster: Cluster
    let endpoints: [UpstreamEndpoint]
    private var cursor: UInt32
    /// What `Host` says where a client sent none: the first endpoint's authority.
    let authority: [UInt8]
    /// Reused for every choice.
    var candidates: [EndpointPicker.Candidate]
    /// What the workers share of it; nil for a cluster that is only a list and a policy.
    let standing: ClusterStanding?
    /// Requests of this worker that wait for one of its endpoints.
    var line = EndpointLine<Waiter>()
    /// By endpoint. An endpoint may stand in several clusters, and its metrics are told apart by both names.
    private let metrics: [EndpointMetrics]

    init(
        _ cluster: Cluster, endpoints: [UpstreamEndpoint], cursor: UInt32, metrics worker: WorkerMetrics,
        standing: ClusterStanding? = nil
    ) {
        self.standing = standing
        metrics = endpoints.map { worker.endpoint(cluster: cluster.name, endpoint: $0.name) }
        self.cluster = cluster
        self.endpoints = endpoints
        self.cursor = cursor
        authority = Array((cluster.endpoints.first?.authority ?? "").utf8)
        candidates = endpoints.map { _ in EndpointPicker.Candidate() }
    }

    /// The cells of one of the cluster's endpoints.
    func metrics(of endpoint: UpstreamEndpoint) -> EndpointMetrics? {
        endpoints.firstIndex { $0 === endpoint }.map { metrics[$0] }
    }

    /// The endpoint for a request, among those that were not tried for it yet.
    func pick(tried: TriedEndpoints, random: UInt64) -> Int? {
        for index in endpoints.indices {
            candidates[index].sessions = endpoints[index].active
            candidates[index].isUsable = !endpoints[index].isDraining && !tried.contains(index)
        }
        return pickByPolicy(random: random, key: nil)
    }

    /// The choice of the policy among `candidates` as they are.
    func pickByPolicy(random: UInt64, key: UInt64?) -> Int? {
        EndpointPicker.pick(cluster.policy, among: candidates, cursor: &cursor, random: random, key: key)
    }
}

/// One endpoint as one worker sees it: its addresses, its live sessions, and the connections that it keeps.
///
/// A kept connection is idle: anything that comes on it (FIN, RST, or worse, bytes that nobody asked for) makes it
/// unusable, and it is closed at once. The newest is used first, since it is the least likely to be closed by the backend.
final class UpstreamEndpoint {
    /// A connection that waits for its next request.
    struct Idle {
        var connection: ConnectionID
        var channel: SecureChannel?
        var since: Timestamp
    }

    static let maximumIdle = 256
    static let idleLifetime = TimeSpan.seconds(30)

    let endpoint: Endpoint
    /// For logs and metric labels.
    let name: String
    /// What the worker knows it by; no other one has ever had it.
    let index: UInt32
    var addresses: EndpointAddresses
    /// Why there are no addresses, if resolving failed.
    var resolutionError: String?
    var active: UInt32 = 0
    /// It gets nothing new.
    var isDraining = false
    /// When the casebook was last told of a session that ended well here.
    var endTold = Timestamp.zero
    private(set) var idle: [Idle] = []

    init(_ endpoint: Endpoint, index: UInt32) {
        self.endpoint = endpoint
        self.index = index
        name = endpoint.description
        addresses = EndpointAddresses(endpoint.address.map { [$0] } ?? [])
    }

    /// Keeps a connection for the next request; the eldest comes back to be closed when there are too many.
    func keep(_ connection: ConnectionID, _ channel: SecureChannel?, now: Timestamp) -> Idle? {
        idle.append(Idle(connection: connection, channel: channel, since: now))
        return idle.count > UpstreamEndpoint.maximumIdle ? idle.removeFirst() : nil
    }

    /// The newest kept connection, which is the caller's from here on.
    func takeIdle() -> Idle? { idle.popLast() }

    /// Forgets a kept connection that turned out to be unusable.
    func forget(_ connection: ConnectionID) -> Idle? {
        guard let place = idle.firstIndex(where: { $0.connection == connection }) else { return nil }
        return idle.remove(at: place)
    }

    /// Takes out the eldest connection if it has been idle since before `limit`.
    func takeExpired(before limit: Timestamp) -> Idle? {
        guard !idle.isEmpty, idle[0].since < limit else { return nil }
        return idle.removeFirst()
    }

    /// Takes out the kept connections that `isUnfit` names.
    func takeIdle(where isUnfit: (ConnectionID) -> Bool) -> [Idle] {
        let unfit = idle.filter { isUnfit($0.connection) }
        idle.removeAll { kept in unfit.contains { $0.connection == kept.connection } }
        return unfit
    }

    /// Takes out all kept connections.
    func takeAll() -> [Idle] {
        defer { idle = [] }
        return idle
    }
}
