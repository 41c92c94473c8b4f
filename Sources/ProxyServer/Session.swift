import Diagnosis
import EventLoop
import ProxyCore
import Telemetry
import Wire

/// One downstream connection and, while it has one, its upstream counterpart: what a worker keeps for it.
///
/// What only the HTTP stage needs hangs in `exchange` and is dropped when a tunnel opens, so that an idle WebSocket session costs
/// this value, two slots of the loop and a small `SessionFacts`. Not copyable: it lives in its slot of the table, and a copy would
/// count every reference that it holds, on the hot path.
struct Session: ~Copyable {
    /// Where the session stands. The comment names what ends the phase.
    enum Phase: UInt8 {
        /// Not in use.
        case free
        /// TLS handshake with the client.
        case securing
        /// A request head is awaited or arriving (also between two requests of a kept connection).
        case readingHead
        /// An upstream connection is being opened or secured.
        case connecting
        /// The request has gone upstream: until both bodies are complete.
        case exchanging
        /// After a valid 101, until the session is over.
        case tunnel
        /// The last response has been sent and FIN after it; what still comes is read and dropped for a moment, because
        /// closing with unread bytes would send RST and destroy the response.
        case lingering
        /// Over; released at the end of the turn.
        case over
    }

    var id: SessionID
    var slot: UInt32
    var phase: Phase
    /// Index of the listener in the server's state.
    var listener: UInt16
    /// Receiving from this side is paused, for whatever reason.
    var downstreamPaused = false
    var upstreamPaused = false
    /// FIN has come from the client.
    var downstreamFinished = false
    /// A close frame of ours has gone to this side; nothing may follow it.
    var closeSentDownstream = false
    var closeSentUpstream = false
    /// A close frame of ours waits for this side's next frame boundary.
    var closePendingDownstream = false
    var closePendingUpstream = false

    var downstream: ConnectionID
    var upstream: ConnectionID = .none
    var timer: TimerID = .none
    /// What the timer was set for; the deadline itself may have moved on since.
    var timerAt: Timestamp = .never
    /// The deadline of the HTTP stage and its name; a tunnel keeps its own.
    var deadline: Timestamp = .never
    var deadlineName: Timeout = .requestHead
    var acceptedAt: Timestamp
    /// The client's transport address, asked for with the first request.
    var peer: SocketAddress?

    var exchange: Exchange?
    var facts: SessionFacts?
    var downstreamTLS: SecureChannel?
    var upstreamTLS: SecureChannel?
    var tunnel: Tunnel?
    var analyzer: SessionAnalyzer?
    /// What relaying has to do besides sending on; nil for nearly all sessions.
    var special: SpecialRelay?
    /// Nothing but observing and sending on: neither enforcement, nor message lines, nor a close frame of ours. Kept beside
    /// `special`.
    var isPlainRelay = true { didSet { relaysAtOnce = isPlainRelay && !isTapped } }
    /// What it says and hears is captured, in `tap`.
    var isTapped = false { didSet { relaysAtOnce = isPlainRelay && !isTapped } }
    /// Both: the one byte that the hot path reads.
    private(set) var relaysAtOnce = true
    /// Nil where nothing is captured.
    var tap: Tap?
    /// Pings of ours; nil where the route asks for none.
    var heartbeat: SessionHeartbeat?
    /// What it needs to outlive its backend; nil where the route doesn't ask for that.
    var hold: SessionHold?

    func connection(_ side: Side) -> ConnectionID { side == .downstream ? downstream : upstream }

    func channel(_ side: Side) -> SecureChannel? { side == .downstream ? downstreamTLS : upstreamTLS }
}

/// What is kept of a session for its close line, the API and metrics, once its heads are gone. Immutable.
///
/// It lies in the session's slot, not on the heap: a small object that lives as long as its session, amid the buffers that handshakes allocate and
/// give back, would keep their pages from being used again.
struct SessionFacts {
    let client: SocketAddress
    /// Who the client is behind trusted proxies; the same as `client` without any.
    let forwardedClient: SocketAddress
    let route: String
    let cluster: String
    let endpoint: UpstreamEndpoint
    let path: String
    let origin: String?
    let openedAt: Timestamp
    let metrics: EndpointMetrics?
    /// Held for as long as the session is open.
    private let admission: Admission?
    /// Held as long: the session's place under `max_sessions`.
    private let seat: EndpointSeat?

    init(
        client: SocketAddress, forwardedClient: SocketAddress, route: String, cluster: String, endpoint: UpstreamEndpoint,
        path: String, origin: String?, openedAt: Timestamp, metrics: EndpointMetrics?, admission: Admission? = nil,
        seat: EndpointSeat? = nil
    ) {
        self.seat = seat
        self.admission = admission
        self.client = client
        self.forwardedClient = forwardedClient
        self.route = route
        self.cluster = cluster
        self.endpoint = endpoint
        self.path = path
        self.origin = origin
        self.openedAt = openedAt
        self.metrics = metrics
    }

    /// The same session at another endpoint, after a reload perhaps of another cluster's.
    ///
    /// - Parameters:
    ///   - route: nil for the same
    ///   - cluster: nil for the same
    func moved(
        to endpoint: UpstreamEndpoint, route: String? = nil, cluster: String? = nil, metrics: EndpointMetrics?,
        seat: EndpointSeat?
    ) -> SessionFacts {
        SessionFacts(
            client: client, forwardedClient: forwardedClient, route: route ?? self.route, cluster: cluster ?? self.cluster,
            endpoint: endpoint, path: path, origin: origin, openedAt: openedAt, metrics: metrics, admission: admission, seat: seat)
    }
}
