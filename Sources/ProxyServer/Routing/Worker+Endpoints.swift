import Configuration
import EventLoop
import ProxyCore
import Wire

// Which endpoints a worker knows: those of its configuration, and those of earlier ones for as long as something uses them.
//
// An endpoint is one object for all who use it: clusters, requests under way, open sessions, and held ones by the cluster in which they
// seek. So whoever is referred to by nobody but the worker's list is in nobody's use, and is forgotten, with its name if it has one.
// Its number is never given again: a kept connection carries it, and may tell of itself after that.

extension Worker {
    /// Takes over the clusters of the present configuration; what is under way keeps its own.
    func adoptClusters() {
        clusters = state.snapshot.clusters.map { cluster in
            UpstreamCluster(
                cluster, endpoints: cluster.endpoints.map(member), cursor: UInt32(truncatingIfNeeded: random.next()),
                metrics: metrics, standing: cluster.isPlain ? nil : shared.standings.of(cluster, now: loop.now))
        }
        let current = Set(clusters.flatMap { $0.endpoints.map(\.index) })
        for endpoint in endpoints where !current.contains(endpoint.index) {
            for idle in endpoint.takeAll() { loop.close(idle.connection, .now) }
        }
        _ = forgetUnused()
        showDrains()
        keepNames()
    }

    private func member(_ endpoint: Endpoint) -> UpstreamEndpoint {
        // A kept endpoint keeps its addresses, load and connections; TLS settings may have changed, so
        // secured connections are not kept across a reload.
        if !endpoint.isSecure, let known = endpoints.first(where: { $0.endpoint == endpoint }) { return known }
        let made = UpstreamEndpoint(endpoint, index: nextEndpointIndex)
        nextEndpointIndex &+= 1
        if made.addresses.isEmpty { made.addresses = EndpointAddresses(shared.resolver.addresses(of: endpoint)) }
        // A drain is the operator's word on the endpoint, and a reload doesn't take it back.
        made.isDraining = endpointDrains.contains { $0.endpoint == endpoint }
        endpoints.append(made)
        return made
    }

    /// The endpoint with this number, if it is still known. Asked for kept connections alone.
    func endpoint(numbered index: UInt32) -> UpstreamEndpoint? { endpoints.first { $0.index == index } }

    /// Once a second: what sessions that ended meanwhile have left behind.
    func sweepEndpoints() {
        if forgetUnused() { keepNames() }
    }

    /// Forgets the endpoints that nobody refers to; whether there were any.
    private func forgetUnused() -> Bool {
        var hasForgotten = false
        // By index: without optimisation, an array's iterator allocates for each element.
        var place = endpoints.count
        while place > 0 {
            place -= 1
            guard isKnownUniquelyReferenced(&endpoints[place]) else { continue }
            for idle in endpoints.remove(at: place).takeAll() { loop.close(idle.connection, .now) }
            hasForgotten = true
        }
        return hasForgotten
    }

    /// Has the resolver ask for the names of these endpoints, and for this worker's sake for no others.
    private func keepNames() {
        shared.resolver.keep(endpoints.compactMap { $0.endpoint.address == nil ? $0.endpoint : nil }, for: index)
    }
}
