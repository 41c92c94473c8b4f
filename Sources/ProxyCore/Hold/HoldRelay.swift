// The relay of a held session: bytes in from both sides, whole messages out, whatever becomes of the backend.
//
// Theory of operation. `Hold` says when a backend is sought, `MessageAccount` what became of which message, two `MessageCollector`s
// give whole messages. What they share is here:
//
//     client ──► collector ──► queue ──► backend        the queue is empty while a backend is there
//     client ◄── collector ◄───────────── backend       a message that the backend's end cut is never begun
//
// A ping of Gatehouse's own behind the client's messages confirms them (`HoldRelay+Confirming`): one in flight, one every 100 ms, sooner
// when what must be kept fills the queue. Its pong stays here; whatever else the peers say in control frames passes between messages.
//
// While no backend is there the client's pings are answered here, and so is the last one that the lost backend left unanswered. A close frame
// of the backend's that means "the server goes" (`HoldLoss.isDeparture`) is answered and counts as its loss; any other passes to the client and
// ends the hold. From the first close frame that passes on, bytes are relayed and nothing is held any more.
//
// Everything is bounded by `policy.queue`: queued messages, those that wait for their confirmation (`resend`), and the open one. When it is full,
// receiving from the client stops; what has been received already is still taken. A client that isn't read can't be seen to leave, so this
// has an end in any case: the attempts' while no backend is there, and as long a time while one is there and confirms nothing.
public import Diagnosis
import WebSocketWire
public import Wire

/// One held session. Time is an argument, and what is random comes from a number drawn for the session.
public struct HoldRelay: Sendable {
    /// The least time between two pings of the confirmation.
    public static let pingInterval = TimeSpan.milliseconds(100)
    /// How long a backend that Gatehouse leaves has to confirm what it got, and then to answer the close frame.
    public static let leaveTimeout = TimeSpan.seconds(1)

    enum Mode: Sendable {
        case holding
        /// A close frame has passed, or frames can't be told apart: bytes go on, and a lost backend ends the session.
        case ending
    }

    struct Entry: Sendable {
        var ordinal: UInt64
        var bytes: [UInt8]
        var isSent = false
    }

    public let policy: HoldPolicy
    public internal(set) var hold: Hold
    public internal(set) var account = MessageAccount()
    var mode = Mode.holding
    var client: MessageCollector
    var backend: MessageCollector
    var queue: [Entry] = []
    var queuedBytes = 0
    var unsent = 0
    var firstMessages: [Entry] = []
    var firstBytes = 0
    var replayIsTooLarge = false
    /// What the backend was asked and has not answered.
    var pings = PingLog()
    var lastAsk = Timestamp.zero
    /// Pings of the confirmation since the last pong that confirmed something.
    var asksInVain: UInt64 = 0
    /// A ping went behind the last message, before a close frame.
    var hasAskedLast = false
    /// The queue is full of what the backend has not confirmed; never while it isn't.
    var fullSince = Timestamp.never
    /// The payload of the client's last ping that went to the backend and has no pong.
    var clientPing: [UInt8]?
    /// The client's close frame, which waits for the queue.
    var pendingClose: [UInt8]?
    var leaveBy = Timestamp.never
    /// The backend that is left has its close frame, and until then what it still says is relayed.
    var departBy = Timestamp.never
    /// A message of the client's was cut that had gone out in part: its rest is for nobody.
    var isRestOfCut = false
    var isPaused = false
    var nonce: UInt64

    // What is told at the end.
    var fromBackend: UInt64 = 0
    var cutFromBackend: UInt64 = 0
    var resumptions: UInt64 = 0
    var replayed: UInt64 = 0
    var resent: UInt64 = 0

    /// - Parameter nonce: Drawn at random for this session.
    public init(_ policy: HoldPolicy, nonce: UInt64, now: Timestamp) {
        self.policy = policy
        self.nonce = nonce
        hold = Hold(policy, now: now)
        client = MessageCollector(direction: .clientToServer, limit: policy.queue)
        backend = MessageCollector(direction: .serverToClient, limit: policy.queue)
    }

    // MARK: State

    /// Whether there is no backend, and one is sought.
    public var isAway: Bool { mode == .holding && hold.isAway }

