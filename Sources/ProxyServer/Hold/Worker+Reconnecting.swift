import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import Probing
import ProxyCore
import TLSEngine
import Telemetry
import WebSocketWire
import Wire

// A new backend for a held session: the same handshake as the first, with a key of its own. The client sees nothing of it.
//
//     seekBackend ── address by address ── heldConnected ── TLS? ── sendHeldRequest ── receivedHeldAnswer ── heldResumed
//          ▲                                                                                │
//          └──────────────── Hold: back-off ◄── heldAttemptFailed ◄─────────────────────────┘

extension Worker {
    /// Begins an attempt: an endpoint, a connection.
    func seekBackend(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold) {
        let exchange = hold.exchange
        let earlier = exchange.cluster
        switch routeAnew(exchange, isHeld: true) {
        case .same: break
        case .anew: hold.carryTried(from: earlier, to: exchange.cluster)
        case .gone(let why): return heldAttemptFailed(session, hold, why, final: .refused)
        }
        guard let cluster = exchange.cluster else { return }
        exchange.triedEndpoints = hold.tried
        var choice = chooseEndpoint(exchange, cluster)
        if choice == nil, !hold.tried.isEmpty {
            hold.tried = TriedEndpoints()
            exchange.triedEndpoints = TriedEndpoints()
            choice = chooseEndpoint(exchange, cluster)
        }
        guard let choice else { return heldAttemptFailed(session, hold, "no_endpoint") }
        hold.tried.insert(choice)
        let endpoint = cluster.endpoints[choice]
        exchange.endpoint = endpoint
        move(session, to: endpoint, cluster, exchange)
        hold.nextAddress = 0
        hold.firstAddress = endpoint.addresses.begin(now: loop.now)
        hold.began = loop.now
        openHeldConnection(session, hold, endpoint)
    }

    /// The session counts as this endpoint's from here on, under the names by which it was found.
    private func move(
        _ session: UnsafeMutablePointer<Session>, to endpoint: UpstreamEndpoint, _ cluster: UpstreamCluster, _ exchange: Exchange
    ) {
        guard let facts = session.pointee.facts else { return }
        facts.endpoint.active -= 1
        facts.metrics?.sessions.add(-1)
        endpoint.active += 1
        let moved = facts.moved(
            to: endpoint, route: exchange.route?.name, cluster: cluster.cluster.name, metrics: cluster.metrics(of: endpoint),
            seat: exchange.choice?.seat)
        moved.metrics?.sessions.add(1)
        session.pointee.facts = moved
    }

    private func openHeldConnection(
        _ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ endpoint: UpstreamEndpoint
    ) {
        var errno: Int32 = 0
        while let address = endpoint.addresses.address(attempt: hold.nextAddress, from: hold.firstAddress) {
            hold.nextAddress += 1
            do throws(LoopFailure) {
                session.pointee.upstream = try loop.connect(
                    to: address, owner: Owner.session(session.pointee.slot, .upstream))
                return advance(session, hold, .connecting, within: hold.exchange.timeouts.connect)
            } catch {
                errno = error.errno
            }
        }
        if endpoint.addresses.isEmpty { shared.resolver.hurry(endpoint.endpoint) }
        heldAttemptFailed(session, hold, endpoint.addresses.isEmpty ? "name_not_resolved" : "connect_failed \(errno)")
    }

    private func advance(
        _ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ step: SessionHold.Step, within span: TimeSpan
    ) {
        hold.step = step
        hold.stepDeadline = loop.now + span
        setTunnelDeadline(session)
    }

    /// The connection is established; TLS begins, or the request goes out.
    func heldConnected(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold) {
        guard hold.step == .connecting, let facts = session.pointee.facts else { return }
        facts.metrics?.connects[.success].add(1)
        facts.metrics?.connectTime.observe(loop.now - hold.began)
        metrics.connectTime.observe(loop.now - hold.began)
        let endpoint = facts.endpoint.endpoint
        guard endpoint.isSecure else { return sendHeldRequest(session, hold) }
        guard let route = hold.exchange.route, let context = hold.exchange.state.clusterTLS[route.clusterIndex],
            let tls = try? TLSSession(client: context, serverName: endpoint.host)
        else { return heldAttemptFailed(session, hold, "upstream_tls") }
        let channel = SecureChannel(session: tls, now: loop.now)
        session.pointee.upstreamTLS = channel
        advance(session, hold, .securing, within: hold.exchange.timeouts.tls)
        var nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        if case .failed = channel.session.handshake(&nothing) { return heldAttemptFailed(session, hold, "upstream_tls") }
        sendPending(session, .upstream, channel)
        loop.startReceiving(session.pointee.upstream)
    }

    /// The same request as the first, but for its key.
    func sendHeldRequest(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold) {
        let exchange = hold.exchange
        guard hold.step != .none, let request = exchange.request, let route = exchange.route,
            let endpoint = session.pointee.facts?.endpoint, let identity = exchange.identity
        else { return }
        var context = forwardingContext(session, exchange, route, endpoint, identity)
        context.extra.append(
            ForwardingContext.ExtraField(
                name: FieldName(.secWebSocketKey), value: Array(HandshakeKey.fresh().utf8)))
        guard RequestForwarding.write(request, context: context, into: &writer) else {
            return heldAttemptFailed(session, hold, "malformed_request", final: .refused)
        }
        let head = writer.bytes
        hold.sentRequest = RequestHead(copy: head, limits: exchange.state.headLimits)
        advance(session, hold, .awaitingAnswer, within: exchange.timeouts.response)
        tapUpstream(session)
        tapHeadAhead(session)
        send(session, .upstream, head)
        guard session.pointee.phase == .tunnel, hold.step == .awaitingAnswer else { return }
        loop.startReceiving(session.pointee.upstream)
    }

