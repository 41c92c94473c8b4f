import HTTPWire
import ProxyCore
import Wire

extension SnapshotBuilder {
    /// What a cluster says of the choice among its endpoints.
    mutating func routing(_ map: DecodedMap, of cluster: inout Cluster) {
        if let policy: BalancingPolicy = map.word("policy") { cluster.policy = policy }
        if let written = map.any("hash_by"), let text = map.text("hash_by") {
            cluster.hashKey = RoutingKey(text)
            if cluster.hashKey == nil {
                report(
                    written, Excerpt.quoted(text),
                    "address, header.NAME, cookie.NAME, query.NAME, path.N (from 1), user or claims.NAME",
                    "write hash_by: query.room, for example")
            }
            if cluster.policy != .hash, map.any("policy").map({ $0.value.isText }) ?? true {
                report(written, "hash_by beside another policy", "policy: hash", "add policy: hash, or remove hash_by")
            }
        } else if cluster.policy == .hash, map.any("hash_by") == nil, let written = map.any("policy") {
            report(written, "hash without anything to hash", "hash_by beside it", "add hash_by: query.room, for example")
        }
        cluster.affinity = map.any("affinity").flatMap { affinity($0, cluster.name) }
        fitness(map, of: &cluster)
    }

    /// What a cluster or a single endpoint says of health, limits and waiting.
    mutating func fitness(_ map: DecodedMap, of cluster: inout Cluster) {
        cluster.maximumSessions = map.integer("max_sessions")
        if let written = map.map("wait") {
            var rule = WaitRule()
            if let span = written.duration("time") { rule.time = span }
            if let count = written.integer("queue") { rule.queue = count }
            cluster.wait = rule
        }
        cluster.health = map.any("health").flatMap { health($0, waits: map.any("wait") != nil) }
    }

    // MARK: Health

    private mutating func health(_ written: Decoded, waits: Bool) -> HealthRule? {
        guard case .map(let map) = written.value else { return nil }
        var rule = HealthRule(panic: waits ? nil : 0)
        if let count = map.integer("failures") { rule.failures = count }
        if let span = map.duration("ejection") { rule.ejection = span }
        if let span = map.duration("longest_ejection") { rule.longestEjection = span }
        if let span = map.duration("slow_start") { rule.slowStart = span }
        if let share = map.integer("panic") { rule.panic = share }
        if rule.longestEjection < rule.ejection, let place = map.any("longest_ejection") ?? map.any("ejection") {
            report(
                place, "a longest ejection of \(DurationText.text(rule.longestEjection)) below the first one",
                "at least \(DurationText.text(rule.ejection))", "raise longest_ejection or lower ejection")
        }
        rule.check = check(map)
        return rule
    }

    private mutating func check(_ map: DecodedMap) -> HealthRule.Check? {
        var check = HealthRule.Check()
        if let path = map.text("path") { check.kinds.append(.http(target: path)) }
        if let path = map.text("websocket") { check.kinds.append(.webSocket(target: path)) }
        check.host = map.text("host")
        if let span = map.duration("interval") { check.interval = span }
        if let span = map.duration("timeout") { check.timeout = span }
        if let count = map.integer("healthy") { check.healthy = count }
        if let count = map.integer("unhealthy") { check.unhealthy = count }
        guard map.any("path") == nil, map.any("websocket") == nil else { return check.kinds.isEmpty ? nil : check }
        for name in ["host", "interval", "timeout", "healthy", "unhealthy"] {
            if let place = map.any(name) {
                report(
                    place, "\(name) where nothing is checked", "path or websocket beside it", "add path: /healthz or websocket: /ws"
                )
            }
        }
        return nil
    }

    // MARK: Affinity

