import CLinux
import Configuration
import Credentials
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import Wire

// What a request's endpoint depends on besides the policy, and what is learnt from what came of it. A plain cluster (`Cluster.isPlain`)
// has no standing, and none of this is done for it.

extension Worker {
    /// The endpoint for a request, among those that were not tried for it yet.
    func chooseEndpoint(_ exchange: Exchange, _ cluster: UpstreamCluster) -> Int? {
        guard let standing = cluster.standing else { return cluster.pick(tried: exchange.triedEndpoints, random: random.next()) }
        let choice = exchange.choice ?? bind(exchange, cluster.cluster, standing)
        exchange.choice = choice
        let chosen = cluster.choose(
            choice, standing, tried: exchange.triedEndpoints, isSession: exchange.opensTunnel,
            random: random.next(), now: loop.now)
        if let isPanicking = chosen.panicChanged {
            ledger.clusterPanic(cluster.cluster.name, isPanicking, at: loop.now)
        }
        return chosen.index
    }

    // MARK: Affinity

    /// What the request says of where it belongs.
    func bind(_ exchange: Exchange, _ cluster: Cluster, _ standing: ClusterStanding) -> EndpointChoice {
        let choice = EndpointChoice()
        guard let head = exchange.request, let identity = exchange.identity else { return choice }
        if cluster.policy == .hash, let key = cluster.hashKey {
            choice.key = RequestView(head: head, identity: identity, user: exchange.user).hash(key, path: exchange.path)
        }
        guard let rule = cluster.affinity else { return choice }
        var why: String?
        var isBound = false
        switch rule.kind {
        case .cookie(let settings): why = read(settings, head, exchange, cluster, choice)
        case .key(let key):
            choice.key = RequestView(head: head, identity: identity, user: exchange.user).hash(key, path: exchange.path)
            isBound = choice.key != nil
        case .applicationCookie:
            guard let value = rule.learntKey(head) else { break }
            choice.bound = standing.bindings?.find(value, now: loop.now)
            if choice.bound == nil {
                choice.key = KeyHash.of(value)
                why = "unknown"
            }
        case .engineIO:
            if let sid = rule.learntKey(head) {
                choice.bound = standing.bindings?.find(sid, now: loop.now)
                if choice.bound == nil { choice.affinity = AffinityFacts(by: rule.name, outcome: .broken, why: "unknown") }
            } else {
                choice.awaitsSessionName = exchange.observation != nil && !exchange.isUpgrade
            }
        }
        if !isBound, choice.bound == nil, choice.affinity == nil {
            choice.affinity = AffinityFacts(by: rule.name, outcome: .new, why: why)
        }
        return choice
    }

    /// Reads Gatehouse's own cookie; what is wrong with it, if one is there that doesn't count.
    private func read(
        _ settings: AffinityCookie.Settings, _ head: RequestHead, _ exchange: Exchange, _ cluster: Cluster, _ choice: EndpointChoice
    ) -> String? {
        guard let value = head.cookie(settings.name) else { return nil }
        guard let cookie = AffinityCookie(head.bytes[value]) else { return "malformed" }
        let now = wallSeconds
        switch signer(exchange, cluster).verify(cookie.signed(cluster: cluster.name), cookie.code) {
        case .forged: return "forged"
        case .outdated: choice.renewsCookie = true
        case .current: choice.renewsCookie = cookie.isAging(settings, now: now)
        }
        guard !cookie.isStale(settings, now: now) else { return "stale" }
        choice.bound = cookie.endpoint
        return nil
    }

    private func signer(_ exchange: Exchange, _ cluster: Cluster) -> AffinitySigner {
        exchange.state.affinitySigners[cluster.name] ?? .ofProcess
    }

    private var wallSeconds: UInt64 { clinux_realtime() / 1_000_000_000 }

    /// The fields that an answer gets so that its client comes back to the same endpoint.
    func affinityFields(_ exchange: Exchange, _ status: Int) -> [ForwardingContext.ExtraField] {
        guard let choice = exchange.choice, let cluster = exchange.cluster?.cluster, status < 500,
            case .cookie(let settings)? = cluster.affinity?.kind, choice.affinity?.outcome != .kept || choice.renewsCookie,
            let endpoint = exchange.endpoint, let name = FieldName("set-cookie")
        else { return [] }
        let identity = KeyHash.of(endpoint.name.utf8)
        let now = wallSeconds
        guard
            let code = signer(exchange, cluster).sign(
                AffinityCookie.signed(endpoint: identity, issued: now, cluster: cluster.name))
        else { return [] }
        return [
            ForwardingContext.ExtraField(
                name: name, value: AffinityCookie.field(settings, endpoint: identity, issued: now, code: code))
        ]
    }

