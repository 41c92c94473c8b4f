import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import Wire

extension Worker {
    /// Nothing new is accepted; idle connections close, sessions get their close frames over the window.
    ///
    /// Where a successor has the listeners, connections without a request get time for one: the client may have sent it already, and an end
    /// now would be a reset to it. Each gets one more answer, with `Connection: close`.
    func beginDrain(toSuccessor: Bool) {
        guard !drain.isActive else { return }
        isHandingOver = toSuccessor
        let settings = state.snapshot.drain
        drain.begin(window: settings.window, timeout: settings.timeout, sessions: tunnels, now: loop.now)
        nextDrainReport = loop.now + .seconds(1)
        for index in state.snapshot.listeners.indices { loop.stopListening(tag: UInt32(index), givingAway: toSuccessor) }
        if toSuccessor {
            idleEndsAt = loop.now + min(settings.timeout, max(settings.window, Worker.patienceWithIdle))
        } else {
            endIdle()
        }
        for endpoint in endpoints { for idle in endpoint.takeAll() { loop.close(idle.connection, .now) } }
        continueDrain()
    }

    /// How long a connection without a request is kept, if the drain's window is shorter.
    private static let patienceWithIdle = TimeSpan.seconds(1)

    /// Ends connections on which no request has begun.
    private func endIdle() {
        forEachSession { session in
            if session.pointee.phase == .readingHead, session.pointee.exchange?.scanner.hasBegun != true { end(session) }
        }
    }

    /// Closes the sessions that are due, and reports when nothing is left.
    func continueDrain() {
        guard loop.now >= drain.nextStep else { return checkDrained() }
        var due = drain.due(now: loop.now)
        if due > 0 {
            forEachSession { session in
                guard due > 0, session.pointee.phase == .tunnel, session.pointee.tunnel?.closing == nil else { return }
                due -= 1
                closeForDrain(session, code: state.snapshot.drain.notice.code)
            }
        }
        if loop.now >= idleEndsAt { endIdle() }
        if drain.isOverdue(now: loop.now) { forEachSession { abandon($0, .drain) } }
        checkDrained()
    }

    /// Ends a tunnel whose protocol is unknown: what was sent is delivered, then FIN to both sides.
    func endOpaqueTunnel(_ session: UnsafeMutablePointer<Session>, _ why: LocalEnd) {
        for side in Side.allCases { endLocally(session, side, why, closeCode: nil) }
        endTunnel(session)
    }

    private func checkDrained() {
        shared.reportProgress(worker: index, left: sessions.count + (loop.isStillAccepting ? 1 : 0))
        // One worker speaks for all.
        guard index == 0, loop.now >= nextDrainReport else { return }
        nextDrainReport = loop.now + .seconds(1)
        if shared.openTunnels > 0 { ledger.drainProgress(sessions: shared.openTunnels, at: loop.now) }
    }
}
