import ProxyCore
import Wire

extension SnapshotBuilder {
    // MARK: Clusters

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

    // MARK: Routes

    /// The routes of the file: a list, or the one whose keys stand at the top.
    mutating func buildRoutes(_ timeouts: Timeouts) -> [Route] {
        let shorthand = [
            "upstream", "cluster", "match", "host", "rewrite", "upgrade", "heartbeat", "hold", "origins", "auth", "permission",
            "guards",
        ].compactMap { root.any($0) }
        var routes: [Route] = []
        if let written = root.any("routes") {
            for key in shorthand {
                report(
                    key, "a key of a route beside routes", "either routes, or the keys of one route at the top",
                    "move \(key.key) into a route; {match: {path: /}} serves what no other route does")
            }
            guard case .list(let items) = written.value else { return [] }
            if items.isEmpty { report(written, "an empty list", "at least one route") }
            for item in items {
                if case .map(let map) = item.value, let route = route(map, at: item, timeouts) {
                    checkEqual(route, to: routes, at: item)
                    routes.append(route)
                }
            }
        } else {
            let place = shorthand.first ?? Decoded(value: .faulty, source: wholeFile, key: "upstream")
            if let route = route(root, at: place, timeouts, overrides: false) { routes.append(route) }
        }
        warnAboutUnused(routes)
        checkHashKeys(routes)
        if let backend { checkReached(backend, routes) }
        return routes
    }

    /// `gatehouse run` makes no sense where no request could come to what it starts.
    private mutating func checkReached(_ backend: Endpoint, _ routes: [Route]) {
        guard problems.isEmpty, !routes.contains(where: { $0.cluster == backend.description }) else { return }
        let place =
            root.any("routes") ?? root.any("upstream") ?? root.any("cluster")
            ?? Decoded(value: .faulty, source: wholeFile, key: "upstream")
        report(
            place, "no way to the command that gatehouse run starts",
            "a route without upstream and cluster: it goes to the command",
            root.any("routes") == nil
                ? "remove \(place.key) (from the file, the flags and the environment), or use gatehouse serve"
                : "remove upstream or cluster from the route that is the command's, or use gatehouse serve")
    }

    /// The place of the cluster of the command that `gatehouse run` starts.
    private mutating func backendCluster(_ endpoint: Endpoint) -> Int {
        let cluster = Cluster(name: endpoint.description, endpoints: [endpoint])
        if let index = clusters.firstIndex(of: cluster) { return index }
        clusters.append(cluster)
        return clusters.count - 1
    }

    private var wholeFile: ConfigurationSource {
        file.map { .file($0, line: 0, column: 0) } ?? .default
    }

    private mutating func route(
        _ map: DecodedMap, at place: Decoded, _ timeouts: Timeouts, overrides: Bool = true
    ) -> Route? {
        let index = clusterIndex(map, at: place)
        let match = match(map.map("match"))
        let (rewrite, host) = rewriting(map)
        guard let index else { return nil }
        var route = Route(
            name: map.text("name"), match: match, cluster: clusters[index].name, clusterIndex: index, host: host,
            rewrite: rewrite)
        if let upgrade: UpgradePolicy = map.word("upgrade") { route.upgrade = upgrade }
        route.gate = gate(map, ofRoute: overrides)
        if route.gate != nil, route.upgrade == .any, let written = map.any("upgrade") {
            report(
                written, "any upgrade beside origins, auth, permission or limits of the route", "upgrade: websocket",
                "only WebSocket is understood well enough to be let in by rules; remove upgrade")
        }
        route.timeouts = overrides ? self.timeouts(map.map("timeouts"), over: timeouts) : timeouts
        route.heartbeat = heartbeat(map.any("heartbeat"), idle: route.timeouts.idle)
        route.hold = hold(map.any("hold"))
        route.capture = capturePolicy(ofRoute: overrides ? map.map("capture") : nil)
        return route
    }

    private mutating func clusterIndex(_ map: DecodedMap, at place: Decoded) -> Int? {
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

    private func match(_ map: DecodedMap?) -> RouteMatch {
        var match = RouteMatch()
        guard let map else { return match }
        if case .host(let pattern)? = map.any("host")?.value { match.host = pattern }
        let path = map.text("path") ?? "/"
        if let pattern = try? PathPattern(path, exact: map.boolean("exact") ?? false) { match.path = pattern }
        return match
    }

    private mutating func rewriting(_ map: DecodedMap) -> (PathRewrite?, HostPolicy) {
        var host = map.text("host") == "rewrite" ? HostPolicy.endpoint : .preserve
        guard let rewrite = map.map("rewrite") else { return (nil, host) }
        if let fixed = rewrite.text("host") {
            if let written = map.any("host") {
                report(
                    written, "host beside rewrite.host", "one of the two", "remove host; rewrite.host says what is sent"
                )
            }
            host = .fixed(fixed)
        }
        let strip = rewrite.any("strip_prefix")
        let replace = rewrite.any("replace_prefix")
        let with = rewrite.any("with")
        if let strip, replace != nil || with != nil {
            report(strip, "strip_prefix beside replace_prefix or with", "one of the two", "remove one of them")
            return (nil, host)
        }
        if let replace, with == nil {
            report(replace, "replace_prefix without with", "both", "add with: /PATH, or use strip_prefix")
        }
        if let with, replace == nil { report(with, "with without replace_prefix", "both", "add replace_prefix: /PATH") }
        if let prefix = rewrite.text("strip_prefix") { return (.strip(prefix: Array(prefix.utf8)), host) }
        if let prefix = rewrite.text("replace_prefix"), let with = rewrite.text("with") {
            return (.replace(prefix: Array(prefix.utf8), with: Array(with.utf8)), host)
        }
        return (nil, host)
    }

    // MARK: Routes together

    private mutating func checkEqual(_ route: Route, to others: [Route], at place: Decoded) {
        if let other = others.first(where: { $0.match == route.match }) {
            report(
                place, "a route that matches the same as an earlier one (\(other.match))",
                "routes that differ in host or path",
                "only one of them could ever be used; remove one or change its match")
        } else if let other = others.first(where: { $0.name == route.name }) {
            report(place, "the name \(other.name) a second time", "a name of its own for each route")
        }
    }

    private mutating func warnAboutUnused(_ routes: [Route]) {
        guard problems.isEmpty else { return }
        for (name, written) in root.map("clusters")?.entries ?? [] where !routes.contains(where: { $0.cluster == name }) {
            warn(written, "a cluster that no route names", "a cluster that is used", "remove it, or name it in a route")
        }
    }
}
