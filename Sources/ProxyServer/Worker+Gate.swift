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
        guard let gate, exchange.opensTunnel || gate.coversRequests, let identity = exchange.identity else {
            return admit(session, exchange, gate)
        }
        if let rule = gate.origins, let refusal = rule.refusal(head, identity, isUpgrade: exchange.opensTunnel) {
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
                let why = "no check is configured for this route"
                return passCredential(session, exchange, head, gate, rule, credential, .unavailable(why))
            }
            let checker = exchange.state.checkers[rule.store]
            if let outcome = checker.check(credential, now: Timestamp(nanoseconds: clinux_realtime()), &verifiedTokens) {
                return passCredential(session, exchange, head, gate, rule, credential, outcome)
            }
            exchange.awaitsCredential = true
            let question = PasswordDesk.Question(
                checker: checker, credential: credential, mailbox: shared.mailboxes[index], slot: session.pointee.slot,
                session: session.pointee.id,
                client: exchange.isClientKnown ? exchange.identity.map { SessionKey(address: $0.address) } : nil,
                deadline: clinux_monotonic() + Worker.credentialTimeout.nanoseconds)
            guard shared.passwords.ask(question) else {
                exchange.awaitsCredential = false
                let why = "too many passwords wait for their check"
                return passCredential(session, exchange, head, gate, rule, credential, .unavailable(why))
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
            forward, forward.request(head, identity, path: exchange.path), exchange.state.serviceTLS[forward.tls],
            under: exchange.state.generation, waiter)
        switch asked {
        case .answered(let outcome): passCredential(session, exchange, head, gate, rule, exchange.credential, outcome)
        case .waits:
            exchange.awaitsCredential = true
            // The desk's own timeout comes first, unless a name's resolution holds it.
            setDeadline(session, loop.now + forward.timeout + .milliseconds(500), .connect)
        case .tooMany:
            let why = "too many requests wait for \(forward.url)"
            passCredential(session, exchange, head, gate, rule, exchange.credential, .unavailable(why))
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

    /// The check took too long: nobody is let in on a guess, unless the rule is to report alone.
    func credentialTimedOut(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        exchange.awaitsCredential = false
        guard let head = exchange.request, let gate = exchange.route?.gate, let rule = gate.authentication else {
            return end(session)
        }
        let limit = rule.forward?.timeout ?? Worker.credentialTimeout
        let why = "the check took longer than \(limit.seconds) s"
        passCredential(session, exchange, head, gate, rule, exchange.credential, .unavailable(why))
    }

    private func passCredential(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead, _ gate: Gate,
        _ rule: AuthenticationRule, _ credential: PresentedCredential?, _ outcome: CredentialOutcome
    ) {
        switch outcome {
        case .accepted(let user):
            exchange.user = user
            exchange.observation?.credentialHolds = true
            if !rule.identity.isEmpty, let identity = exchange.identity,
                let refusal = rule.unwritable(RequestView(head: head, identity: identity, user: user))
            {
                guard letsPass(session, exchange, refusal, reportOnly: rule.reportOnly) else { return }
            }
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
        !exchange.opensTunnel && head.method == .options && FieldName("access-control-request-method").map(head.has) == true
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
    /// The names under which nothing of the client's reaches the backend, for fields that come behind the body.
    var removedNames: [FieldName] {
        var names: [FieldName] = []
        route?.gate?.authentication?.addRemoved(credential, to: &names)
        return names
    }
}
