import Configuration
import EventLoop
import ProxyCore
import Synchronization
import Telemetry
import Wire

/// What the workers of a server share: everything in it is immutable, atomic, or guarded by itself.
final class SharedParts: Sendable {
    let log: LogWriter
    let metrics: [WorkerMetrics]
    let mailboxes: [Mailbox<WorkerMessage>]
    let resolver: Resolver
    let passwords = PasswordDesk()
    let standings = Standings()
    let forwards = ForwardDesk()
    private let counts = Mutex(SessionCounts())
    private let buckets = Mutex<[String: (rate: Int, bucket: TokenBucket)]>([:])
    let casebook: Casebook
    let sessionNames = SessionNames(now: Timestamp(nanoseconds: 0))
    let capture = CaptureDesk()
    let memory = MemoryState()
    private let admin = Mutex<AdminServer?>(nil)
    /// Drawn at start: the upper half of session ids, and the workers' random bits.
    let seed: UInt64
    /// Key of the fingerprints that stand in the place of secrets.
    private let redactionKey: (UInt64, UInt64)
    private let connections = Atomic<Int>(0)
    private let tunnels = Atomic<Int>(0)
    private let seats = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)
    /// Sessions that each worker still has, while the process drains.
    private let left: Mutex<[Int]>

    init(
        log: LogWriter, metrics: [WorkerMetrics], mailboxes: [Mailbox<WorkerMessage>], resolver: Resolver,
        casebook: Casebook, seed: UInt64,
        redactionKey: (UInt64, UInt64)
    ) {
        self.log = log
        self.metrics = metrics
        self.mailboxes = mailboxes
        self.resolver = resolver
        self.casebook = casebook
        self.seed = seed
        self.redactionKey = redactionKey
        left = Mutex(Array(repeating: .max, count: metrics.count))
    }

    /// Counts a new downstream connection, unless that would be one too many.
    func admitConnection(limit: Int) -> Bool {
        if connections.add(1, ordering: .relaxed).newValue <= limit { return true }
        connections.subtract(1, ordering: .relaxed)
        return false
    }

    func releaseConnection() { connections.subtract(1, ordering: .relaxed) }

    /// Counts an upgrade that is let in among the sessions of the process, unless that would be one too many. Counted before the backend is
    /// asked: many that come at once would all find room if only open sessions counted.
    func takeSeat(limit: Int) -> Bool {
        if seats.add(1, ordering: .relaxed).newValue <= limit { return true }
        leaveSeat()
        return false
    }

    func leaveSeat() { seats.subtract(1, ordering: .relaxed) }

    /// Counts a session under each key, or under none; then the key that is full.
    func admit(_ limits: [(key: SessionKey, limit: Int)]) -> SessionKey? { counts.withLock { $0.admit(limits) } }

    func release(_ keys: [SessionKey]) { counts.withLock { $0.release(keys) } }

    /// Takes one under each name, of so many a second; or none, and says which has none left and for how long. A rate that a reload
    /// changed begins anew.
    func take(_ rates: [(name: String, rate: Int)], at now: Timestamp) -> (index: Int, wait: TimeSpan)? {
        buckets.withLock { buckets in
            var taken: [TokenBucket] = []
            for (index, (name, rate)) in rates.enumerated() {
                var bucket = TokenBucket(perSecond: rate, burst: rate)
                if let known = buckets[name], known.rate == rate { bucket = known.bucket }
                if let wait = bucket.take(at: now) { return (index, wait) }
                taken.append(bucket)
            }
            for (index, (name, rate)) in rates.enumerated() { buckets[name] = (rate, taken[index]) }
            return nil
        }
    }

    /// Forgets the rates of routes that a reload removed. A worker that has yet to take the new state may put one back, until the next reload.
    func keepRates(_ names: Set<String>) {
        buckets.withLock { buckets in buckets = buckets.filter { names.contains($0.key) } }
    }

    /// Counts an upgrade that waits for room, unless that would be one too many.
    func beginWaiting(limit: Int) -> Bool {
        if waiting.add(1, ordering: .relaxed).newValue <= limit { return true }
        waiting.subtract(1, ordering: .relaxed)
        return false
    }

    func endWaiting() { waiting.subtract(1, ordering: .relaxed) }

    /// Upgrades that wait for room, over all workers.
    var waitingForRoom: Int { waiting.load(ordering: .relaxed) }

    /// Whose turn it is among them. Only looked at while somebody waits.
    let roomOrder = Mutex(RoomOrder())

    func tunnelOpened() { tunnels.add(1, ordering: .relaxed) }

    func tunnelClosed() { tunnels.subtract(1, ordering: .relaxed) }

    /// WebSocket sessions of the whole process.
    var openTunnels: Int { tunnels.load(ordering: .relaxed) }

    var openConnections: Int { connections.load(ordering: .relaxed) }

    /// The redaction that `state` asks for. The key stays, so that equal secrets are seen to be equal across a reload.
    func redaction(for state: ServerState) -> LogRedaction {
        // Where the gate reads credentials, nobody else may.
        let secrets = state.snapshot.credentialNames
        return LogRedaction(
            key: redactionKey, fields: state.snapshot.log.redactedFields + secrets.fields,
            parameters: state.snapshot.log.redactedParameters + secrets.parameters)
    }

    /// Whom `askAdmin` asks.
    func setAdmin(_ server: AdminServer) { admin.withLock { $0 = server } }

    /// Passes a question to the admin thread; false if it can't take it.
    func askAdmin(_ question: AdminQuestion) -> Bool { admin.withLock { $0 }?.ask(question) ?? false }

    func reportProgress(worker: Int, left count: Int) { left.withLock { $0[worker] = count } }

    /// Sessions that are left in a process that drains; nil before every worker has said so.
    var drainProgress: Int? {
        left.withLock { counts in counts.contains(.max) ? nil : counts.reduce(0, +) }
    }
}
