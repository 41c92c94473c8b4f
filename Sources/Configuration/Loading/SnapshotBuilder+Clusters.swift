import ProxyCore
import Wire

extension SnapshotBuilder {
    /// The named clusters, in the order of the file.
    mutating func buildClusters() {
        for (name, written) in root.map("clusters")?.entries ?? [] {
            guard case .map(let map) = written.value else { continue }
            var endpoints: [Endpoint] = []
            for item in map.list("endpoints") ?? [] {
                guard case .endpoint(let endpoint) = item.value else { continue }
                if endpoints.contains(endpoint) { report(item, "\(endpoint) a second time", "each endpoint once") }
                endpoints.append(endpoint)
            }
            if map.any("endpoints") == nil || map.list("endpoints")?.isEmpty == true {
                report(
                    map.any("endpoints") ?? written, "a cluster without endpoints", "at least one endpoint",
                    "add endpoints: [http://127.0.0.1:8000]")
            }
            var cluster = Cluster(name: name, endpoints: endpoints)
            routing(map, of: &cluster)
            cluster.tls = upstreamTLS(map.any("tls"), for: endpoints)
            clusters.append(cluster)
        }
    }

    /// How endpoints, or a service, are spoken to over TLS.
    mutating func upstreamTLS(_ written: Decoded?, for endpoints: [Endpoint]) -> UpstreamTLS {
        guard let written, case .map(let map) = written.value else { return UpstreamTLS() }
        if !endpoints.isEmpty, !endpoints.contains(where: \.isSecure) {
            report(
                written, "TLS settings for endpoints that are spoken to without TLS", "https endpoints, or no tls",
                "write https:// in the endpoint, or remove tls")
        }
        let verify = map.boolean("verify") ?? true
        if !verify, let place = map.any("verify") {
            warn(
                place, "certificates of the upstream that are not checked", "verify: true",
                "anybody between Gatehouse and the endpoint can read and change everything; give its authority with ca instead"
            )
        }
        for (has, needs) in [("certificate", "key"), ("key", "certificate")] where map.any(needs) == nil {
            if let place = map.any(has) {
                report(place, "a \(has) without its \(needs)", "certificate and key together", "add \(needs): FILE")
            }
        }
        return UpstreamTLS(
            serverName: map.text("server_name"), authorityFile: map.text("ca"), verify: verify,
            certificateFile: map.text("certificate"), keyFile: map.text("key"), keyLogFile: keyLog(map))
    }

    /// The place of the cluster of one endpoint that `upstream` stands for; equal ones share it.
    ///
    /// Its name is the endpoint's URL, which no name in the file can be.
    private mutating func upstreamCluster(_ written: Decoded) -> Int? {
        var endpoint: Endpoint?
        var tls = UpstreamTLS()
        switch written.value {
        case .endpoint(let value): endpoint = value
        case .map(let map):
            if case .endpoint(let value)? = map.any("url")?.value { endpoint = value }
            if map.any("url") == nil {
                report(written, "an upstream without url", "url: scheme://host:port", "add url: http://127.0.0.1:8000")
            }
            tls = upstreamTLS(map.any("tls"), for: endpoint.map { [$0] } ?? [])
        default: break
        }
        guard let endpoint else { return nil }
        var cluster = Cluster(name: endpoint.description, endpoints: [endpoint], tls: tls)
        if case .map(let map) = written.value { fitness(map, of: &cluster) }
        if let index = clusters.firstIndex(of: cluster) { return index }
        clusters.append(cluster)
        return clusters.count - 1
    }

    // MARK: Clusters of routes

    /// The place of the cluster that a route names, or that its `upstream` stands for; nil if there is none.
    mutating func clusterIndex(_ map: DecodedMap, at place: Decoded) -> Int? {
        let names = clusters.map(\.name).filter(ScalarDecoder.isName)
        switch (map.any("cluster"), map.any("upstream")) {
        case (let cluster?, let upstream?):
            report(
                cluster, "a cluster beside an upstream", "one of the two", "remove \(upstream.key) or \(cluster.key)")
            return nil
        case (nil, let upstream?):
            return upstreamCluster(upstream)
        case (let cluster?, nil):
            guard case .text(let name) = cluster.value else { return nil }
            if let index = clusters.firstIndex(where: { $0.name == name }) { return index }
            // A cluster that is there but faulty has been reported already.
            if root.map("clusters")?.any(name) != nil { return nil }
            let nearest = NearestName.of(name, among: names).map { "did you mean \($0)?" }
            report(
                cluster, "the name \(Excerpt.quoted(name)), which no cluster has",
                names.isEmpty ? "a name under clusters" : "one of " + names.joined(separator: ", "),
                nearest ?? (names.isEmpty ? "add clusters: {\(name): {endpoints: [http://127.0.0.1:8000]}}" : nil))
            return nil
        case (nil, nil):
            if let backend { return backendCluster(backend) }
            guard !isPartial else { return nil }
            let remedy: String
            if let name = names.first {
                remedy = "add cluster: \(name)"
            } else if place.key.hasPrefix("routes") {
                remedy = "add upstream: http://127.0.0.1:8000"
            } else {
                remedy = "add upstream: http://127.0.0.1:8000 to the file, or --upstream or GATEHOUSE_UPSTREAM"
            }
            var place = place
            if !place.key.hasPrefix("routes") { place.key = "upstream" }
            report(place, "nothing to forward to", "upstream, or cluster with the name of one of clusters", remedy)
            return nil
        }
    }

    /// The place of the cluster of the command that `gatehouse run` starts.
    private mutating func backendCluster(_ endpoint: Endpoint) -> Int {
        let cluster = Cluster(name: endpoint.description, endpoints: [endpoint])
        if let index = clusters.firstIndex(of: cluster) { return index }
        clusters.append(cluster)
        return clusters.count - 1
    }
}