    /// An answer's head came: what it binds to the endpoint that gave it.
    private func learn(_ exchange: Exchange, _ head: ResponseHead, _ endpoint: UpstreamEndpoint) {
        guard let bindings = exchange.cluster?.standing?.bindings, let value = bindings.rule.learntKey(head) else { return }
        bindings.learn(value, KeyHash.of(endpoint.name.utf8), now: loop.now)
    }

    /// More of an answer's body came: the name of the session that it opens, if that is what it is.
    func learnSessionName(_ exchange: Exchange, _ body: [UInt8]) {
        guard let choice = exchange.choice, choice.awaitsSessionName, let endpoint = exchange.endpoint,
            let bindings = exchange.cluster?.standing?.bindings
        else { return }
        if let sid = EngineIOReading.sid(body) {
            bindings.learn(sid, KeyHash.of(endpoint.name.utf8), now: loop.now)
            choice.awaitsSessionName = false
        } else if body.count >= EngineIOReading.limit {
            choice.awaitsSessionName = false
        }
    }

    /// The outcome, counted once for each request.
    func countAffinity(_ exchange: Exchange) {
        if let outcome = exchange.choice?.affinity?.outcome { metrics.affinity[outcome].add(1) }
    }

    // MARK: Health

    /// The endpoint of a request could not be reached.
    func noteUnreachable(_ exchange: Exchange) {
        guard let endpoint = exchange.endpoint else { return }
        if endpoint.endpoint.address == nil { shared.resolver.hurry(endpoint.endpoint) }
        note(.connectFailed, exchange)
    }

    /// The endpoint of a request took it and gave no answer that can be passed on.
    func noteUnanswered(_ exchange: Exchange) { note(.handshakeFailed, exchange) }

    /// The endpoint of a request answered.
    func noteAnswer(_ exchange: Exchange, _ head: ResponseHead) {
        guard exchange.cluster?.standing != nil, let endpoint = exchange.endpoint else { return }
        let isUpgrade = exchange.opensTunnel
        // A request may fail for what it asks for; a gateway's errors are of the one who answers.
        let isFailure = isUpgrade ? head.status >= 500 : (502...504).contains(head.status)
        note(isFailure ? .handshakeFailed : .answered, exchange)
        learn(exchange, head, endpoint)
    }

    private func note(_ event: EndpointStanding.Event, _ exchange: Exchange) {
        guard let cluster = exchange.cluster, let rule = cluster.cluster.health, let standing = cluster.standing,
            let endpoint = exchange.endpoint, let index = cluster.endpoints.firstIndex(where: { $0 === endpoint })
        else { return }
        switch standing.endpoints[index].note(event, rule, now: loop.now) {
        case .ready?:
            ledger.endpointReady(endpoint.name, cluster: cluster.cluster.name, slowStart: rule.slowStart, at: loop.now)
        case .ejected(let span, let count)?:
            let reason = exchange.failure?.name ?? (event == .handshakeFailed ? "server_error" : nil)
            ledger.endpointEjected(
                endpoint.name, cluster: cluster.cluster.name, for: span, count: count, reason: reason, at: loop.now)
        case .unhealthy?, nil: break
        }
    }

    /// Once a second, by one worker: what metrics show of the endpoints' states.
    func publishHealth() {
        guard index == 0 else { return }
        // By index: without optimisation, an array's iterator allocates for each element.
        for place in clusters.indices where clusters[place].standing != nil && clusters[place].cluster.health != nil {
            publishHealth(of: clusters[place])
        }
    }

    private func publishHealth(of cluster: UpstreamCluster) {
        guard let standing = cluster.standing else { return }
        for (endpoint, standing) in zip(cluster.endpoints, standing.endpoints) {
            cluster.metrics(of: endpoint)?.show(EndpointCondition(standing.state))
        }
    }
}

extension EndpointCondition {
    init(_ state: EndpointHealth.State) {
        switch state {
        case .ready: self = .ready
        case .warming: self = .warming
        case .ejected: self = .ejected
        case .unhealthy: self = .unhealthy
        }
    }
}
