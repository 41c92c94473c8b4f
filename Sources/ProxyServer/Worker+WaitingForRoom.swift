import Configuration
import Diagnosis
import EventLoop
import ProxyCore
import Telemetry
import WebSocketWire
import Wire

// `on_limit: queue`: upgrades above a limit wait for room, in the order in which they came, each until its deadline. Room comes when a
// session ends, on whatever worker, or when a second's rate has its next one; so who waits tries again a few times in a second
// rather than on each of these. The line is bounded for the whole process, and who finds it full is refused at once.

/// Counts one who waits, for as long as this object lives.
final class WaitingPlace {
    private let shared: SharedParts
    /// What is answered when the time is over.
    var refusal: GateRefusal

    init?(_ shared: SharedParts, limit: Int, _ refusal: GateRefusal) {
        guard shared.beginWaiting(limit: limit) else { return nil }
        self.shared = shared
        self.refusal = refusal
    }

    deinit { shared.endWaiting() }
}

/// An upgrade that waits; another may have its slot by the time it is looked at.
struct WaitingUpgrade: Sendable {
    let slot: UInt32
    let session: SessionID
}

extension Worker {
    /// How often those who wait try again.
    static let waitingPace = TimeSpan.milliseconds(20)

    /// Has an upgrade wait for room; false if too many wait already.
    func waitForRoom(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ refusal: GateRefusal) -> Bool {
        let limits = exchange.state.snapshot.limits
        guard let place = WaitingPlace(shared, limit: limits.queueLength, refusal) else { return false }
        exchange.waiting = place
        setDeadline(session, loop.now + limits.queueWait, .connect)
        if waitingLine.isEmpty { _ = loop.schedule(owner: Owner.waitingForRoom, at: loop.now + Worker.waitingPace) }
        waitingLine.append(
            WaitingUpgrade(slot: session.pointee.slot, session: session.pointee.id), on: exchange.route?.name ?? "")
        return true
    }

    /// Lets everybody who waits try again.
    func serveWaiting() {
        var stayed: [(route: String, waiter: WaitingUpgrade)] = []
        for (route, waiter) in waitingLine.takeAll() {
            let session = sessions.session(waiter.slot)
            guard session.pointee.phase == .connecting, session.pointee.id == waiter.session,
                let exchange = session.pointee.exchange, let place = exchange.waiting
            else { continue }
            if drain.isActive {
                exchange.waiting = nil
                refuse(session, exchange, Refusal(503, "draining", retryAfter: 5, failure: .draining))
            } else if let (refusal, _) = admission(exchange, exchange.route?.gate) {
                place.refusal = refusal
                stayed.append((route, waiter))
            } else {
                exchange.waiting = nil
                connect(session, exchange)
            }
        }
        waitingLine.putBack(stayed)
        if !waitingLine.isEmpty { _ = loop.schedule(owner: Owner.waitingForRoom, at: loop.now + Worker.waitingPace) }
    }

    /// No room came in time.
    func waitingTimedOut(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ place: WaitingPlace) {
        exchange.waiting = nil
        var refusal = place.refusal
        refusal.observed += ", for \(exchange.state.snapshot.limits.queueWait.seconds) s"
        refuse(session, exchange, refusal)
    }

    // MARK: Messages

    /// Holds the client's messages against the session's limit, once they are counted.
    func meter(_ session: UnsafeMutablePointer<Session>, _ special: SpecialRelay) {
        guard let tally = session.pointee.analyzer?.frames(from: .downstream) else { return }
        let total = tally.messages &+ tally.counts.ping.frames &+ tally.counts.pong.frames
        switch special.meter?.reached(total, now: loop.now) {
        case nil, .within: return
        case .wait(let until):
            special.readsOnAt = until
            pause(session, .downstream)
            setTunnelDeadline(session)
        case .exceeded:
            guard session.pointee.tunnel?.closing == nil else { return }
            reportTooManyMessages(session, special.meter?.perSecond ?? 0)
            // The backend learns that its client goes.
            special.otherCode = (.upstream, .goingAway)
            perform(session, session.pointee.tunnel?.close(Tunnel.Closing(code: 1008, why: .refused), now: loop.now) ?? [])
        }
    }

    /// The time for which a session with too many messages was not read is over.
    func readOn(_ session: UnsafeMutablePointer<Session>) {
        guard let special = session.pointee.special, special.readsOnAt <= loop.now else { return }
        special.readsOnAt = .never
        // The other side may still refuse to take what came before.
        if !loop.isBlocked(session.pointee.upstream), session.pointee.tunnel?.hasEnded(.downstream) == false {
            resume(session, .downstream)
        }
    }

    private func reportTooManyMessages(_ session: UnsafeMutablePointer<Session>, _ limit: Int) {
        let finding = Finding(
            id: "gate.message_rate", layer: .proxy, severity: .warning, blame: .client,
            text: "The client sent more messages in a second than its route allows; the session is closed with 1008.",
            evidence: [
                Evidence(what: "messages in a second", observed: "more than \(limit)", expected: "at most \(limit)")
            ])
        ledger.sessionFinding(session.pointee.id, finding, at: loop.now)
    }
}
