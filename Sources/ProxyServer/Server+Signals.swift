import CLinux
import Configuration
import EventLoop
import ProxyCore
import Synchronization
import Telemetry
public import Wire

// What a running process is told: to read its configuration anew, to let its sessions go, to end.

extension Server {
    /// Serves until a signal or a successor ends it; the process's exit code.
    public func run() -> Int32 {
        while true {
            switch waitForSignal(milliseconds: 1000) {
            case 15, 2: return drainAndStop()
            case 1: reload()
            case 12: restart?.requestSuccessor()
            case 17: reapChildren()
            default: break
            }
            if let successor = restart?.successor { return drainForSuccessor(successor) }
        }
    }

    /// Takes up the configuration anew; a bad one changes nothing and is explained.
    public func reload() {
        shared.log.reopen()
        notifier.reloading()
        defer { notifier.reloaded(status.lastReloadOK.load(ordering: .relaxed)) }
        do throws(ConfigurationError) {
            let snapshot = try load()
            if snapshot.restart.socket != state.snapshot.restart.socket {
                return reject(["restart.socket can't change while the process runs: restart it to change it."])
            }
            if snapshot.listeners.map(\.address) != state.snapshot.listeners.map(\.address)
                || snapshot.workers != state.snapshot.workers
            {
                return reject(["listen, workers and io can't change while the process runs: restart it to change them."])
            }
            do throws(ServerStateError) {
                state = try ServerState(snapshot, generation: state.generation + 1)
            } catch {
                return reject(["\(error)"])
            }
            // First of all: only workers and the casebook may still say what is secret now, until they take the new state.
            ledgers.adopt(shared.redaction(for: state))
            fetcher.adopt(state.keySources)
            checker.adopt(state)
            memory.adopt(snapshot.limits)
            shared.capture.adopt(snapshot.capture, log: shared.log, redaction: ledgers.redaction)
            tellWorkers(.reload(state))
            shared.keepRates(Set([""] + snapshot.routes.routes.map { Worker.rateName(ofRoute: $0.name) }))
            casebook.leave(.reloaded(state))
            restart?.adopt(state.snapshot.restart)
            status.reloaded(true)
            ledger.configurationReloaded(file: snapshot.file, at: Server.now)
            let kept = snapshot.startOnlyKeys(since: startedWith)
            if !kept.isEmpty { ledger.configurationNeedsRestart(kept.map { ($0.key, $0.stays) }, at: Server.now) }
            sayNotices()
        } catch {
            reject(error.problems.map(\.description))
        }
    }

    /// Leaves a message with every worker. This is said once, so a mailbox that is full is tried again, for as long as a drain may take: who
    /// missed it would go by the old configuration, or never end.
    private func tellWorkers(_ message: WorkerMessage) {
        let limit = clinux_monotonic() + drainTimeout.nanoseconds
        for mailbox in shared.mailboxes { _ = mailbox.post(message, until: limit) }
    }

    private func reject(_ problems: [String]) {
        status.reloaded(false)
        ledger.configurationRejected(errors: problems, at: Server.now)
    }

    /// Drains all workers, for as long as the configuration says.
    private func drainAndStop() -> Int32 {
        restart?.close()
        notifier.stopping()
        beginDrain()
        let limit = clinux_monotonic() + drainTimeout.nanoseconds + 1_000_000_000
        while clinux_monotonic() < limit, sessionsLeft != 0 {
            let signal = waitForSignal(milliseconds: 50)
            if signal == 15 || signal == 2 {
                abandon(exit: 128 + signal)
                return 128 + signal
            }
        }
        stop()
        return 0
    }

    /// No new sessions from now on; those that are open are closed over `drain.window`.
    public func beginDrain() { beginDrain(toSuccessor: false) }

    func beginDrain(toSuccessor: Bool) {
        status.isDraining.store(true, ordering: .relaxed)
        ledger.processDraining(sessions: shared.openTunnels, at: Server.now)
        tellWorkers(.drain(toSuccessor: toSuccessor))
    }

    /// Connections that are left in a process that drains; nil before every worker has said so.
    public var sessionsLeft: Int? { threads.isEmpty ? 0 : shared.drainProgress }

    /// WebSocket sessions that are open.
    public var openSessions: Int { shared.openTunnels }

    /// After which time everything that is left of a drain is ended.
    public var drainTimeout: TimeSpan { state.snapshot.drain.timeout }

    /// Writes what is left of the log and leaves everything else as it is: the process ends now.
    public func abandon(exit: Int32) {
        shared.capture.stop(within: .milliseconds(300))
        ledger.processStopped(exit: exit, at: Server.now)
        shared.log.stop(within: .milliseconds(500))
    }

    /// Ends all threads and writes what is left of the log.
    public func stop(exit: Int32 = 0) {
        tellWorkers(.stop)
        for thread in threads { thread.join() }
        admin?.stop()
        restart?.stop()
        shared.capture.stop(within: .seconds(2))
        casebook.stop()
        shared.resolver.stop()
        shared.passwords.stop()
        shared.forwards.stop()
        fetcher.stop()
        checker.stop()
        memory.stop()
        ledger.processStopped(exit: exit, at: Server.now)
        shared.log.stop(within: .seconds(2))
    }
}
