import ProxyCore
import Wire

extension SnapshotBuilder {
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

    private var wholeFile: ConfigurationSource {
        file.map { .file($0, line: 0, column: 0) } ?? .default
    }

    private mutating func route(
        _ map: DecodedMap, at place: Decoded, _ timeouts: Timeouts, overrides: Bool = true
    ) -> Route? {
        let index = clusterIndex(map, at: place)
        let (rewrite, host) = rewriting(map)
        // Also of a route that goes nowhere yet: whatever else is wrong with it is told in the same run.
        var route = Route(
            name: map.text("name"), match: match(map.map("match")), cluster: index.map { clusters[$0].name } ?? "",
            clusterIndex: index ?? 0, host: host, rewrite: rewrite)
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
        return index == nil ? nil : route
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
