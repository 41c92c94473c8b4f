import Admin
import EventLoop
import ProxyCore
import Synchronization
import Wire

/// What the workers share of a cluster whose choice depends on more than its policy.
final class ClusterStanding: Sendable {
    let name: String
    /// In the order of the cluster's endpoints.
    let endpoints: [EndpointStanding]
    let bindings: LearntBindings?
    private let waiters: WaiterCount
    private let panics = Atomic<Bool>(false)

    /// - Parameter before: the one of the configuration before; what it knows of endpoints and bindings goes on.
    fileprivate init(_ cluster: Cluster, _ endpoints: [EndpointStanding], before: ClusterStanding?, now: Timestamp) {
        name = cluster.name
        self.endpoints = endpoints
        if let rule = cluster.affinity, rule.learns {
            bindings = before?.bindings.flatMap { $0.rule == rule ? $0 : nil } ?? LearntBindings(rule, now: now)
        } else {
            bindings = nil
        }
        waiters = before?.waiters ?? WaiterCount()
    }

    /// Whether this is what `cluster` needs, as it is.
    func fits(_ cluster: Cluster) -> Bool {
        name == cluster.name && endpoints.map(\.endpoint) == cluster.endpoints
            && bindings?.rule == cluster.affinity.flatMap { $0.learns ? $0 : nil }
    }

    /// Requests that wait, over all workers.
    var waiting: Int { waiters.count.load(ordering: .relaxed) }

    /// A place among those who wait, while there are fewer than `limit`.
    func ticket(limit: Int) -> WaitTicket? {
        if waiters.count.add(1, ordering: .relaxed).newValue <= limit { return WaitTicket(waiters) }
        waiters.count.subtract(1, ordering: .relaxed)
        return nil
    }

    /// Whether health is ignored at present.
    var isPanicking: Bool { panics.load(ordering: .relaxed) }

    /// Says whether it is; true for the one who says something new.
    func setPanic(_ isPanicking: Bool) -> Bool {
        guard panics.load(ordering: .relaxed) != isPanicking else { return false }
        return panics.exchange(isPanicking, ordering: .relaxed) != isPanicking
    }
}

/// Outlives its cluster where somebody waited across a reload.
final class WaiterCount: Sendable {
    let count = Atomic<Int>(0)
}

/// One who waits, counted for as long as this object lives.
final class WaitTicket {
    private let waiters: WaiterCount

    fileprivate init(_ waiters: WaiterCount) { self.waiters = waiters }

    deinit { waiters.count.subtract(1, ordering: .relaxed) }
}

/// The standings of all clusters that have one.
///
/// Endpoints are known apart from their clusters, so that an endpoint is one and the same for everybody, also while some workers
/// have taken up a new configuration and others have not.
final class Standings: Sendable {
    private struct Known {
        var clusters: [ClusterStanding] = []
        var endpoints: [(cluster: String, standing: EndpointStanding)] = []
    }

    private let known = Mutex(Known())

    /// The standing of `cluster`: the one that is there, or one that takes over from it.
    func of(_ cluster: Cluster, now: Timestamp) -> ClusterStanding {
        known.withLock { known in
            let place = known.clusters.firstIndex { $0.name == cluster.name }
            if let place, known.clusters[place].fits(cluster) { return known.clusters[place] }
            let endpoints = cluster.endpoints.map { endpoint in
                if let found = known.endpoints.first(where: { $0.cluster == cluster.name && $0.standing.endpoint == endpoint }) {
                    return found.standing
                }
                let made = EndpointStanding(endpoint)
                known.endpoints.append((cluster.name, made))
                return made
            }
            let made = ClusterStanding(cluster, endpoints, before: place.map { known.clusters[$0] }, now: now)
            if let place { known.clusters[place] = made } else { known.clusters.append(made) }
            return made
        }
    }

    /// Forgets what the configuration has no more.
    func keep(_ clusters: [Cluster]) {
        known.withLock { known in
            known.clusters.removeAll { standing in !clusters.contains { $0.name == standing.name && !$0.isPlain } }
            known.endpoints.removeAll { known in
                !clusters.contains { $0.name == known.cluster && $0.endpoints.contains(known.standing.endpoint) }
            }
        }
    }

    // MARK: A new process

    /// Everything that was learnt, and from here on what is learnt besides: each time that there is some, `waker` is told.
    func tell(_ limit: Int, _ waker: Waker) -> [LearntBatch] {
        var left = limit
        return learning.map { cluster, bindings in
            let told = bindings.tell(left, waker)
            left -= told.count
            return LearntBatch(cluster: cluster, rule: bindings.rule.name, bindings: told)
        }
    }

    /// What was learnt since the last time.
    func news() -> [LearntBatch] {
        learning.map { LearntBatch(cluster: $0, rule: $1.rule.name, bindings: $1.news()) }.filter { !$0.bindings.isEmpty }
    }

    /// Nobody is told any more.
    func endTelling() { for (_, bindings) in learning { bindings.endTelling() } }

    /// Takes over what another process learnt, as far as the cluster still learns in that way.
    func inherit(_ batch: LearntBatch, now: Timestamp) {
        for (cluster, bindings) in learning where cluster == batch.cluster && bindings.rule.name == batch.rule {
            bindings.inherit(batch.bindings, now: now)
        }
    }

    /// Whether there is a cluster that learns.
    var learns: Bool { !learning.isEmpty }

    private var learning: [(String, LearntBindings)] {
        known.withLock { $0.clusters }.compactMap { standing in standing.bindings.map { (standing.name, $0) } }
    }

    /// For the admin API.
    var report: [ClusterReport] {
        known.withLock { $0.clusters }.map { cluster in
            ClusterReport(
                name: cluster.name,
                endpoints: cluster.endpoints.map {
                    ClusterReport.Endpoint(name: $0.name, state: $0.state, failures: $0.failures, seats: $0.sessions)
                }, waiting: cluster.waiting, isPanicking: cluster.isPanicking, bindings: cluster.bindings?.count)
        }
    }
}
