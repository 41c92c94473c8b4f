import Configuration
import Diagnosis
import EventLoop
import ProxyCore
import WebSocketWire
import Wire

// The last of the gate: how many. Whom the rules let in is counted here, or waits, or is refused for want of room.

extension Worker {
    /// Counts the session, unless it would be one too many, and goes on.
    func admit(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ gate: Gate?) {
        guard exchange.opensTunnel else { return connect(session, exchange) }
        // Who comes while others of the route wait goes behind them, and takes nothing of what they wait for.
        let limits = exchange.state.snapshot.limits
        let full: (GateRefusal, OnLimit)?
        if (gate?.limits.onLimit ?? limits.onLimit) == .queue, let ahead = roomLineAhead(exchange) {
            full = (GateRefusal(waiting: ahead), .queue)
        } else {
            full = admission(exchange, gate)
        }
        guard let (refusal, onLimit) = full else { return connect(session, exchange) }
        switch onLimit {
        case .queue where waitForRoom(session, exchange, refusal): return
        // Only WebSocket has a close frame to say it with.
        case .close where exchange.isUpgrade:
            refuse(session, exchange, refusal, closingWith: refusal.status == 429 ? .policyViolation : .tryAgainLater)
        case .refuse, .queue, .close: refuse(session, exchange, refusal)
        }
    }

    /// What a route's rate of upgrades is kept under; that of the process has no name.
    static func rateName(ofRoute name: String) -> String { "route " + name }

    /// Counts the upgrade under every limit, or under none; then the one that is full, and what becomes of who is above it.
    func admission(_ exchange: Exchange, _ gate: Gate?) -> (GateRefusal, OnLimit)? {
        let limits = exchange.state.snapshot.limits
        let onRouteLimit = gate?.limits.onLimit ?? limits.onLimit
        let name = exchange.route?.name ?? ""
        guard exchange.takeSeat(shared, limit: limits.sessions) else {
            return (GateRefusal(.route(""), of: limits.sessions), limits.onLimit)
        }
        var wanted: [(key: SessionKey, limit: Int)] = []
        if limits.sessionsPerAddress > 0, let identity = exchange.identity, exchange.isClientKnown {
            wanted.append((SessionKey(address: identity.address), limits.sessionsPerAddress))
        }
        if let limit = gate?.limits.sessionsPerUser, let user = exchange.user, !user.name.isEmpty {
            wanted.append((.user(route: name, name: user.name), limit))
        }
        if let limit = gate?.limits.sessions { wanted.append((.route(name), limit)) }
        if !wanted.isEmpty, let full = shared.admit(wanted) {
            exchange.leaveSeat()
            let refusal = GateRefusal(full, of: wanted.first { $0.key == full }?.limit ?? 0)
            if case .address = full { return (refusal, limits.onLimit) }
            return (refusal, onRouteLimit)
        }
        if !wanted.isEmpty { exchange.admission = Admission(shared, wanted.map(\.key)) }
        var rates: [(name: String, rate: Int)] = []
        if limits.upgradesPerSecond > 0 { rates.append(("", limits.upgradesPerSecond)) }
        if let rate = gate?.limits.upgradesPerSecond { rates.append((Worker.rateName(ofRoute: name), rate)) }
        guard !rates.isEmpty, let (index, wait) = shared.take(rates, at: loop.now) else { return nil }
        exchange.admission = nil
        exchange.leaveSeat()
        let isRoute = !rates[index].name.isEmpty
        let key = isRoute ? "limits.upgrades_per_second of the route" : "limits.upgrades_per_second"
        return (GateRefusal(rate: rates[index].rate, of: key, wait), isRoute ? onRouteLimit : limits.onLimit)
    }
}

extension Exchange {
    /// Whether the client's address is the client's: a trusted proxy that doesn't say whom it speaks for is nobody's.
    var isClientKnown: Bool {
        guard let identity else { return false }
        return !identity.peerIsTrusted || !identity.address.isSameHost(as: identity.peer)
    }
}

extension GateRefusal {
    /// Too many sessions under one key.
    init(_ key: SessionKey, of limit: Int) {
        switch key {
        case .address:
            self.init(
                .limit, "sessions_per_address", cause: .connectionLimit, status: 429, observed: "\(limit) sessions of this address",
                allowed: "\(limit)", fix: "Close sessions that nobody needs, or raise limits.sessions_per_address", retryAfter: 10)
        case .user:
            self.init(
                .limit, "sessions_per_user", cause: .connectionLimit, status: 429, observed: "\(limit) sessions of this user",
                allowed: "\(limit)", fix: "Close sessions that nobody needs, or raise limits.sessions_per_user of the route",
                retryAfter: 10)
        case .route(""):
            self.init(
                .limit, "session_limit", cause: .connectionLimit, status: 503, observed: "\(limit) sessions of the process",
                allowed: "\(limit)", fix: "Raise limits.sessions, or wait until sessions end", retryAfter: 10)
        case .route:
            self.init(
                .limit, "sessions_per_route", cause: .connectionLimit, status: 503, observed: "\(limit) sessions of this route",
                allowed: "\(limit)", fix: "Raise limits.sessions of the route, or wait until sessions end", retryAfter: 10)
        }
    }

    /// Others wait already, and whoever comes goes behind them.
    init(waiting count: Int) {
        self.init(
            .limit, "waiting_line", cause: .connectionLimit, status: 503, observed: "\(count) upgrades that wait before this one",
            allowed: "room under the limits", fix: "Raise the limits of the route, or let clients come more slowly", retryAfter: 10)
    }

    /// Too many upgrades in a second.
    init(rate: Int, of name: String, _ wait: TimeSpan) {
        self.init(
            .limit, "upgrade_rate", cause: .rateLimited, status: 503, observed: "more than \(rate) upgrades in a second",
            allowed: "\(rate)", fix: "Raise \(name), or let clients wait for longer and for different times before they come again",
            retryAfter: max(1, Int(wait.seconds.rounded(.up))))
    }
}
