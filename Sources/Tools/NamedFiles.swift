import Configuration
import ProxyCore
import ProxyServer

/// The certificates, keys and users that a configuration names, loaded as `serve` would.
///
/// A start stops at the first that can't be used. Who looks before a start wants all of them, so each is loaded as if it stood alone.
enum NamedFiles {
    /// A sentence for each that can't be used, each once; none if all can.
    static func faults(of snapshot: Snapshot) -> [String] {
        var faults: [String] = []
        for part in parts(of: snapshot) {
            if let fault = Server.problem(of: part), !faults.contains(fault) { faults.append(fault) }
        }
        // What only together is wrong.
        if faults.isEmpty, let fault = Server.problem(of: withoutKeyLogs(snapshot)) { faults.append(fault) }
        return faults
    }

    /// The configuration in pieces: in each one thing that has files.
    private static func parts(of snapshot: Snapshot) -> [Snapshot] {
        var parts: [Snapshot] = []
        func add(_ change: (inout Snapshot) -> Void) {
            var part = Snapshot(clusters: [], routes: RouteTable([]))
            change(&part)
            parts.append(part)
        }
        for listener in withoutKeyLogs(snapshot).listeners {
            for pair in listener.tls?.certificates ?? [] {
                var one = listener
                one.tls?.certificates = [pair]
                add { $0.listeners = [one] }
                // An authority that can't be read would hide what is wrong with the certificate, or the other way round.
                one.tls?.clientAuthorityFile = nil
                add { $0.listeners = [one] }
            }
        }
        for cluster in snapshot.clusters {
            for tls in pieces(of: cluster.tls) {
                var one = cluster
                one.tls = tls
                add { $0.clusters = [one] }
            }
        }
        for settings in snapshot.credentials {
            var one = settings
            one.token?.tls.keyLogFile = nil
            add { $0.credentials = [one] }
        }
        for route in snapshot.routes.routes {
            guard let rule = route.gate?.authentication, let forward = rule.forward else { continue }
            for tls in pieces(of: forward.tls) {
                var one = route
                one.gate = Gate(authentication: asking(rule, tls))
                add { $0.routes = RouteTable([one]) }
            }
        }
        return parts
    }

    /// The authorities, and the certificate of Gatehouse's own.
    private static func pieces(of tls: UpstreamTLS) -> [UpstreamTLS] {
        var (authorities, identity) = (tls, tls)
        authorities.keyLogFile = nil
        (authorities.certificateFile, authorities.keyFile) = (nil, nil)
        guard tls.certificateFile != nil else { return [authorities] }
        (identity.keyLogFile, identity.authorityFile) = (nil, nil)
        return [authorities, identity]
    }

    /// The rule, with its service spoken to in another way.
    private static func asking(_ rule: AuthenticationRule, _ tls: UpstreamTLS) -> AuthenticationRule {
        var rule = rule
        rule.forward?.tls = tls
        return rule
    }

    /// Loading opens a key log, and makes it if it isn't there: not by looking.
    private static func withoutKeyLogs(_ snapshot: Snapshot) -> Snapshot {
        var snapshot = snapshot
        for index in snapshot.listeners.indices { snapshot.listeners[index].tls?.keyLogFile = nil }
        for index in snapshot.clusters.indices { snapshot.clusters[index].tls.keyLogFile = nil }
        for index in snapshot.credentials.indices { snapshot.credentials[index].token?.tls.keyLogFile = nil }
        snapshot.routes = RouteTable(
            snapshot.routes.routes.map { route in
                guard let rule = route.gate?.authentication, var tls = rule.forward?.tls else { return route }
                tls.keyLogFile = nil
                // Its other rules have no files.
                var route = route
                route.gate = Gate(authentication: asking(rule, tls))
                return route
            })
        return snapshot
    }
}