    private mutating func affinity(_ written: Decoded, _ cluster: String) -> AffinityRule? {
        guard case .map(let map) = written.value else { return nil }
        let names = ["cookie", "application_cookie", "header", "query", "address", "engine_io"]
        let named = names.filter { map.any($0) != nil }
        guard named.count == 1, let name = named.first, let place = map.any(name) else {
            report(
                written, named.isEmpty ? "an affinity to nothing" : named.joined(separator: " beside "),
                "exactly one of " + names.joined(separator: ", "), named.isEmpty ? "add cookie: gatehouse" : "remove all but one")
            return nil
        }
        guard let kind = kind(name, place, cluster) else { return nil }
        var rule = AffinityRule(kind)
        for key in ["entries", "memory"] where !rule.learns {
            if let unused = map.any(key) {
                report(unused, "\(key) where nothing is learnt", "application_cookie or engine_io beside it", "remove \(key)")
            }
        }
        if let count = map.integer("entries") { rule.entries = count }
        if let span = map.duration("memory") { rule.memory = span }
        return rule
    }

    private mutating func kind(_ name: String, _ place: Decoded, _ cluster: String) -> AffinityRule.Kind? {
        switch (name, place.value) {
        case ("cookie", .text(let text)): return .cookie(AffinityCookie.Settings(name: Array(text.utf8)))
        case ("cookie", .map(let map)): return cookie(map, place, cluster).map { .cookie($0) }
        case ("application_cookie", .text(let text)): return .applicationCookie(Array(text.utf8))
        case ("header", .text(let text)): return FieldName(text).map { .key(.field($0)) }
        case ("query", .text(let text)): return .key(.query(Array(text.utf8)))
        case (_, .boolean(true)): return name == "address" ? .key(.address) : .engineIO
        case (_, .boolean(false)):
            report(place, "an affinity that is switched off", "\(name): true, or no affinity", "remove affinity")
            return nil
        default: return nil
        }
    }

    private mutating func cookie(_ map: DecodedMap, _ written: Decoded, _ cluster: String) -> AffinityCookie.Settings? {
        guard let name = map.text("name") else {
            if map.any("name") == nil { report(written, "a cookie without a name", "name", "add name: gatehouse") }
            return nil
        }
        var settings = AffinityCookie.Settings(name: Array(name.utf8))
        if let path = map.text("path") {
            settings.path = path
            if path.contains(";"), let place = map.any("path") {
                report(place, "a path with a semicolon", "a path without one", "a cookie's attribute ends at a semicolon")
            }
        }
        if let span = map.duration("max_age") { settings.maximumAge = span }
        if let site: AffinityCookie.Settings.SameSite = map.word("same_site") { settings.sameSite = site }
        if let secure = map.boolean("secure") { settings.isSecure = secure }
        if let hidden = map.boolean("http_only") { settings.isHTTPOnly = hidden }
        if settings.sameSite == .none, !settings.isSecure, let place = map.any("secure") {
            report(place, "same_site: none without secure", "secure: true", "browsers drop such a cookie; remove secure: false")
        }
        if let keys = map.list("keys") {
            if keys.isEmpty, let place = map.any("keys") {
                report(place, "an empty list", "at least one key", "remove keys for one that is drawn at start")
            }
            affinityKeys[cluster] = texts(keys).map(Secret.init)
        }
        return settings
    }

    /// Keys that need a user, where no route to the cluster finds one.
    mutating func checkHashKeys(_ routes: [Route]) {
        for (name, written) in root.map("clusters")?.entries ?? [] {
            guard let cluster = clusters.first(where: { $0.name == name }), let key = cluster.hashKey, key.needsUser,
                case .map(let map) = written.value, let place = map.any("hash_by"),
                !routes.contains(where: { $0.cluster == name && $0.gate?.authentication != nil })
            else { continue }
            report(
                place, "\(key) where nobody is authenticated", "auth on a route to this cluster",
                "add auth, or hash by something else")
        }
    }
}

extension Decoded.Value {
    fileprivate var isText: Bool { if case .text = self { true } else { false } }
}
