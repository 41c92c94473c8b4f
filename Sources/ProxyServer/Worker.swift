// One worker: a loop, its sessions, and everything that happens to them.
//
// Theory of operation. A worker runs on a thread of its own and shares nothing mutable with others: it has its own listening
// sockets (SO_REUSEPORT), its own upstream connections, its own metrics cells. Both sides of a session live on it for life. It
// takes completions from the loop and answers them; which file answers what follows a session's life:
//
//     Worker+Accepting   accept, TLS with the client
//     Worker+Requests    request head → checks → route
//     Worker+Gate        origin, credentials, permission
//     Worker+GateLimits  limits
//     Routing/           which endpoints there are, what the choice of one depends on, waiting for one
//     Worker+WaitingForRoom  above a limit: waiting for room, messages a second
//     Worker+Connecting  endpoint → connection (kept or new, all addresses) → TLS → head sent
//     Worker+Responses   response head: relayed, refused, or a valid 101
//     Worker+Bodies      bodies in both directions, the end of an exchange
//     Worker+Relaying    the tunnel: the hot path
//     Worker+Closing     close frames of ours, drain
//     Worker+Heartbeats  pings of ours
//     Worker+Deadlines   one timer a session
//     Memory/            what ends when memory runs short
//     Worker+Tap         captures
//     Worker+Answers     Gatehouse's own responses
//     Worker+Admin       admin requests on the public port
//     Worker+Reporting   ledger lines and metrics
//     Worker+Transport   sending, finishing, closing, with or without TLS
//
// A session that is over stays valid until the end of the turn, so every function may call another that ends it and look at the
// phase afterwards.
import Admin
import CLinux
import Configuration
import Credentials
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import WebSocketWire
import Wire

/// What other threads may ask of a worker.
enum WorkerMessage: Sendable {
    case reload(ServerState)
    /// - Parameter toSuccessor: whether another process has taken the listeners over.
    case drain(toSuccessor: Bool)
    case drainEndpoint(DrainRequest, Reply<DrainState?>)
    case drainStates(Reply<[DrainState]>)
    case stop
    case summaries(Reply<[SessionSummary]>)
    /// Brings the metrics up to date with what live sessions have relayed.
    case publishTraffic(Reply<Bool>)
    /// Whether connections are accepted is another now: `SharedParts.memory` has it.
    case memoryChanged
    /// End sessions that hold unsent bytes until so many are free.
    case shed(bytes: Int)
    case capture([CaptureOrder], Reply<Bool>)
    case adminAnswer(slot: UInt32, session: SessionID, status: Int, bytes: [UInt8])
    case credentialChecked(slot: UInt32, session: SessionID, outcome: CredentialOutcome)
    /// Who waits for room here is the next.
    case roomTurn
    case resolved(endpoint: Endpoint, addresses: [SocketAddress], failure: String?)
}

/// Serves connections on one loop. Confined to its thread.
final class Worker {
    let index: Int
    let loop: EventLoop
    let shared: SharedParts
    let metrics: WorkerMetrics
    /// The ports of the listeners as bound, by the listener's index.
    let ports: [UInt16]
    var state: ServerState
    var sessions: SessionTable
    /// By cluster of the snapshot.
    var clusters: [UpstreamCluster] = []
    /// All endpoints of all clusters, of earlier configurations too as long as something uses them.
    var endpoints: [UpstreamEndpoint] = []
    /// The number of the next one that is made.
    var nextEndpointIndex: UInt32 = 0
    var ledger: Ledger
    /// Reused for every head that is written.
    var writer = HeadWriter(capacity: 4096)
    var random: RandomBits
    private var nextID: UInt64
    var drain = DrainSchedule()
    /// Whether the drain is one before a successor that has the listeners: what this process accepted is still served by it.
    var isHandingOver = false
    /// When connections without a request are ended in such a drain.
    var idleEndsAt = Timestamp.never
    /// When the process's drain is told of again.
    var nextDrainReport = Timestamp.never
    /// Endpoints that get nothing new.
    var endpointDrains: [EndpointDrain] = []
    /// By route: its heartbeats' times, and what they learnt.
    var routeHeartbeats: [String: RouteHeartbeat] = [:]
    /// The way to the capture's thread, whether any session may be captured, and what the admin API ordered.
    let taps: TapChannel
    var mayTap = false
    var captureOrders: [CaptureOrder] = []
    /// Reused for every head that is captured.
    var headMask = HeadMask()
    /// What answers that opened sessions say, so that answers like them needn't be read again.
    var openedAnswers = OpenedAnswers()
    /// Tokens whose signatures held.
    var verifiedTokens = TokenMemory()
    var upgradesInFlight = 0
    /// Clusters with requests in line, of reloaded configurations too.
    var waitingClusters: [UpstreamCluster] = []
    var isWaitTimerSet = false
    /// Upgrades that wait for room under a limit.
    var waitingLine = RoomLine<WaitingUpgrade>()
    var isRoomTimerSet = false
    var tunnels = 0
    /// What the sessions that are over have relayed, and what the metrics show of all.
    var endedTraffic = SessionTraffic()
    private var publishedTraffic = SessionTraffic()
    private var isStopped = false

