import CLinux
import Configuration
import Diagnosis
import Glibc
import ProxyServer
import Telemetry
import Wire

/// Keeps one backend and the server before it: starts, watches, passes signals on, restarts, and ends both in order.
///
///     starting ──it listens──► serving ──SIGTERM, SIGINT──► draining ──no session left──► stopping ──it ended──► over
///        │  ▲                     │                                                          ▲
///        │  └──back-off── waiting ◄──it ended (--restart)                                    │
///        └──it ended, or never listened──────────────────────────────────────────────────────┘
///
/// All of it happens on the main thread, which waits for signals, SIGCHLD among them. The public port is opened when the backend listens for the
/// first time, and stays open while a backend is started again.
final class Supervisor {
    enum Phase {
        case starting(since: UInt64)
        case serving(since: UInt64)
        /// The backend has ended and will be started again.
        case waiting(until: UInt64)
        /// Sessions are being closed, and what is to be done then.
        case draining(until: UInt64)
        /// The backend was told to end.
        case stopping(killAt: UInt64)
        case over(Int32)
    }

    /// How long a backend may take to end once it was told, if the drain has used up its time.
    static let patience: UInt64 = 3_000_000_000
    /// When somebody is told what a backend that doesn't listen does listen on.
    static let notice: UInt64 = 5_000_000_000
    /// A backend that has served for so long begins anew with the shortest back-off.
    static let settled: UInt64 = 10_000_000_000
    /// How long the casebook takes to join the end of the process to its sessions.
    static let joining: UInt64 = 600_000_000

    let options: RunOptions
    let port: UInt16
    let publicPorts: [UInt16]
    let server: Server
    let shared: SharedOutput
    let environment: [String: String]
    var phase = Phase.starting(since: 0)
    var backend: BackendProcess?
    var attempt = 0
    /// Failures in a row.
    var failures = 0
    var isServing = false
    var wasNoticed = false
    /// After which wait it is looked next what a backend that doesn't listen yet does listen on.
    var nextLook = Supervisor.notice
    /// The first SIGTERM or SIGINT.
    var stopSignal: Int32?
    /// Until when the server stays after the backend's end, so that what is known of it is joined to the sessions that it took along.
    var settleUntil: UInt64 = 0
    /// What Gatehouse ends with, whatever the backend ends with: where the end is our own doing.
    var ownCode: Int32?

    init(
        _ options: RunOptions, port: UInt16, snapshot: Snapshot, server: Server, shared: SharedOutput, environment: [String: String]
    ) {
        self.options = options
        self.port = port
        publicPorts = snapshot.listeners.map(\.address.port)
        self.server = server
        self.shared = shared
        self.environment = environment
    }

    static var now: Timestamp { Timestamp(nanoseconds: clinux_realtime()) }

    /// The name of the command, for lines that others read: arguments may hold secrets.
    var name: String { options.command.first ?? "" }

    /// Runs until it is over; the process's exit code.
    func run() -> Int32 {
        startBackend()
        while true {
            if case .over(let code) = phase { return code }
            let signal = clinux_wait_signal(pause)
            if signal != 0 { received(signal) }
            if case .over(let code) = phase { return code }
            clinux_reap_orphans(backend?.pid ?? 0)
            if let backend, let end = backend.end { ended(backend, end) }
            advance(clinux_monotonic())
        }
    }

    /// How often to look, in milliseconds; a child's end and signals come by themselves.
    private var pause: Int32 {
        switch phase {
        case .starting: 20
        case .waiting, .draining, .stopping: 50
        default: 1000
        }
    }

    private func startBackend() {
        attempt += 1
        wasNoticed = false
        nextLook = Supervisor.notice
        let casebook = server.casebook
        do throws(BackendProcess.Failure) {
            let backend = try BackendProcess(command: options.command, port: port, environment: environment, shared: shared) {
                casebook.heard($0, at: $1)
            }
            self.backend = backend
            phase = .starting(since: clinux_monotonic())
            server.ledger.backendStarted(command: name, pid: backend.pid, port: port, attempt: attempt, at: Supervisor.now)
        } catch {
            var start = BackendStart(command: name, port: port)
            start.end = .unstartable(error.errno)
            tell(start.verdict(), lastLines: [])
            // As shells have it.
            finish(error.errno == ENOENT ? 127 : 126)
        }
    }

    // MARK: Signals

