import Diagnosis
import EventLoop
import ProxyCore
import Synchronization
import Telemetry
import WebSocketWire
import Wire

// Memory is short: nothing new is accepted, or sessions end. Those end first that hold the most bytes that their peers don't take, because what
// they hold is given back at once, and because a peer that takes nothing is served the least.

extension Worker {
    /// Accepts, or doesn't, as there is memory.
    func followMemory() {
        if shared.memory.isAccepting.load(ordering: .relaxed) { loop.letListenersGo() } else { loop.holdListeners() }
    }

    /// Ends what holds unsent bytes until so many are given back, or nothing holds any.
    func shed(_ wanted: Int) {
        var candidates: [(bytes: Int, connection: ConnectionID, owner: UInt64)] = []
        var freed = 0
        loop.forEachQueue { connection, owner, bytes, isClosing in
            if isClosing { freed += bytes } else { candidates.append((bytes, connection, owner)) }
        }
        candidates.sort { $0.bytes > $1.bytes }
        for (bytes, connection, owner) in candidates {
            guard freed < wanted else { return }
            switch Owner.meaning(owner) {
            case .session(let slot, let side): shed(sessions.session(slot), side, connection, bytes)
            // The session is over; this was only to be delivered yet.
            case .flushing: loop.close(connection, .reset)
            default: continue
            }
            freed += bytes
        }
    }

    private func shed(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ connection: ConnectionID, _ bytes: Int) {
        guard session.pointee.phase != .over, session.pointee.phase != .free, session.pointee.connection(side) == connection else {
            return
        }
        metrics.sessionsShed.add(1)
        ledger.sessionShed(
            session.pointee.id, side, unsent: bytes,
            client: session.pointee.facts?.client ?? loop.peerAddress(session.pointee.downstream), at: loop.now)
        if session.pointee.phase == .tunnel {
            shedTunnel(session, side)
        } else if let exchange = session.pointee.exchange, session.pointee.phase == .exchanging {
            exchange.failure = .limit("memory")
            abort(session, exchange)
        } else {
            abandon(session, .overload)
        }
    }

    /// The side that doesn't take its bytes gets RST: they are dropped, possibly amid a frame, so no close frame can follow them. The other one is
    /// told where a frame ends.
    private func shedTunnel(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        guard let analyzer = session.pointee.analyzer, !analyzer.isOpaque, session.pointee.hold == nil,
            session.pointee.tunnel?.closing == nil, session.pointee.tunnel?.hasEnded(side) == false
        else { return abandon(session, .overload) }
        let other = side.opposite
        let hasPlace = isAtFrameBoundary(session, towards: other) && !analyzer.isDesynchronised(towards: other)
        endLocally(session, side, .overload, closeCode: nil)
        session.pointee.setCloseSent(side)
        close(session, side, reset: true)
        // It was paused because this side took nothing; its answer to the close frame is wanted, and all before that is dropped.
        if other == .downstream ? session.pointee.downstreamPaused : session.pointee.upstreamPaused { resume(session, other) }
        // 1013: try again later. To a backend its client has gone away, which is 1001.
        let closing = Tunnel.Closing(code: other == .downstream ? 1013 : 1001, why: .overload)
        let actions =
            hasPlace
            ? session.pointee.tunnel?.died(side, closing, now: loop.now) : session.pointee.tunnel?.failed(side, now: loop.now)
        perform(session, actions ?? [])
    }
}
