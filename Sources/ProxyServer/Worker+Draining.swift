import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Wire

/// When which session gets its close frame, once the process is told to go.
struct DrainSchedule {
    private(set) var isActive = false
    private(set) var beganAt = Timestamp.never
    private(set) var nextStep = Timestamp.never
    private var window = TimeSpan.zero
    private var timeout = TimeSpan.zero
    private var total = 0
    private var closed = 0

    mutating func begin(_ settings: DrainSettings, sessions: Int, now: Timestamp) {
        isActive = true
        beganAt = now
        window = settings.window
        timeout = settings.timeout
        total = sessions
        nextStep = now
    }

    /// How many sessions are due by `now`, evenly spread over the window.
    mutating func due(now: Timestamp) -> Int {
        let elapsed = now - beganAt
        let share = window.nanoseconds == 0 ? 1 : min(1, elapsed.seconds / window.seconds)
        let target = min(total, Int((Double(total) * share).rounded(.up)) + (share > 0 ? 0 : 1))
        defer { closed = max(closed, target) }
        nextStep = now + .milliseconds(20)
        return max(0, target - closed)
    }

    /// Whether everything that is left is to be ended.
    func isOverdue(now: Timestamp) -> Bool { isActive && beganAt + timeout <= now }
}

extension Worker {
    /// Nothing new is accepted; idle connections close, sessions get their close frames over the window.
    func beginDrain() {
        guard !drain.isActive else { return }
        drain.begin(state.snapshot.drain, sessions: tunnels, now: loop.now)
        for index in state.snapshot.listeners.indices { loop.stopListening(tag: UInt32(index)) }
        forEachSession { session in
            if session.pointee.phase == .readingHead, session.pointee.exchange?.scanner.hasBegun != true { end(session) }
        }
        for endpoint in endpoints { for idle in endpoint.takeAll() { loop.close(idle.connection, .now) } }
        continueDrain()
    }

    /// Closes the sessions that are due, and reports when nothing is left.
    func continueDrain() {
        guard loop.now >= drain.nextStep else { return checkDrained() }
        var due = drain.due(now: loop.now)
        if due > 0 {
            forEachSession { session in
                guard due > 0, session.pointee.phase == .tunnel, session.pointee.tunnel?.closing == nil else { return }
                due -= 1
                // No close frame can be said in a protocol that nobody here knows.
                if session.pointee.analyzer?.isOpaque == true { return endOpaqueTunnel(session, .drain) }
                perform(
                    session, session.pointee.tunnel?.close(Tunnel.Closing(code: 1001, why: .drain), now: loop.now) ?? [])
            }
        }
        if drain.isOverdue(now: loop.now) { forEachSession { abandon($0, .drain) } }
        checkDrained()
    }

    /// Ends a tunnel whose protocol is unknown: what was sent is delivered, then FIN to both sides.
    private func endOpaqueTunnel(_ session: UnsafeMutablePointer<Session>, _ why: LocalEnd) {
        for side in Side.allCases { session.pointee.analyzer?.local(side, why, closeCode: nil, at: loop.now) }
        endTunnel(session)
    }

    private func checkDrained() {
        shared.reportProgress(worker: index, left: sessions.count)
    }
}
