// The process: workers, admin, signals, reload and the way out.
//
//     start   bind all listeners (SO_REUSEPORT, a socket for each worker) → a thread for each worker → admin thread
//     signals the main thread waits for them: SIGHUP reload, SIGTERM and SIGINT drain, a second one ends at once; SIGUSR2 hot restart
//             (Server+Signals, Server+Restarting)
//     stop    workers drain → report nothing left (or the drain's timeout) → stop → join → last line → flush
import CLinux
public import Configuration
import Diagnosis
public import EventLoop
import ProxyCore
import Synchronization
import TLSEngine
public import Telemetry
public import Wire

/// Gatehouse as a running service.
public final class Server {
    /// Why the service could not start: what was tried, what came back, what to do.
    public struct StartFailure: Error, CustomStringConvertible {
        public let description: String

        public init(_ description: String) { self.description = description }
    }

    /// Gives the configuration anew, for SIGHUP.
    public typealias Load = () throws(ConfigurationError) -> Snapshot

    let load: Load
    var state: ServerState
    let shared: SharedParts
    /// What writes the lines of all threads but the workers'.
    let ledgers: LedgerSource
    var threads: [WorkerThread.Handle] = []
    var admin: AdminServer?
    /// For a line of the main thread's; nobody else writes with it.
    public var ledger: Ledger { ledgers.ledger }
    let status: ProcessStatus
    /// Hands the listeners over; nil where that isn't offered.
    var restart: RestartDesk?
    var notifier = ServiceNotifier(path: nil)
    /// Whether this process stands for those that follow it.
    var stays = false
    /// Where those that follow write who serves, and where this one writes it; -1: nobody asks.
    var lineage: Int32 = -1
    var lineageEnd: Int32 = -1
    /// What this process listens on, to be offered.
    var held: [HeldListener] = []
    let fetcher: KeyFetcher
    let checker: HealthChecker
    let memory: MemoryWarden
    /// The configuration of the start: what a reload can't change is still as it says.
    let startedWith: Snapshot
    private let version: String
    /// What is known of refusals and ends after their lines were written; `gatehouse run` tells it what the backend says.
    public let casebook: Casebook
    /// What the listeners are bound to, in the configuration's order.
    public internal(set) var addresses: [SocketAddress] = []
    public internal(set) var adminAddress: SocketAddress?
    /// What the workers' loops run on.
    public private(set) var backend = EventLoop.Backend.epoll

    /// Builds everything that can fail before a socket is bound.
    ///
    /// - Parameter output: who else writes to the standard output and standard error, if somebody does
    public init(_ snapshot: Snapshot, version: String, output: SharedOutput? = nil, load: @escaping Load) throws(StartFailure) {
        self.load = load
        startedWith = snapshot
        self.version = version
        do throws(ServerStateError) {
            state = try ServerState(snapshot, generation: 0)
        } catch {
            throw StartFailure("\(error)")
        }
        let count = snapshot.workers ?? Int(max(1, clinux_cpu_count()))
        let log: LogWriter
        do throws(LogDestinationError) {
            log = try LogWriter(
                output: Server.output(snapshot.log.output), format: Server.format(snapshot.log), shared: output)
        } catch {
            throw StartFailure("\(error)")
        }
        var random = SecureRandom()
        var mailboxes: [Mailbox<WorkerMessage>] = []
        var wakers: [Waker] = []
        for _ in 0..<count {
            guard let waker = Waker() else { throw StartFailure("eventfd failed: the process is out of descriptors (ulimit -n)") }
            wakers.append(waker)
            mailboxes.append(Mailbox(capacity: 1024, waker: waker))
        }
        self.wakers = wakers
        guard let memoryWaker = Waker(), let bookWaker = Waker() else {
            throw StartFailure("eventfd failed: the process is out of descriptors (ulimit -n)")
        }
        casebook = try Casebook(waker: bookWaker)
        shared = SharedParts(
            log: log, metrics: (0..<count).map { _ in WorkerMetrics() }, mailboxes: mailboxes, resolver: Resolver(),
            casebook: casebook, seed: random.next(), redactionKey: (random.next(), random.next()))
        ledgers = LedgerSource(log: log, redaction: shared.redaction(for: state))
        fetcher = KeyFetcher(ledgers: ledgers)
        checker = HealthChecker(standings: shared.standings, ledgers: ledgers)
        memory = MemoryWarden(snapshot.limits, shared: shared, ledgers: ledgers, waker: memoryWaker)
        status = ProcessStatus(version: version, started: Server.now)
    }

    let wakers: [Waker]

    /// The time for lines that no loop writes.
    static var now: Timestamp { Timestamp(nanoseconds: clinux_realtime()) }