    init(index: Int, loop: EventLoop, ports: [UInt16], state: ServerState, shared: SharedParts) throws(LoopFailure) {
        guard let sessions = SessionTable(capacity: 1 << 18) else { throw LoopFailure(operation: "reserving sessions", errno: 12) }
        self.index = index
        self.loop = loop
        self.ports = ports
        self.state = state
        self.shared = shared
        self.sessions = sessions
        metrics = shared.metrics[index]
        random = RandomBits(seed: shared.seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
        nextID = shared.seed << 32 | UInt64(index)
        ledger = Ledger(writer: shared.log, redaction: shared.redaction(for: state))
        taps = TapChannel(queue: shared.capture.queue, worker: index)
        adopt(state)
        metrics.buffers.set(loop.bufferCount)
    }

    /// Serves until it is told to stop and everything is over.
    func run() {
        _ = loop.schedule(owner: Owner.sweep, at: loop.now + .seconds(1))
        while !isStopped {
            loop.wait(until: min(nextDrainStep, taps.due))
            let began = clinux_monotonic()
            while let completion = loop.next() { handle(completion) }
            if drain.isActive { continueDrain() }
            if !endpointDrains.isEmpty { continueEndpointDrains() }
            sessions.releaseOver()
            if taps.due <= loop.now { taps.handOver() }
            if loop.excessBytes > 0 { shed(loop.excessBytes) }
            metrics.heldBytes.set(loop.heldBytes)
            metrics.loopLag.observe(TimeSpan(nanoseconds: clinux_monotonic() &- began))
            metrics.buffersInUse.set(loop.buffersInUse)
            metrics.openConnections.set(sessions.count)
        }
        taps.handOver()
    }

    /// A name for the next session or request.
    func makeID() -> SessionID {
        // The lower half counts in this worker's residue class; the upper half was drawn at start.
        let step = UInt64(shared.metrics.count)
        nextID = nextID & ~0xFFFF_FFFF | UInt64(UInt32(truncatingIfNeeded: nextID) &+ UInt32(truncatingIfNeeded: step))
        return SessionID(nextID)
    }

    private func handle(_ completion: Completion) {
        switch completion {
        case .received(let connection, let owner, let chunk):
            guard case .session(let slot, let side) = Owner.meaning(owner) else {
                return receivedElsewhere(connection, owner, chunk)
            }
            received(sessions.session(slot), side, chunk)
        case .blocked(_, let owner): withSession(owner) { blocked($0, $1) }
        case .drained(_, let owner): withSession(owner) { drained($0, $1) }
        case .finished(let connection, let owner):
            guard case .session(let slot, let side) = Owner.meaning(owner) else { return endedElsewhere(connection, owner) }
            transportFinished(sessions.session(slot), side)
        case .failed(let connection, let owner, let errno):
            guard case .session(let slot, let side) = Owner.meaning(owner) else { return endedElsewhere(connection, owner) }
            transportFailed(sessions.session(slot), side, errno)
        case .connected(_, let owner):
            withSession(owner) { session, _ in
                countConnect(session, .success)
                connected(session)
            }
        case .accepted(let listener, let connection): accepted(connection, listener: Int(listener))
        case .acceptFailed(_, let errno):
            metrics.acceptErrors[AcceptError(errno: errno)].add(1)
            ledger.listenerPaused(errno: errno, at: loop.now)
        case .timer(let owner): timerFired(owner)
        case .woken: for message in shared.mailboxes[index].takeAll() { handle(message) }
        }
    }

    private func withSession(_ owner: UInt64, _ body: (UnsafeMutablePointer<Session>, Side) -> Void) {
        guard case .session(let slot, let side) = Owner.meaning(owner) else { return }
        let session = sessions.session(slot)
        guard session.pointee.phase != .over, session.pointee.phase != .free else { return }
        body(session, side)
    }

    private func handle(_ message: WorkerMessage) {
        switch message {
        case .reload(let state): adopt(state)
        case .drain(let toSuccessor): beginDrain(toSuccessor: toSuccessor)
        case .drainEndpoint(let request, let reply): reply.give(drainEndpoint(request))
        case .drainStates(let reply): reply.give(drainStates())
        case .stop: isStopped = true
        case .summaries(let reply): reply.give(summaries())
        case .publishTraffic(let reply):
            publishTraffic()
            reply.give(true)
        case .memoryChanged: followMemory()
        case .shed(let bytes): shed(bytes)
        case .capture(let orders, let reply):
            adopt(orders)
            reply.give(true)
        case .adminAnswer(let slot, let session, let status, let bytes): adminAnswered(slot, session, status, bytes)
        case .credentialChecked(let slot, let session, let outcome): credentialChecked(slot, session, outcome)
        case .roomTurn: serveWaiting()
        case .resolved(let endpoint, let addresses, let failure): resolved(endpoint, addresses, failure)
        }
    }

    /// Takes over a configuration: new requests go by it, what is under way keeps its own.
    private func adopt(_ state: ServerState) {
        self.state = state
        mayTap = Worker.taps(state.snapshot, captureOrders)
        ledger = Ledger(writer: shared.log, redaction: shared.redaction(for: state))
        adoptClusters()
        // Open sessions hold on to theirs; what another route learns under the name later is its own.
        routeHeartbeats = routeHeartbeats.filter { entry in
            state.snapshot.routes.routes.contains { $0.name == entry.key && $0.heartbeat == entry.value.policy }
        }
    }

    /// Adds what was relayed since the last time to the metrics, that of live sessions included.
    private func publishTraffic() {
        var all = endedTraffic
        var queued = (messages: UInt64(0), bytes: 0)
        forEachSession { session in
            guard session.pointee.phase == .tunnel else { return }
            if let hold = session.pointee.hold, hold.relay.isAway {
                queued.messages &+= hold.relay.account.queued
                queued.bytes += hold.relay.waitingBytes
            }
            guard let analyzer = session.pointee.analyzer, !analyzer.isOpaque else { return }
            all.add(analyzer.frames(from: .downstream).counts, bytes: analyzer.bytes(from: .downstream), .clientToServer)
            all.add(analyzer.frames(from: .upstream).counts, bytes: analyzer.bytes(from: .upstream), .serverToClient)
        }
        metrics.publish(all, since: publishedTraffic)
        publishedTraffic = all
        metrics.holdQueuedMessages.set(Int(clamping: queued.messages))
        metrics.holdQueuedBytes.set(queued.bytes)
        if index == 0 { metrics.upgradesWaiting.set(shared.waitingForRoom) }
    }

    /// Calls `body` for each session that is in use; it may end the session.
    func forEachSession(_ body: (UnsafeMutablePointer<Session>) -> Void) {
        for slot in 0..<sessions.used {
            if let session = sessions.active(slot) { body(session) }
        }
    }

    /// Once a second: closes what kept connections have outlived, and gives back what a rush of slow peers has left.
    func sweep() {
        let limit = Timestamp(nanoseconds: loop.now.nanoseconds &- UpstreamEndpoint.idleLifetime.nanoseconds)
        // By index: without optimisation, an array's iterator allocates for each element.
        var index = 0
        while index < endpoints.count {
            while let idle = endpoints[index].takeExpired(before: limit) { loop.close(idle.connection, .now) }
            index += 1
        }
        sweepEndpoints()
        publishHealth()
        loop.acceptLeftovers()
        followMemory()
        loop.trimBuffers()
        tellTapLoss()
        _ = loop.schedule(owner: Owner.sweep, at: loop.now + .seconds(1))
    }
}