    /// Bytes of the answer's head, and perhaps the first ones behind it.
    func receivedHeldAnswer(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ bytes: UnsafeRawBufferPointer) {
        hold.answer.append(contentsOf: bytes)
        var unread = bytes.count
        while true {
            let tail = Array(hold.answer.suffix(unread))
            switch hold.scanner.scan(tail.span.bytes) {
            case .needMore: return
            case .tooLarge: return heldAttemptFailed(session, hold, "malformed_response")
            case .complete(let length):
                let head = ResponseHead(copy: Array(hold.answer[..<length]), limits: hold.exchange.state.headLimits)
                let rest = Array(hold.answer[length...])
                tapHead(session, .received, .upstream, head.bytes)
                if !head.isInterim { rest.withUnsafeBytes { tapReceived(session, .upstream, $0, isTunnel: true) } }
                guard head.isInterim, head.isForwardable else { return heldAnswered(session, hold, head, rest) }
                if let fault = ResponseForwarding.fault(of: head, forUpgrade: true, interimCount: hold.interimResponses) {
                    noteUnanswered(hold.exchange)
                    return heldAttemptFailed(session, hold, fault.name)
                }
                hold.interimResponses += 1
                hold.scanner.reset()
                hold.answer = rest
                unread = rest.count
                if rest.isEmpty { return }
            }
        }
    }

    private func heldAnswered(
        _ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ head: ResponseHead, _ rest: [UInt8]
    ) {
        noteAnswer(hold.exchange, head)
        guard let request = hold.sentRequest, head.status == 101 else {
            return heldAttemptFailed(
                session, hold, "status \(head.status)", final: SessionHold.mayPass(head.status) ? nil : .refused)
        }
        guard ResponseForwarding.fault(of: head, forUpgrade: true) == nil, UpgradeResponseCheck.isValid101(request, head),
            !head.has(.secWebSocketExtensions)
        else { return heldAttemptFailed(session, hold, "invalid_101", final: .refused) }
        guard head.value(of: .secWebSocketProtocol).map({ Array(head.bytes[$0]) }) == hold.subprotocol else {
            return heldAttemptFailed(session, hold, "other_subprotocol", final: .otherSubprotocol)
        }
        heldResumed(session, hold, rest)
    }

    /// A backend took the session.
    private func heldResumed(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ rest: [UInt8]) {
        hold.resetAttempt()
        hold.loss = nil
        session.pointee.analyzer?.heard(.upstream, at: loop.now)
        var out = hold.takeOutput()
        let resumption = hold.relay.resumed(now: loop.now, &out)
        if hold.isCounted {
            hold.isCounted = false
            metrics.heldSessions.add(-1)
        }
        metrics.holdOutcomes[.resumed].add(1)
        metrics.holdTime.observe(resumption.after)
        ledger.sessionResumed(
            session.pointee.id, endpoint: session.pointee.facts?.endpoint.name, after: resumption.after,
            attempts: resumption.attempts, replayed: resumption.replayed, queued: resumption.queued,
            unconfirmed: hold.unconfirmed, at: loop.now)
        deliver(session, hold, &out)
        guard session.pointee.phase == .tunnel else { return }
        if loop.isBlocked(session.pointee.downstream) { pause(session, .upstream) }
        if !rest.isEmpty { rest.withUnsafeBytes { relayCopy(session, .upstream, $0) } }
    }

    // MARK: Failure

    /// The transport of the attempt under way ended: another address of the endpoint, or another attempt.
    func heldAttemptEnded(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ how: TransportEnd) {
        guard let endpoint = session.pointee.facts?.endpoint else { return }
        if hold.step == .connecting {
            suspectAddress(endpoint, attempt: hold.nextAddress - 1, from: hold.firstAddress)
            session.pointee.facts?.metrics?.connects[.failure].add(1)
            if hold.nextAddress < endpoint.addresses.count {
                close(session, .upstream, reset: true)
                return openHeldConnection(session, hold, endpoint)
            }
        }
        let errno = if case .reset(let errno) = how { errno } else { Int32(0) }
        if hold.step == .connecting { noteUnreachable(hold.exchange) } else { noteUnanswered(hold.exchange) }
        heldAttemptFailed(
            session, hold,
            hold.step == .connecting
                ? errno == 111 ? "upstream_refused" : "connect_failed"
                : hold.step == .securing ? "upstream_tls" : "closed_before_response")
    }

    /// The attempt came to nothing; `Hold` says what becomes of that.
    func heldAttemptFailed(
        _ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ failure: String, final: HoldEnd? = nil
    ) {
        hold.lastFailure = failure
        hold.resetAttempt()
        close(session, .upstream, reset: true)
        metrics.holdAttemptsFailed.add(1)
        var out = hold.takeOutput()
        hold.relay.attemptFailed(final: final, now: loop.now, &out)
        deliver(session, hold, &out)
    }
}

extension SessionHold {
    /// Whether an answer with this status may be another one soon: a server that starts, a platform that has nothing behind it yet.
    static func mayPass(_ status: Int) -> Bool {
        switch status {
        case 404, 408, 425, 429, 500...599: true
        default: false
        }
    }
}
