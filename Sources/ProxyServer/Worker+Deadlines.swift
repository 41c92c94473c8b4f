import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import Wire

// One timer a session. Deadlines move with every byte; the timer doesn't: it fires when it was set for, and is set again if
// the deadline has moved on meanwhile. Only a deadline that comes nearer sets it anew.

extension Worker {
    func setDeadline(_ session: UnsafeMutablePointer<Session>, _ at: Timestamp, _ name: Timeout) {
        session.pointee.deadline = at
        session.pointee.deadlineName = name
        arm(session, at)
    }

    func setTunnelDeadline(_ session: UnsafeMutablePointer<Session>) {
        guard let lastActivity = session.pointee.analyzer?.look({ $0.lastActivity }),
            let deadline = session.pointee.tunnel?.deadline(lastActivity: lastActivity)
        else { return }
        let further = session.pointee.hold == nil ? Timestamp.never : holdDeadline(session)
        arm(session, min(deadline, further, heartbeatDeadline(session), session.pointee.special?.readsOnAt ?? .never))
    }

    private func arm(_ session: UnsafeMutablePointer<Session>, _ at: Timestamp) {
        guard at < session.pointee.timerAt || session.pointee.timer == .none else { return }
        loop.cancel(session.pointee.timer)
        session.pointee.timerAt = at
        session.pointee.timer = loop.schedule(owner: Owner.session(session.pointee.slot, .downstream), at: at)
    }

    func timerFired(_ owner: UInt64) {
        switch Owner.meaning(owner) {
        case .session(let slot, _):
            let session = sessions.session(slot)
            guard session.pointee.phase != .over, session.pointee.phase != .free else { return }
            session.pointee.timer = .none
            session.pointee.timerAt = .never
            sessionTimerFired(session)
        case .flushing(let slot, let generation): loop.closeIfSame(slot: slot, lowGeneration: generation)
        case .sweep: sweep()
        case .waitingForEndpoint: waitTimerFired()
        case .waitingForRoom: roomTimerFired()
        case .idle: break
        }
    }

    private func sessionTimerFired(_ session: UnsafeMutablePointer<Session>) {
        if session.pointee.phase == .tunnel {
            readOn(session)
            checkHeartbeat(session)
            guard session.pointee.phase == .tunnel else { return }
            checkHold(session)
            guard session.pointee.phase == .tunnel else { return }
            if let end = session.pointee.tunnel?.takeExpiryWarning(now: loop.now) {
                ledger.sessionExpiring(
                    session.pointee.id, route: session.pointee.facts?.route ?? "", in: end - loop.now, at: loop.now)
            }
            guard let lastActivity = session.pointee.analyzer?.look({ $0.lastActivity }),
                let (actions, timeout) = session.pointee.tunnel?.deadlinePassed(now: loop.now, lastActivity: lastActivity)
            else { return }
            guard let timeout else {
                guard !actions.isEmpty else { return setTunnelDeadline(session) }
                if session.pointee.tunnel?.closing?.why == .credentialExpired { reportExpired(session) }
                return perform(session, actions)
            }
            metrics.timeouts[timeout].add(1)
            for side in Side.allCases where session.pointee.tunnel?.hasEnded(side) == false {
                endTimedOut(session, side, timeout)
            }
            return perform(session, actions)
        }
        guard session.pointee.deadline <= loop.now else { return arm(session, session.pointee.deadline) }
        metrics.timeouts[session.pointee.deadlineName].add(1)
        deadlinePassed(session, session.pointee.deadlineName)
    }

    private func deadlinePassed(_ session: UnsafeMutablePointer<Session>, _ name: Timeout) {
        let exchange = session.pointee.exchange
        switch (session.pointee.phase, name) {
        case (.readingHead, .requestHead):
            guard let exchange, exchange.scanner.hasBegun else { return end(session) }
            refuse(session, exchange, Refusal(408, "request_head_timeout"))
        case (.connecting, .connect):
            if let exchange, exchange.awaitsCredential { return credentialTimedOut(session, exchange) }
            if let exchange, exchange.choice?.isWaiting == true {
                return refuse(session, exchange, refusalWithoutEndpoint(exchange))
            }
            if let exchange, let place = exchange.waiting { return waitingTimedOut(session, exchange, place) }
            countConnect(session, .failure)
            upstreamUnusable(session, .connectTimedOut)
        case (.connecting, .tlsHandshake):
            upstreamUnusable(session, .upstreamTLS(kind: "timeout", sentence: "The upstream's TLS handshake took too long."))
        case (.exchanging, .requestBody):
            guard let exchange else { return end(session) }
            close(session, .upstream, reset: true)
            if exchange.hasAnswered {
                abort(session, exchange)
            } else {
                refuse(session, exchange, Refusal(408, "request_body_timeout"))
            }
        case (.exchanging, .responseHead):
            guard let exchange else { return end(session) }
            if exchange.isUpgrade, session.pointee.downstreamFinished { return clientGone(session, exchange, .finished) }
            responseUnusable(session, exchange, .responseHeadTimedOut)
        case (.exchanging, _):
            guard let exchange else { return end(session) }
            abort(session, exchange)
        default: end(session)
        }
    }
}
