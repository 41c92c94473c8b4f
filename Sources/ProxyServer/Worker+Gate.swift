import CLinux
import Configuration
import Credentials
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import WebSocketWire
import Wire

// The gate, performed: the rules decide in `ProxyCore`, keys are checked in `Credentials`, and here the request waits, goes on or is
// refused. Every way through ends in `connect` or in `refuse`; there is no third.

extension Worker {
    /// How long a credential's check may take before the request is refused.
    static let credentialTimeout = TimeSpan.seconds(10)

    /// Holds a request against the route's rules, and connects it if they let it in.
    func passGate(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead, _ gate: Gate?) {
        guard let gate, exchange.isUpgrade || gate.coversRequests, let identity = exchange.identity else {
            return admit(session, exchange, gate)
        }
        if let rule = gate.origins, let refusal = rule.refusal(head, identity, isUpgrade: exchange.isUpgrade) {
            guard letsPass(session, exchange, refusal, reportOnly: rule.reportOnly) else { return }
        }
        guard let rule = gate.authentication, !isPreflight(exchange, head) else {
            return passPermission(session, exchange, head, gate)
        }
        if let forward = rule.forward, rule.sources.isEmpty { return askService(session, exchange, head, gate, rule, forward) }
        let shown = session.pointee.downstreamTLS?.facts
        switch rule.find(in: head, certificate: shown?.verified == true ? shown?.peer : nil) {
        case .failure(let missing):
            guard letsPass(session, exchange, missing.refusal, reportOnly: rule.reportOnly) else { return }
            passPermission(session, exchange, head, gate)
        case .success(let credential):
            exchange.credential = credential
            if let forward = rule.forward { return askService(session, exchange, head, gate, rule, forward) }
            guard exchange.state.checkers.indices.contains(rule.store) else {
                return refuse(session, exchange, rule.unavailable("no check is configured for this route"))
            }
            let checker = exchange.state.checkers[rule.store]
            if let outcome = checker.check(credential, now: Timestamp(nanoseconds: clinux_realtime()), &verifiedTokens) {
                return passCredential(session, exchange, head, gate, rule, credential, outcome)
            }
            exchange.awaitsCredential = true
            let question = PasswordDesk.Question(
                checker: checker, credential: credential, mailbox: shared.mailboxes[index], slot: session.pointee.slot,
                session: session.pointee.id)
            guard shared.passwords.ask(question) else {
                exchange.awaitsCredential = false
                return refuse(session, exchange, rule.unavailable("too many passwords wait for their check"))
            }
            setDeadline(session, loop.now + Worker.credentialTimeout, .connect)
        }
    }

    /// Has the operator's service judge; the request waits unless the answer is known already.
    private func askService(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead, _ gate: Gate,
        _ rule: AuthenticationRule, _ forward: ForwardRule
    ) {
        guard let identity = exchange.identity else { return refuse(session, exchange, rule.unavailable("no client")) }
        let waiter = ForwardDesk.Waiter(
            mailbox: shared.mailboxes[index], slot: session.pointee.slot, session: session.pointee.id)
        let asked = shared.forwards.ask(
            forward, forward.request(head, identity, path: exchange.path), exchange.state.serviceTLS[forward.tls], waiter)
        switch asked {
        case .answered(let outcome): passCredential(session, exchange, head, gate, rule, exchange.credential, outcome)
        case .waits:
            exchange.awaitsCredential = true
            // The desk's own timeout comes first, unless a name's resolution holds it.
            setDeadline(session, loop.now + forward.timeout + .milliseconds(500), .connect)
        case .tooMany:
            guard
                letsPass(
                    session, exchange, rule.unavailable("too many requests wait for \(forward.url)"), reportOnly: rule.reportOnly)
            else { return }
            passPermission(session, exchange, head, gate)
        }
    }

    /// The check of a password is done, or a service has judged, if the one who waits for it is still there.
    func credentialChecked(_ slot: UInt32, _ id: SessionID, _ outcome: CredentialOutcome) {
        let session = sessions.session(slot)
        guard session.pointee.phase == .connecting, session.pointee.id == id, let exchange = session.pointee.exchange,
            exchange.awaitsCredential, let head = exchange.request, let gate = exchange.route?.gate,
            let rule = gate.authentication
        else { return }
        exchange.awaitsCredential = false
        passCredential(session, exchange, head, gate, rule, exchange.credential, outcome)
    }

    /// The check took too long: nobody is let in on a guess.
    func credentialTimedOut(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        exchange.awaitsCredential = false
        guard let rule = exchange.route?.gate?.authentication else { return end(session) }
        let limit = rule.forward?.timeout ?? Worker.credentialTimeout
        refuse(session, exchange, rule.unavailable("the check took longer than \(limit.seconds) s"))
    }

    private func passCredential(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead, _ gate: Gate,
        _ rule: AuthenticationRule, _ credential: PresentedCredential?, _ outcome: CredentialOutcome
    ) {
        switch outcome {
        case .accepted(let user):
            exchange.user = user
            exchange.observation?.credentialHolds = true
        case .refused(let fault):
            guard letsPass(session, exchange, rule.refusal(fault, of: credential), reportOnly: rule.reportOnly) else { return }
        case .unavailable(let why):
            guard letsPass(session, exchange, rule.unavailable(why), reportOnly: rule.reportOnly) else { return }
        }
        passPermission(session, exchange, head, gate)
    }

