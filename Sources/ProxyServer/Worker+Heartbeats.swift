import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import WebSocketWire
import Wire

// Pings of ours. `Heartbeat` decides when; here they are written where a frame may stand, their pongs are taken out, and a dead
// side's session is closed. The session's one timer serves for this too, so an active session costs a look at the clock an interval.
// Bytes are looked at only from a ping to its pong; before and after, the session is relayed like any other.

extension Worker {
    /// A tunnel opens on a route that may ask for pings.
    func beginHeartbeat(
        _ session: UnsafeMutablePointer<Session>, _ route: Route, _ request: RequestHead, _ response: ResponseHead
    ) {
        guard let policy = route.heartbeat else { return }
        let asked = request.bytes.span.bytes
        let answered = response.bytes.span.bytes
        let beating = SelfBeating(
            path: asked.extracting(request.pathRange), query: asked.extracting(request.queryRange ?? 0..<0),
            subprotocol: answered.extracting(response.value(of: .secWebSocketProtocol) ?? 0..<0))
        let heartbeat = Heartbeat(policy, nonce: random.next(), selfBeating: beating)
        session.pointee.heartbeat = SessionHeartbeat(heartbeat, route: routeHeartbeat(route.name, policy))
    }

    /// What a route has learnt stays with it as long as its settings do.
    private func routeHeartbeat(_ name: String, _ policy: HeartbeatPolicy) -> RouteHeartbeat {
        if let known = routeHeartbeats[name], known.policy == policy { return known }
        let made = RouteHeartbeat(name, policy)
        routeHeartbeats[name] = made
        return made
    }

    // MARK: Time

    /// When `checkHeartbeat` is to be called at the latest.
    func heartbeatDeadline(_ session: UnsafeMutablePointer<Session>) -> Timestamp {
        guard let heartbeat = session.pointee.heartbeat, isBeating(session),
            let (client, server) = session.pointee.analyzer?.look({ ($0.lastHeard(.downstream), $0.lastHeard(.upstream)) })
        else { return .never }
        let isAway = session.pointee.hold?.relay.isAway == true
        let timing = heartbeat.route.timing
        return timing.moment(
            min(
                heartbeat.state.deadline(.downstream, heard: client, timing),
                isAway ? .never : heartbeat.state.deadline(.upstream, heard: server, timing)))
    }

    /// The session's timer fired: pings what is silent, ends what is dead.
    func checkHeartbeat(_ session: UnsafeMutablePointer<Session>) {
        guard let heartbeat = session.pointee.heartbeat, isBeating(session) else { return }
        check(session, .downstream, heartbeat)
        guard isBeating(session) else { return }
        check(session, .upstream, heartbeat)
    }

    private func check(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ heartbeat: SessionHeartbeat) {
        if side == .upstream, session.pointee.hold?.relay.isAway == true { return }
        guard let heard = session.pointee.analyzer?.look({ $0.lastHeard(side) }) else { return }
        if session.pointee.tunnel?.hasEnded(side) == true { heartbeat.state.retire(side) }
        let isPaused = side == .downstream ? session.pointee.downstreamPaused : session.pointee.upstreamPaused
        let reachable = !isPaused && !loop.isBlocked(session.pointee.connection(side))
        switch heartbeat.state.check(side, now: loop.now, heard: heard, reachable: reachable, heartbeat.route.timing) {
        case .none: return
        case .dead: sideDied(session, side)
        case .ping: ping(session, side, heartbeat)
        }
    }

    /// Once a close frame came or went, the closing handshake has its own clock.
    private func isBeating(_ session: UnsafeMutablePointer<Session>) -> Bool {
        session.pointee.phase == .tunnel && session.pointee.tunnel?.closing == nil
            && session.pointee.analyzer?.look { $0.hasClose } == false
    }

    // MARK: Pings