    public var isHolding: Bool { mode == .holding }

    /// Whether Gatehouse is about to leave the endpoint.
    public var isLeaving: Bool { mode == .holding && leaveBy != .never }

    /// Whether the backend that is left has Gatehouse's close frame: nothing follows that.
    public var isDeparting: Bool { departBy != .never }

    /// Whether a frame of Gatehouse's may be put behind what has gone to `side`.
    public func isAtBoundary(towards side: Side) -> Bool {
        side == .upstream ? client.isAtBoundary && !isDeparting : backend.isAtBoundary
    }

    /// Whether the client's bytes are not taken at present, because there is no room.
    public var isFull: Bool { isPaused }

    /// Bytes that wait.
    public var waitingBytes: Int { queuedBytes + client.heldBytes + backend.heldBytes }

    /// What became of each message; the session is over.
    ///
    /// - Parameter clientLeft: Whether the client ended it.
    public mutating func finish(clientLeft: Bool) -> HoldFacts {
        var end: HoldEnd?
        if case .gaveUp(let known) = hold.state { end = known }
        account.finish(end != nil ? .noBackend : clientLeft ? .clientLeft : .sessionEnded)
        func facts(_ ordinals: OrdinalRanges) -> HoldFacts.Ordinals {
            HoldFacts.Ordinals(count: ordinals.count, ranges: ordinals.ranges, isTruncated: ordinals.isTruncated)
        }
        return HoldFacts(
            received: account.received, delivered: facts(account.delivered), unconfirmed: facts(account.unconfirmed),
            dropped: account.dropped.map { ($0.reason.rawValue, facts($0.ordinals)) }, resumptions: resumptions,
            replayed: replayed, resent: resent, fromBackend: fromBackend, cutFromBackend: cutFromBackend, end: end?.rawValue)
    }

    // MARK: Parts

    /// Whether a message may go to the backend now.
    var sends: Bool { hold.isConnected && leaveBy == .never }

    /// Whether a frame of Gatehouse's own may go to the backend now: there is one, no frame is under way to it, and no close frame has gone.
    var mayWrite: Bool { hold.isConnected && isAtBoundary(towards: .upstream) }

    /// Whether messages stay here until they are confirmed.
    var keepsSent: Bool { policy.unconfirmed == .resend }

    /// The last ordinal that is repeated on each new connection.
    var lastReplayed: UInt64 { min(UInt64(max(policy.replayFirst, 0)), account.everSent) }

    mutating func perform(_ action: Hold.Action, _ out: inout HoldOutput) {
        switch action {
        case .none, .wait: break
        case .connect: out.connects = true
        case .giveUp(let end):
            out.gaveUp = end
            mode = .ending
        }
    }

    /// Stops or resumes receiving from the client.
    mutating func regulate(_ now: Timestamp, _ out: inout HoldOutput) {
        let isFull =
            mode == .holding && (keepsSent || !sends)
            && queuedBytes + (client.isStreaming ? 0 : client.heldBytes) > policy.queue && mayPause
        fullSince = isFull && sends ? min(fullSince, now) : .never
        guard isFull != isPaused else { return }
        isPaused = isFull
        out.pausesClient = isFull
        out.resumesClient = !isFull
    }

    /// Whether what the client has begun can wait here.
    ///
    /// Behind the rest of a frame there is a place for the ping that makes room, unless one is on its way, and behind the rest of a message the
    /// backend can be left. Neither would come from a client that isn't read; and what goes out as it comes takes no room.
    private var mayPause: Bool {
        guard hold.isConnected else { return true }
        return sends ? client.isAtBoundary || pings.isAsking : !client.isStreaming
    }

    mutating func key() -> UInt32 { UInt32(truncatingIfNeeded: draw()) }

    /// SplitMix64.
    mutating func draw() -> UInt64 {
        nonce &+= 0x9E37_79B9_7F4A_7C15
        var mixed = nonce
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Eight bytes as a number; nil for any other payload.
    static func number(_ payload: [UInt8]) -> UInt64? {
        payload.count == 8 ? payload.reduce(0) { $0 << 8 | UInt64($1) } : nil
    }
}
