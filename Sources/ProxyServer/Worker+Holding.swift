import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import WebSocketWire
import Wire

// Held sessions. `HoldRelay` decides what goes where and what became of each message; here its answers are performed. Bytes of such a
// session are copied once, into whole messages: the price of being able to say of each whether it arrived. How a new connection
// is made stands in Hold/Worker+Reconnecting.

extension Worker {
    /// A tunnel opens on a route that may ask for a hold.
    func beginHold(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ route: Route, _ response: ResponseHead) {
        // An extension that nobody offered: its state couldn't be carried to a new connection.
        guard let policy = route.hold, !response.has(.secWebSocketExtensions) else { return }
        session.pointee.hold = SessionHold(
            policy, exchange, subprotocol: response.value(of: .secWebSocketProtocol).map { Array(response.bytes[$0]) },
            nonce: random.next(), now: loop.now)
        session.pointee.isPlainRelay = false
    }

    // MARK: Relaying

    /// Relays what came from `side` of a held session.
    func relayHeld(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk, _ hold: SessionHold) {
        defer { loop.release(chunk) }
        if side == .upstream, !hold.relay.hold.isConnected {
            if hold.step == .awaitingAnswer { receivedHeldAnswer(session, hold, chunk.bytes) }
            return
        }
        let special = session.pointee.special
        if special?.violator == side { return }
        let bytes = RawSpan(_unsafeBytes: chunk.bytes)
        let judgement = session.pointee.tunnel?.closing == nil ? special?.judge(side.direction, bytes) : nil
        observe(session, side, bytes)
        let allowed = bytes.extracting(0..<(judgement?.forwardable ?? bytes.byteCount))
        // Behind a breach nothing is observed: what ended the session is the breach, not what a peer said after it.
        var notices: FrameNotices = []
        if side == .downstream {
            notices =
                session.pointee.analyzer?.relayed(.clientToServer, judgement?.fault == nil ? bytes : allowed, at: loop.now) ?? []
        }
        var out = hold.takeOutput()
        if let owed = judgement?.owed, !owed.isEmpty { feed(session, hold, side, owed.span.bytes, &out) }
        feed(session, hold, side, allowed, &out)
        if side == .upstream {
            session.pointee.analyzer?.heard(.upstream, at: loop.now)
            if !out.toClient.isEmpty {
                notices = session.pointee.analyzer?.relayed(.serverToClient, out.toClient.span.bytes, at: loop.now) ?? []
            }
        }
        deliver(session, hold, &out)
        guard session.pointee.phase == .tunnel else { return }
        if notices.contains(.sawFault) { reportFault(session, side) }
        if let fault = judgement?.fault { return failSession(session, side, fault) }
        if side == .downstream, let special, special.meter != nil { meter(session, special) }
        guard session.pointee.phase == .tunnel else { return }
        if notices.contains(.sawClose), session.pointee.tunnel?.closing != nil {
            perform(session, session.pointee.tunnel?.answeredClose(side) ?? [])
        }
    }

    private func feed(
        _ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ side: Side, _ bytes: RawSpan, _ out: inout HoldOutput
    ) {
        let heartbeat = session.pointee.heartbeat
        let now = loop.now
        let cells = metrics
        func claim(_ payload: UInt64) -> Timestamp? {
            guard let answer = heartbeat?.state.claim(side, payload, now: now) else { return nil }
            guard let time = answer.roundTrip else { return .zero }
            cells.heartbeatTime[side].observe(time)
            return Timestamp(nanoseconds: now.nanoseconds - min(now.nanoseconds, time.nanoseconds))
        }
        if side == .downstream {
            hold.relay.fromClient(bytes, now: now, claim: claim, &out)
        } else {
            hold.relay.fromBackend(bytes, now: now, claim: claim, &out)
        }
    }