    /// What is wrong with a configuration beyond its text: certificates that can't be loaded. Nil if nothing is.
    public static func problem(of snapshot: Snapshot) -> String? {
        do throws(ServerStateError) {
            _ = try ServerState(snapshot, generation: 0)
            return nil
        } catch {
            return "\(error)"
        }
    }

    private static func output(_ output: LogOutput) -> LogDestination {
        switch output {
        case .standardOutput: .standardOutput
        case .standardError: .standardError
        case .file(let path): .file(path)
        }
    }

    private static func format(_ log: LogSettings) -> LineFormat {
        switch log.format {
        case .json: .json
        case .pretty: .pretty
        case .auto: output(log.output).isTerminal ? .pretty : .json
        }
    }

    // MARK: Start

    /// Binds, starts all threads, and returns when every worker accepts.
    public func start() throws(StartFailure) { try start(nil) { () throws(StartFailure) in } }

    /// - Parameters:
    ///   - passed: sockets of somebody else to serve in place of own ones
    ///   - prepare: called when all else is there, just before the workers accept
    func start(_ passed: PassedSockets?, prepare: () throws(StartFailure) -> Void) throws(StartFailure) {
        clinux_ignore_sigpipe()
        clinux_block_signals()
        _ = clinux_raise_descriptor_limit()
        // All that can fail for want of an address first: nothing is accepted before.
        let sockets = try bindListeners(passed)
        try bindAdmin(passed)
        startResolver()
        if passed != nil { shared.resolver.prime(state.snapshot.clusters.flatMap(\.endpoints), milliseconds: 5_000) }
        fetcher.adopt(state.keySources)
        checker.adopt(state)
        casebook.start(state, shared)
        shared.capture.adopt(state.snapshot.capture, log: shared.log, redaction: ledgers.redaction)
        // What is learnt, or taken over, needs a place.
        for cluster in state.snapshot.clusters where !cluster.isPlain { _ = shared.standings.of(cluster, now: Server.now) }
        try prepare()
        let loopMemory = memory.loopMemory
        for (index, waker) in wakers.enumerated() {
            let ready = Reply<WorkerStart>()
            let start = WorkerLaunch(
                index: index, waker: waker, sockets: sockets[index], ports: addresses.map(\.port), state: state, shared: shared,
                ready: ready, memory: loopMemory,
                pins: wakers.count > 1)
            guard let thread = WorkerThread.start(name: "gh-worker-\(index)", { start.run() }) else {
                throw StartFailure("The kernel gave no thread for a worker; see ulimit -u.")
            }
            threads.append(thread)
            switch ready.wait(milliseconds: 10_000) {
            case .running(let backend)?: self.backend = backend
            case .failed(let why)?: throw StartFailure(why)
            case nil: throw StartFailure("A worker did not start within 10 s.")
            }
        }
        status.io.withLock { $0 = backend.rawValue }
        admin?.start()
        announce()
        memory.start()
    }

    private func startResolver() {
        let mailboxes = shared.mailboxes
        shared.resolver.start { [ledgers] answer in
            for mailbox in mailboxes {
                _ = mailbox.post(
                    .resolved(endpoint: answer.endpoint, addresses: answer.addresses, failure: answer.failure))
            }
            let name = answer.endpoint.description
            switch answer.news {
            case .addresses(let gone)? where answer.endpoint.address == nil:
                ledgers.ledger.endpointResolved(name, addresses: answer.addresses, gone: gone, at: Server.now)
            case .failed(let keepsOld)?:
                ledgers.ledger.endpointUnresolved(
                    name, observed: answer.failure ?? "no address", keepsOld: keepsOld, at: Server.now)
            default: break
            }
        }
    }

    private func announce() {
        ledger.processStarted(version: version, io: backend.rawValue, workers: wakers.count, pid: clinux_pid(), at: Server.now)
        for address in addresses { ledger.listenerReady(address, at: Server.now) }
        if let adminAddress { ledger.adminReady(adminAddress, at: Server.now) }
        sayNotices()
    }

    /// What the configuration's files lack, and loudly whose certificate isn't verified: at each start and reload.
    func sayNotices() {
        for notice in state.notices { ledger.configurationNotice(notice, at: Server.now) }
        for url in state.unverifiedServices { ledger.serviceUnverified(url.description, at: Server.now) }
        for cluster in state.snapshot.clusters where !cluster.tls.verify {
            for endpoint in cluster.endpoints where endpoint.isSecure {
                ledger.upstreamUnverified(cluster: cluster.name, endpoint: endpoint.description, at: Server.now)
            }
        }
    }
}
