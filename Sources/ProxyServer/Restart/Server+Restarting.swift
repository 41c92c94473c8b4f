import CLinux
import Configuration
import EventLoop
import ProxyCore
import Synchronization
import Telemetry
import Wire

// Hot restart, as a process lives through it: it takes over from a predecessor when it starts, and gives to a successor when one
// is ready. In between the desk's thread waits.

extension Server {
    /// As `start`, in the place of a running process or with a service manager's sockets, and able to be followed in the same way.
    public func start(_ surroundings: ProcessSurroundings) throws(StartFailure) {
        var predecessor: Predecessor?
        do throws(StartFailure) {
            predecessor = try Predecessor.find(surroundings, state)
            var passed = predecessor?.sockets
            if passed == nil { passed = try surroundings.passed(for: state) }
            if let predecessor { status.generation.store(predecessor.generation, ordering: .relaxed) }
            let control = try controlSocket(passed)
            prepareLineage(passed)
            try start(passed) { () throws(StartFailure) in
                try predecessor?.learn { [shared] in shared.standings.inherit($0, now: Server.now) }
            }
            for address in passed?.closeUnused() ?? [] { ledger.listenerGivenUp(address, at: Server.now) }
            try follow(&predecessor)
            let desk = try RestartDesk(
                surroundings, held: held, control: control, lineage: lineageEnd,
                generation: status.generation.load(ordering: .relaxed),
                timeout: state.snapshot.restart.timeout, ledgers: ledgers, status: status, standings: shared.standings)
            desk.start()
            restart = desk
        } catch {
            predecessor?.refuse("\(error)")
            throw error
        }
        notifier = surroundings.notifier
        notifier.ready()
    }

    private func controlSocket(_ passed: PassedSockets?) throws(StartFailure) -> ControlSocket? {
        guard let path = state.snapshot.restart.socket else { return nil }
        if let descriptor = passed?.control { return ControlSocket(path: path, adopting: descriptor) }
        return try ControlSocket(path: path)
    }

    /// Says `ready`, and waits until the predecessor accepts nothing any more.
    private func follow(_ predecessor: inout Predecessor?) throws(StartFailure) {
        let inherit: @Sendable (LearntBatch) -> Void = { [shared] in shared.standings.inherit($0, now: Server.now) }
        guard let outcome = try predecessor?.ready(inherit), let predecessor else { return }
        if outcome == .handedOver { predecessor.follow(inherit) }
        ledger.restartTakenOver(
            pid: predecessor.pid, generation: predecessor.generation, isAlone: outcome == .predecessorGone, at: Server.now)
    }

    // MARK: Being followed

    func waitForSignal(milliseconds: Int32) -> Int32 {
        guard let restart else { return clinux_wait_signal(milliseconds) }
        let signal = clinux_wait_signal_or(restart.mainWaker.descriptor, milliseconds)
        clinux_eventfd_clear(restart.mainWaker.descriptor)
        return signal
    }

    func reapChildren() {
        var code: Int32 = 0
        while true {
            let pid = clinux_reap_any(&code)
            guard pid > 0 else { return }
            restart?.reaped(pid)
        }
    }

    /// The successor accepts: stops accepting and drains. What was accepted here is still served here.
    func drainForSuccessor(_ successor: Int32) -> Int32 {
        let guardian = stays ? Guardian(successor: successor, lineage: lineage) : nil
        admin?.giveAway()
        beginDrain(toSuccessor: true)
        let limit = clinux_monotonic() + drainTimeout.nanoseconds + 1_000_000_000
        var told = 0
        while clinux_monotonic() < limit, sessionsLeft != 0 {
            let signal = waitForSignal(milliseconds: 50)
            guardian?.received(signal)
            // The first one is for the service, of which this process is no part any more: it goes anyway. The second means it.
            guard signal == 15 || signal == 2 else { continue }
            told += 1
            guard told > 1 else { continue }
            if guardian != nil { break }
            abandon(exit: 128 + signal)
            return 128 + signal
        }
        if guardian != nil { ledger.restartGuarding(pid: successor, at: Server.now) }
        stop()
        return guardian?.watch() ?? 0
    }

    // MARK: The first of a line

    /// A process that the platform watches stands for all that follow it; each that follows is given where to write who is next.
    private func prepareLineage(_ passed: PassedSockets?) {
        if let inherited = passed?.lineage {
            lineageEnd = inherited
            return
        }
        switch state.snapshot.restart.stay {
        case .auto where clinux_pid() != 1: return
        case .never: return
        default: break
        }
        var pair: [Int32] = [-1, -1]
        guard clinux_pipe(&pair) >= 0 else { return }
        (lineage, lineageEnd, stays) = (pair[0], pair[1], true)
    }
}