    private func passPermission(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead, _ gate: Gate
    ) {
        if let rule = gate.permission, let identity = exchange.identity, !isPreflight(exchange, head) {
            let view = RequestView(head: head, identity: identity, user: exchange.user)
            if let refusal = rule.refusal(view, path: exchange.path) {
                guard letsPass(session, exchange, refusal, reportOnly: rule.reportOnly) else { return }
            }
        }
        admit(session, exchange, gate)
    }

    /// A CORS preflight carries no credential; what it announces is judged when it comes.
    private func isPreflight(_ exchange: Exchange, _ head: RequestHead) -> Bool {
        !exchange.isUpgrade && head.method == .options && FieldName("access-control-request-method").map(head.has) == true
    }

    // MARK: Limits

    /// Counts the session, unless it would be one too many, and goes on.
    private func admit(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ gate: Gate?) {
        guard exchange.isUpgrade else { return connect(session, exchange) }
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
        case .refuse, .queue: refuse(session, exchange, refusal)
        case .close: refuse(session, exchange, refusal, closingWith: refusal.status == 429 ? .policyViolation : .tryAgainLater)
        }
    }

    /// Counts the upgrade under every limit, or under none; then the one that is full, and what becomes of who is above it.
    func admission(_ exchange: Exchange, _ gate: Gate?) -> (GateRefusal, OnLimit)? {
        let limits = exchange.state.snapshot.limits
        let onRouteLimit = gate?.limits.onLimit ?? limits.onLimit
        let name = exchange.route?.name ?? ""
        if limits.onLimit != .refuse, shared.openTunnels >= limits.sessions {
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
        if let full = shared.admit(wanted) {
            let refusal = GateRefusal(full, of: wanted.first { $0.key == full }?.limit ?? 0)
            if case .address = full { return (refusal, limits.onLimit) }
            return (refusal, onRouteLimit)
        }
        if !wanted.isEmpty { exchange.admission = Admission(shared, wanted.map(\.key)) }
        var rates: [(name: String, rate: Int)] = []
        if limits.upgradesPerSecond > 0 { rates.append(("", limits.upgradesPerSecond)) }
        if let rate = gate?.limits.upgradesPerSecond { rates.append(("route " + name, rate)) }
        guard !rates.isEmpty, let (index, wait) = shared.take(rates, at: loop.now) else { return nil }
        exchange.admission = nil
        let isRoute = !rates[index].name.isEmpty
        let key = isRoute ? "limits.upgrades_per_second of the route" : "limits.upgrades_per_second"
        return (GateRefusal(rate: rates[index].rate, of: key, wait), isRoute ? onRouteLimit : limits.onLimit)
    }

    // MARK: Outcomes

    /// Whether a request goes on that a rule is against: only where the rule is to report alone. Else it is refused here.
    private func letsPass(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ refusal: GateRefusal, reportOnly: Bool
    ) -> Bool {
        guard reportOnly else {
            refuse(session, exchange, refusal)
            return false
        }
        let finding = Finding(
            id: "gate.\(refusal.fault)", layer: .handshake, severity: .warning, blame: .client,
            text: "The rule `\(refusal.rule.rawValue)` would have refused this with \(refusal.status); it is set to report_only.",
            evidence: [
                Evidence(what: "observed", observed: refusal.observed), Evidence(what: "allowed", observed: refusal.allowed),
            ])
        ledger.sessionFinding(session.pointee.id, finding, at: loop.now)
        return true
    }

    func refuse(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ refusal: GateRefusal, closingWith code: CloseCode? = nil
    ) {
        exchange.observation?.gate = refusal
        var answer = Refusal(refusal)
        answer.closeCode = code
        refuse(session, exchange, answer)
    }

    /// The credential that opened a session ends now.
    func reportExpired(_ session: UnsafeMutablePointer<Session>) {
        let code = session.pointee.tunnel?.closing?.code ?? 0
        let finding = Finding(
            id: "gate.credential_expired", layer: .proxy, severity: .warning, blame: .client,
            text:
                "The credential that opened this session has ended; it is closed with \(code), so that the client comes back with a new one."
        )
        ledger.sessionFinding(session.pointee.id, finding, at: loop.now)
    }

    // MARK: Around

    /// A point on the wall clock as the loop's time has it: the same distance from now.
    func loopTime(ofWall time: Timestamp) -> Timestamp {
        loop.now + (time - Timestamp(nanoseconds: clinux_realtime()))
    }

    /// The marker that is answered as subprotocol: where a token was one, nothing else was offered, and the backend picked nothing.
    func answeredSubprotocol(_ exchange: Exchange, _ response: ResponseHead) -> Range<Int>? {
        guard let credential = exchange.credential, credential.offered?.isEmpty == true, !response.has(.secWebSocketProtocol) else {
            return nil
        }
        return credential.marker
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
