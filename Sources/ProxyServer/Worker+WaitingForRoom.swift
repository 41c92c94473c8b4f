import Configuration
import Diagnosis
import EventLoop
import ProxyCore
import Synchronization
import Telemetry
import WebSocketWire
import Wire

// `on_limit: queue`: upgrades above a limit wait for room, in the order in which they came, each until its deadline. Room comes when a
// session ends, on whatever worker, or when a second's rate has its next one; so who waits tries again some times in a second
// rather than on each of these. The order is one for all workers (`RoomOrder`): a worker lets its own people try as far as it is their turn, and
// then wakes the one whose turn it is. The line is bounded for the whole process, and who finds it full is refused at once.

/// A place in the line, for as long as this object lives.
final class WaitingPlace {
    private let shared: SharedParts
    let ticket: RoomOrder.Ticket
    /// What is answered when the time is over.
    var refusal: GateRefusal

    init?(_ shared: SharedParts, limit: Int, route: String, worker: Int, _ refusal: GateRefusal) {
        guard shared.beginWaiting(limit: limit) else { return nil }
        self.shared = shared
        self.refusal = refusal
        ticket = shared.roomOrder.withLock { $0.join(route, worker: worker) }
    }

    deinit {
        let ticket = ticket
        shared.roomOrder.withLock { $0.leave(ticket) }
        shared.endWaiting()
    }
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
        guard
            let place = WaitingPlace(
                shared, limit: limits.queueLength, route: exchange.route?.name ?? "", worker: index, refusal)
        else { return false }
        exchange.waiting = place
        setDeadline(session, loop.now + limits.queueWait, .connect)
        armRoomTimer()
        waitingLine.append(WaitingUpgrade(slot: session.pointee.slot, session: session.pointee.id))
        return true
    }

    /// How many wait on the route before somebody who comes; nil if nobody does whose turn it could be.
    func roomLineAhead(_ exchange: Exchange) -> Int? {
        guard shared.waitingForRoom > 0 else { return nil }
        let route = exchange.route?.name ?? ""
        return shared.roomOrder.withLock { $0.turn(on: route) == nil ? nil : $0.count(on: route) }
    }

    /// The time has come to look for room.
    func roomTimerFired() {
        isRoomTimerSet = false
        serveWaiting()
        if !waitingLine.isEmpty { armRoomTimer() }
    }

    private func armRoomTimer() {
        guard !isRoomTimerSet else { return }
        isRoomTimerSet = true
        _ = loop.schedule(owner: Owner.waitingForRoom, at: loop.now + Worker.waitingPace)
    }

    /// Lets those who wait try again, as far as it is their turn.
    func serveWaiting() {
        var stayed: [WaitingUpgrade] = []
        // Routes where nobody further is let try, and routes where the turn has moved on.
        var stopped: Set<String> = []
        var moved: Set<String> = []
        for waiter in waitingLine.takeAll() {
            let session = sessions.session(waiter.slot)
            guard session.pointee.phase == .connecting, session.pointee.id == waiter.session,
                let exchange = session.pointee.exchange, let place = exchange.waiting
            else { continue }
            if drain.isActive {
                exchange.waiting = nil
                refuse(session, exchange, Refusal(503, "draining", retryAfter: 5, failure: .draining))
                continue
            }
            let route = place.ticket.route
            guard !stopped.contains(route), shared.roomOrder.withLock({ $0.isTurn(place.ticket) }) else {
                stopped.insert(route)
                stayed.append(waiter)
                continue
            }
            moved.insert(route)
            if let (refusal, _) = admission(exchange, exchange.route?.gate) {
                place.refusal = refusal
                shared.roomOrder.withLock { $0.tried(place.ticket, ownLimit: refusal.isOwnLimit) }
                if !refusal.isOwnLimit {
                    stopped.insert(route)
                    moved.remove(route)
                }
                stayed.append(waiter)
            } else {
                exchange.waiting = nil
                connect(session, exchange)
            }
        }
        waitingLine.putBack(stayed)
        for route in moved {
            guard let next = shared.roomOrder.withLock({ $0.turn(on: route) }), next != index else { continue }
            _ = shared.mailboxes[next].post(.roomTurn)
        }
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
        if !loop.isBlocked(session.pointee.upstream), session.pointee.tunnel?.hasEnded(.downstream) == false,
            session.pointee.hold?.relay.isFull != true
        {
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

extension GateRefusal {
    /// Whether what is full is a limit of this client's or user's own: nobody else waits for room under it.
    fileprivate var isOwnLimit: Bool { fault == "sessions_per_address" || fault == "sessions_per_user" }
}