    /// Writes a ping to `side`, or leaves it to the relay, which writes it behind the frame that is under way.
    func ping(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ heartbeat: SessionHeartbeat) {
        guard isBeating(session) else { return }
        if session.pointee.analyzer?.look({ $0.isDesynchronised(towards: side) }) == true { return heartbeat.state.retire(side) }
        session.pointee.isPlainRelay = false
        guard isAtFrameBoundary(session, towards: side) else { return }
        let payload = heartbeat.state.asked(side, now: loop.now)
        // We are the client of the upstream side: only that frame is masked.
        let key = side == .upstream ? UInt32(truncatingIfNeeded: random.next()) : nil
        metrics.heartbeats[side].add()
        session.pointee.tap?.note = .heartbeat
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { room in
            let count = FrameWriter.writePing(payload, maskingKey: key, into: room)
            send(session, side, copying: UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
    }

    // MARK: Relaying with pings under way

    /// Relays what came from `side` of a session with pings: without the pongs of ours, and with a ping that waits for its place.
    func relay(
        _ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk, _ heartbeat: SessionHeartbeat
    ) {
        defer { settle(session, heartbeat) }
        guard heartbeat.looksAt(side) else { return relayPinging(session, side, chunk, heartbeat) }
        let bytes = RawSpan(_unsafeBytes: chunk.bytes)
        if session.pointee.analyzer?.look({ $0.isAtFrameBoundary(towards: side.opposite) }) == true,
            let answer = heartbeat.claimSole(side, bytes, now: loop.now)
        {
            if let time = answer.roundTrip { metrics.heartbeatTime[side].observe(time) }
            session.pointee.analyzer?.heard(side, at: loop.now)
            loop.release(chunk)
            return setTunnelDeadline(session)
        }
        guard let tally = session.pointee.analyzer?.frames(from: side) else { return loop.release(chunk) }
        let sifted = heartbeat.sift(side, bytes, after: tally, now: loop.now) { time in
            if let time { metrics.heartbeatTime[side].observe(time) }
        }
        session.pointee.analyzer?.heard(side, at: loop.now)
        relayReleased(session, side, sifted.released, heartbeat)
        for piece in sifted.pieces {
            guard session.pointee.phase == .tunnel else { break }
            loop.retain(chunk)
            relayPinging(session, side, chunk.narrowed(to: piece), heartbeat)
        }
        loop.release(chunk)
        // The pong may have been all that this side had been waited for.
        if session.pointee.phase == .tunnel { setTunnelDeadline(session) }
    }

    /// Writes a ping that waits for the other side behind the first frame that ends in these bytes.
    private func relayPinging(
        _ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk, _ heartbeat: SessionHeartbeat
    ) {
        let towards = side.opposite
        guard heartbeat.state.isDue(towards),
            let boundary = session.pointee.analyzer?.frames(from: side).firstBoundary(in: RawSpan(_unsafeBytes: chunk.bytes))
        else { return relayObserved(session, side, chunk) }
        if boundary == 0 {
            ping(session, towards, heartbeat)
            return relayObserved(session, side, chunk)
        }
        let hasRest = boundary < chunk.count
        if hasRest { loop.retain(chunk) }
        relayObserved(session, side, chunk.narrowed(to: 0..<boundary))
        if session.pointee.phase == .tunnel {
            ping(session, towards, heartbeat)
            setTunnelDeadline(session)
        }
        guard hasRest else { return }
        let rest = chunk.narrowed(to: boundary..<chunk.count)
        if session.pointee.phase == .tunnel { relayObserved(session, side, rest) } else { loop.release(rest) }
    }

    /// Bytes that were withheld and are the peer's own.
    private func relayReleased(
        _ session: UnsafeMutablePointer<Session>, _ side: Side, _ bytes: [UInt8], _ heartbeat: SessionHeartbeat
    ) {
        guard !bytes.isEmpty else { return }
        guard let room = loop.takeBuffer() else { return abandon(session, .overload) }
        room.mutableBytes.copyBytes(from: bytes)
        relayPinging(session, side, room.narrowed(to: 0..<bytes.count), heartbeat)
    }

    /// `side` has ended: the beginning of a frame that was withheld is no pong of ours.
    func releaseHeld(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        guard let heartbeat = session.pointee.heartbeat, session.pointee.phase == .tunnel else { return }
        relayReleased(session, side, heartbeat.takeHeld(side), heartbeat)
        // A half-closed session has its own clock, and what comes after the first end counts no more as a sign of life: nobody is asked then.
        for side in Side.allCases { heartbeat.state.retire(side) }
        settle(session, heartbeat)
    }

    /// Back to the fast way, once nothing is looked for any more.
    private func settle(_ session: UnsafeMutablePointer<Session>, _ heartbeat: SessionHeartbeat) {
        guard session.pointee.phase == .tunnel, !heartbeat.needsCare, session.pointee.hold == nil else { return }
        session.pointee.isPlainRelay = session.pointee.special == nil && !session.pointee.hasCloseOfOurs
    }

    // MARK: The end

    /// A side gave no sign of life: it is reset, and the other one is told by a close frame.
    private func sideDied(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        metrics.timeouts[.heartbeat].add()
        metrics.heartbeatsUnanswered[side].add()
        if side == .upstream, let hold = session.pointee.hold {
            hold.transportEnd = .timedOut(.heartbeat)
            if loseBackend(session, hold, HoldLoss(.heartbeat)) { return }
        }
        let other = side.opposite
        // In the middle of a frame of the dead side there is no place for a close frame, and the frame will never end.
        let hasPlace =
            isAtFrameBoundary(session, towards: other) && session.pointee.analyzer?.isDesynchronised(towards: other) == false
        endTimedOut(session, side, .heartbeat)
        session.pointee.setCloseSent(side)
        close(session, side, reset: true)
        // 1001: the client went away. 1011: the server can't do what it was asked.
        let closing = Tunnel.Closing(code: side == .downstream ? 1001 : 1011, why: .followedOtherSide)
        let actions =
            hasPlace
            ? session.pointee.tunnel?.died(side, closing, now: loop.now) : session.pointee.tunnel?.failed(side, now: loop.now)
        perform(session, actions ?? [])
    }

    /// Adds to the record what the pings showed, and learns from the session's end.
    func reportHeartbeat(_ session: UnsafeMutablePointer<Session>, _ record: inout SessionRecord) {
        guard let heartbeat = session.pointee.heartbeat else { return }
        record.downstream.heartbeat = heartbeat.state.facts(.downstream)
        record.upstream.heartbeat = heartbeat.state.facts(.upstream)
        guard let client = session.pointee.facts?.forwardedClient, let lesson = heartbeat.route.ended(record, client: client) else {
            return
        }
        ledger.heartbeatLearnt(
            route: heartbeat.route.name, interval: lesson.interval, before: lesson.before, silence: lesson.silence,
            sessions: lesson.sessions, worker: index, at: loop.now)
    }
}

extension Session {
    /// Whether a close frame of ours has gone, or waits for its place.
    var hasCloseOfOurs: Bool { closeSentDownstream || closeSentUpstream || closePendingDownstream || closePendingUpstream }
}
