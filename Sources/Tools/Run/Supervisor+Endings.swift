import CLinux
import Diagnosis
import Glibc
import ProxyServer
import Telemetry
import Wire

extension Supervisor {
    /// The backend's leader has ended, of itself or because it was told to.
    func ended(_ backend: BackendProcess, _ end: clinux_exit) {
        let now = clinux_monotonic()
        // Before its group goes: a server in the background still shows what it listens on.
        let listening = leftListening(backend, end)
        if backend.endGroup(patience: Supervisor.patience) {
            server.ledger.backendKilled(
                pid: backend.pid, after: TimeSpan(nanoseconds: now - backend.startedAt), at: Supervisor.now)
        }
        self.backend = nil
        let code = end.signal == 0 ? end.code : 128 + end.signal
        var wasAsked = stopSignal != nil
        if case .stopping = phase { wasAsked = true }
        let lines = backend.output.lastLines
        if !wasAsked { server.casebook.heard(Array(Supervisor.sentence(end, lines.last).utf8), at: Supervisor.now) }
        server.ledger.backendEnded(
            pid: backend.pid, code: end.code, signal: end.signal, asked: wasAsked, sessions: server.openSessions, lastLines: lines,
            at: Supervisor.now)
        switch phase {
        case .starting where stopSignal == nil:
            var start = BackendStart(command: name, port: port)
            start.end = end.signal == 0 ? .exit(end.code) : .signal(end.signal)
            start.waited = TimeSpan(nanoseconds: now - backend.startedAt)
            start.lastLines = lines
            start.signs = backend.output.signs
            start.listening = listening
            tell(start.verdict(), lastLines: lines)
            goOn(code, servedFor: 0)
        case .serving(let since): goOn(code, servedFor: now - since)
        case .stopping where stopSignal == nil && ownCode == nil: goOn(ExitCode.unreachable.rawValue, servedFor: 0)
        case .stopping: finish(ownCode ?? code)
        case .draining: ownCode = ownCode ?? code
        default: finish(ownCode ?? code)
        }
    }

    /// Starts the backend again, or ends as it did.
    private func goOn(_ code: Int32, servedFor span: UInt64) {
        let now = clinux_monotonic()
        guard options.restart == .onFailure, code != 0, stopSignal == nil else {
            ownCode = code
            guard isServing else { return finish(code) }
            server.beginDrain()
            settleUntil = now + Supervisor.joining
            phase = .draining(until: now + server.drainTimeout.nanoseconds)
            return
        }
        failures = span >= Supervisor.settled ? 1 : failures + 1
        let delay = RunOptions.backOff(failures)
        server.ledger.backendRestarts(after: delay, attempt: attempt + 1, at: Supervisor.now)
        phase = .waiting(until: now + delay.nanoseconds)
    }

    /// Everything is over: the last lines are written.
    func finish(_ code: Int32) {
        server.stop(exit: code)
        phase = .over(code)
    }

    /// A verdict on the start: a line of the ledger, and its words for whoever started it.
    func tell(_ verdict: Verdict, lastLines: [String]) {
        server.ledger.backendFailed(verdict, lastLines: lastLines, at: Supervisor.now)
        var text = "gatehouse: \(verdict.title)."
        // Its own lines stand above: they were passed on.
        for piece in verdict.evidence where piece.what != "backend output" { text += "\n  \(piece.what): \(piece.observed)" }
        for step in verdict.fix.prefix(2) { text += "\n  fix: \(step)" }
        Terminal.note(text)
    }

    private func leftListening(_ backend: BackendProcess, _ end: clinux_exit) -> [SocketAddress] {
        guard case .starting = phase, end.signal == 0, end.code == 0 else { return [] }
        // A server that puts itself into the background may need a moment until it listens.
        let deadline = clinux_monotonic() + 500_000_000
        while true {
            let listening = ListeningTable.read().map(backend.listening) ?? []
            if !listening.isEmpty || clinux_monotonic() >= deadline || ProcessTable.read().descendants(of: clinux_pid()).count < 2 {
                return listening
            }
            clinux_sleep(20_000_000)
        }
    }

    /// What the casebook hears, as if the backend had said it: the sessions that it held end with it.
    static func sentence(_ end: clinux_exit, _ lastLine: String?) -> String {
        let how = end.signal == 0 ? "exit code \(end.code)" : "signal \(end.signal)"
        return "gatehouse: the backend's process ended with \(how)" + (lastLine.map { "; its last line: \($0)" } ?? "")
    }
}