    /// Performs what the relay asks for, and gives the output back.
    func deliver(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ out: inout HoldOutput) {
        defer { hold.giveBack(&out) }
        if !out.toClient.isEmpty, !session.pointee.hasSentClose(.downstream) { send(session, .downstream, out.toClient) }
        guard session.pointee.phase == .tunnel else { return }
        if !out.toBackend.isEmpty, !session.pointee.hasSentClose(.upstream) { send(session, .upstream, out.toBackend) }
        guard session.pointee.phase == .tunnel else { return }
        if out.pausesClient { pause(session, .downstream) }
        if out.resumesClient, !loop.isBlocked(session.pointee.upstream), !isReadLater(session) { resume(session, .downstream) }
        if let (loss, unconfirmed) = out.lost { heldBackendLost(session, hold, loss, unconfirmed) }
        if let end = out.gaveUp {
            hold.closeReason = end.reason
            return endHold(session, hold, code: end.closeCode)
        }
        if let code = out.answersClose { return endHold(session, hold, code: code) }
        if out.connects { seekBackend(session, hold) }
        guard session.pointee.phase == .tunnel else { return }
        for side in Side.allCases where session.pointee.hasClosePending(side) && isAtFrameBoundary(session, towards: side) {
            writeClose(session, side)
        }
        if let heartbeat = session.pointee.heartbeat, heartbeat.state.isDue(.upstream) { ping(session, .upstream, heartbeat) }
        if session.pointee.phase == .tunnel { setTunnelDeadline(session) }
    }

    /// A client that sent too much is read again when its time has come.
    private func isReadLater(_ session: UnsafeMutablePointer<Session>) -> Bool {
        session.pointee.special.map { $0.readsOnAt != .never } == true
    }

    // MARK: Loss

    /// A side of a held session ended. False where its end is the session's as it always is.
    func heldSideEnded(
        _ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ side: Side, _ how: TransportEnd
    ) -> Bool {
        guard session.pointee.tunnel?.closing == nil else { return false }
        if side == .downstream {
            guard hold.relay.isAway else {
                if how == .finished { askLast(session, hold) }
                hold.relay.stop()
                return false
            }
            // Nobody is left for whom a backend should be sought.
            hold.relay.stop()
            session.pointee.analyzer?.ended(.downstream, how, at: loop.now)
            endTunnel(session)
            return true
        }
        if !hold.relay.hold.isConnected {
            // Otherwise it is the late end of the connection that was lost.
            if hold.step != .none { heldAttemptEnded(session, hold, how) }
            return true
        }
        hold.transportEnd = how
        let kind: HoldLoss.Kind =
            switch how {
            case .finished: .finished
            case .timedOut: .heartbeat
            case .reset, .local: .reset
            }
        return loseBackend(session, hold, HoldLoss(kind))
    }

    /// The backend of a held session is gone; false where nothing is held any more.
    func loseBackend(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ loss: HoldLoss) -> Bool {
        var out = hold.takeOutput()
        guard hold.relay.backendLost(loss, now: loop.now, &out) else {
            hold.giveBack(&out)
            return false
        }
        deliver(session, hold, &out)
        return true
    }

    /// What is left of the lost connection is put away, and the ledger told.
    private func heldBackendLost(
        _ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, _ loss: HoldLoss, _ unconfirmed: [ClosedRange<UInt64>]
    ) {
        hold.loss = loss
        hold.unconfirmed = unconfirmed
        hold.lastFailure = nil
        let endpoint = session.pointee.facts?.endpoint
        // Another endpoint is tried first, if there is one.
        hold.tried = TriedEndpoints()
        if let place = hold.exchange.cluster?.endpoints.firstIndex(where: { $0 === endpoint }) { hold.tried.insert(place) }
        // Its place is free for another, which may be its own again.
        hold.exchange.choice?.seat = nil
        session.pointee.facts = session.pointee.facts.map { $0.moved(to: $0.endpoint, metrics: $0.metrics, seat: nil) }
        close(session, .upstream, reset: loss.kind == .reset || loss.kind == .heartbeat)
        session.pointee.upstreamPaused = false
        session.pointee.heartbeat?.state.restart(.upstream)
        session.pointee.special?.restartServer()
        perform(session, session.pointee.tunnel?.replaced(.upstream) ?? [])
        if !hold.isCounted {
            hold.isCounted = true
            metrics.heldSessions.add(1)
        }
        if let label = HoldLossLabel(rawValue: loss.kind.rawValue) { metrics.holdLosses[label].add(1) }
        ledger.sessionHeld(
            session.pointee.id, why: loss.kind.rawValue, closeCode: loss.closeCode, endpoint: endpoint?.name,
            confirmed: hold.relay.account.delivered.count, unconfirmed: unconfirmed, queued: hold.relay.account.queued, at: loop.now
        )
    }