    private func received(_ signal: Int32) {
        switch signal {
        case SIGTERM, SIGINT: toldToStop(signal)
        case SIGHUP:
            // A terminal that goes takes what runs in it along; a daemon is asked to read its configuration anew.
            if clinux_terminal_is_gone() { toldToStop(SIGTERM) } else { server.reload() }
        case SIGQUIT: backend?.signalGroup(signal)
        case SIGUSR1, SIGUSR2, SIGWINCH: backend?.signalLeader(signal)
        default: break
        }
    }

    private func toldToStop(_ signal: Int32) {
        guard stopSignal == nil else {
            // A second one ends at once.
            if let backend {
                backend.signalGroup(SIGKILL)
                backend.output.finish(milliseconds: 200)
            }
            server.abandon(exit: 128 + signal)
            phase = .over(128 + signal)
            return
        }
        stopSignal = signal
        let now = clinux_monotonic()
        switch phase {
        case .starting where !isServing:
            stopBackend(signal, killAt: now + max(server.drainTimeout.nanoseconds, Supervisor.patience))
        case .starting, .serving, .waiting:
            server.beginDrain()
            phase = .draining(until: now + server.drainTimeout.nanoseconds)
        case .draining, .stopping, .over: break
        }
    }

    private func stopBackend(_ signal: Int32, killAt: UInt64) {
        backend?.signalGroup(signal)
        phase = .stopping(killAt: killAt)
    }

    // MARK: Time

    private func advance(_ now: UInt64) {
        switch phase {
        case .starting(let since): look(since, now)
        case .waiting(let until) where now >= until: startBackend()
        case .draining(let until):
            // A second for the workers to end what the drain's timeout leaves.
            guard now >= settleUntil, server.sessionsLeft == 0 || now >= until + 1_000_000_000 else { return }
            guard backend != nil else { return finish(ownCode ?? 0) }
            stopBackend(stopSignal ?? SIGTERM, killAt: max(until, now + Supervisor.patience))
        case .stopping(let killAt) where now >= killAt:
            guard let backend else { return finish(ownCode ?? 0) }
            backend.signalGroup(SIGKILL)
            server.ledger.backendKilled(
                pid: backend.pid, after: TimeSpan(nanoseconds: now - backend.startedAt), at: Supervisor.now)
            phase = .stopping(killAt: .max)
        default: break
        }
    }

    /// Whether the backend listens by now.
    private func look(_ since: UInt64, _ now: UInt64) {
        guard let backend else { return }
        let table = ListeningTable.read()
        if PrivatePort.isServed(port, table) { return ready(backend, now) }
        let waited = now - since
        let isLate = waited >= options.startTimeout.nanoseconds
        guard isLate || waited >= nextLook else { return }
        nextLook = waited + 1_000_000_000
        let listening = table.map(backend.listening) ?? []
        // With our port taken nothing can come of it any more.
        if isLate || (!isServing && listening.contains { publicPorts.contains($0.port) }) {
            failed(backend, listening: listening, waited: waited)
        } else if !wasNoticed {
            wasNoticed = true
            server.ledger.backendAwaited(
                port: port, listening: listening.map(\.description), after: TimeSpan(nanoseconds: waited), at: Supervisor.now)
        }
    }

    private func ready(_ backend: BackendProcess, _ now: UInt64) {
        server.ledger.backendReady(
            pid: backend.pid, port: port, after: TimeSpan(nanoseconds: now - backend.startedAt), at: Supervisor.now)
        phase = .serving(since: now)
        guard !isServing else { return }
        do throws(Server.StartFailure) {
            try server.start()
            isServing = true
        } catch {
            let listening = ListeningTable.read().map(backend.listening) ?? []
            if listening.contains(where: { publicPorts.contains($0.port) && $0.port != port }) {
                return failed(backend, listening: listening.filter { $0.port != port }, waited: now - backend.startedAt)
            }
            Terminal.note("gatehouse: \(error)")
            ownCode = ExitCode.usage.rawValue
            stopBackend(SIGTERM, killAt: now + Supervisor.patience)
        }
    }

    /// It runs, but not where it should: said, and ended.
    private func failed(_ backend: BackendProcess, listening: [SocketAddress], waited: UInt64) {
        var start = BackendStart(command: name, port: port)
        start.publicPorts = publicPorts
        start.listening = listening
        start.waited = TimeSpan(nanoseconds: waited)
        start.lastLines = backend.output.lastLines
        start.signs = backend.output.signs
        tell(start.verdict(), lastLines: start.lastLines)
        if options.restart == .never || stopSignal != nil { ownCode = ExitCode.unreachable.rawValue }
        stopBackend(SIGTERM, killAt: clinux_monotonic() + Supervisor.patience)
    }
}