    /// The session can't be kept, or needs no backend any more: the client gets a close frame.
    private func endHold(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold, code: UInt16) {
        // A backend that is there still gets what was sent, the close frame behind it included.
        let isAttempt = hold.step != .none
        hold.resetAttempt()
        close(session, .upstream, reset: isAttempt)
        switch hold.loss?.kind {
        case .closeFrame?, .drain?, nil:
            endLocally(session, .upstream, .backendLost, closeCode: nil)
        case .finished?, .reset?, .heartbeat?: session.pointee.analyzer?.ended(.upstream, hold.transportEnd, at: loop.now)
        }
        session.pointee.setCloseSent(.upstream)
        if session.pointee.downstreamPaused, !hold.relay.isFull { resume(session, .downstream) }
        let closing = Tunnel.Closing(code: code, why: .backendLost)
        perform(session, session.pointee.tunnel?.died(.upstream, closing, now: loop.now) ?? [])
    }

    /// A ping behind the client's last message, before a close frame or FIN follows it.
    func askLast(_ session: UnsafeMutablePointer<Session>, _ hold: SessionHold) {
        var out = hold.takeOutput()
        hold.relay.askLast(now: loop.now, &out)
        if !out.toBackend.isEmpty { send(session, .upstream, out.toBackend) }
        hold.giveBack(&out)
    }

    // MARK: Drain and time

    /// A session leaves an endpoint that is drained for another one; false where it can't.
    func leaveEndpoint(_ session: UnsafeMutablePointer<Session>) -> Bool {
        guard let hold = session.pointee.hold, hold.relay.isHolding, session.pointee.tunnel?.closing == nil,
            routeAnew(hold.exchange, isHeld: true).isRouted, let endpoints = hold.exchange.cluster?.endpoints,
            endpoints.contains(where: { $0 !== session.pointee.facts?.endpoint && !$0.isDraining })
        else { return false }
        var out = hold.takeOutput()
        hold.relay.leave(now: loop.now, &out)
        deliver(session, hold, &out)
        return true
    }

    /// When `checkHold` is to be called at the latest.
    func holdDeadline(_ session: UnsafeMutablePointer<Session>) -> Timestamp {
        guard let hold = session.pointee.hold, session.pointee.tunnel?.closing == nil else { return .never }
        return min(hold.relay.deadline, hold.stepDeadline)
    }

    /// The session's timer fired.
    func checkHold(_ session: UnsafeMutablePointer<Session>) {
        guard let hold = session.pointee.hold, session.pointee.tunnel?.closing == nil else { return }
        if hold.step != .none, hold.stepDeadline <= loop.now {
            heldAttemptFailed(session, hold, hold.step == .awaitingAnswer ? "response_timeout" : "connect_timeout")
        }
        guard session.pointee.phase == .tunnel, hold.relay.deadline <= loop.now else { return }
        var out = hold.takeOutput()
        hold.relay.deadlinePassed(now: loop.now, &out)
        deliver(session, hold, &out)
    }

    /// The session is over: what is told of its messages, and the metrics.
    func reportHold(_ session: UnsafeMutablePointer<Session>, _ record: inout SessionRecord) {
        guard let hold = session.pointee.hold else { return }
        let facts = hold.relay.finish(clientLeft: record.first == .downstream)
        record.hold = facts
        if hold.isCounted {
            hold.isCounted = false
            metrics.heldSessions.add(-1)
            metrics.holdOutcomes[facts.end == nil ? .ended : .gaveUp].add(1)
        }
        metrics.holdMessages[.delivered].add(facts.delivered.count)
        metrics.holdMessages[.unconfirmed].add(facts.unconfirmed.count)
        metrics.holdMessages[.dropped].add(facts.dropped.reduce(0) { $0 + $1.ordinals.count })
    }
}
