import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import Wire

/// The HTTP stage of a session: one request and its response at a time, reused while the connection is kept.
///
/// Bytes that arrive before they can go on (the rest of a buffer behind a head, early bytes of a client that doesn't wait for its
/// 101, a pipelined request) wait in `pending`; receiving pauses meanwhile, so that a buffer or two is the most that gathers.
final class Exchange {
    let id: SessionID
    /// The configuration under which the request came; it stays with it when the server reloads.
    var state: ServerState
    var startedAt: Timestamp

    // From the client
    var scanner: HeadScanner
    /// The beginning of a head that is not complete yet.
    var partialHead: [UInt8] = []
    /// Bytes behind the head that could not go on yet.
    var pending: [UInt8] = []
    var request: RequestHead?
    var requestBody = BodyDecoder(framing: .none)
    var requestBytes: UInt64 = 0
    /// Trailer sections as far as they have come, of which `TrailerForwarding` lets some lines pass.
    var requestTrailers: [UInt8] = []
    var responseTrailers: [UInt8] = []
    var forwardsResponseTrailers = false
    var isRequestSent = false
    var isUpgrade = false
    /// It is one of the worker's `upgradesInFlight`.
    var countsAsUpgrade = false
    /// The protocols other than WebSocket to which this request asks to upgrade, where its route passes that.
    var otherUpgrade: [UInt8]?
    var identity: ClientIdentity?
    /// The transport's other end.
    var peer: SocketAddress?
    /// The canonical path, by which routes are matched.
    var path: [UInt8] = []

    // What the gate learnt
    var credential: PresentedCredential?
    var user: AuthenticatedUser?
    /// A password is being checked elsewhere, or a service is judging.
    var awaitsCredential = false
    /// Waits for room under a limit.
    var waiting: WaitingPlace?
    /// Counts the session under address, user and route until it is let go.
    var admission: Admission?
    /// Where it has a seat among the process's sessions, until it has become one of them.
    private var seats: SharedParts?

    // Where it goes
    /// The route that was matched.
    private(set) var route: Route?
    /// The timeouts of the route, or the general ones before it is known.
    private(set) var timeouts: Timeouts
    var cluster: UpstreamCluster?
    /// What the choice of an endpoint remembers; nil for a cluster that is only a list and a policy.
    var choice: EndpointChoice?
    var endpoint: UpstreamEndpoint?
    /// Endpoints that were tried for this request, and addresses of the present one.
    var triedEndpoints = TriedEndpoints()
    var nextAddress = 0
    var firstAddress = 0
    var isReused = false
    var connectBegan: Timestamp?
    var connectedAt: Timestamp?
    var securedAt: Timestamp?
    var sentAt: Timestamp?
    var lastConnectError: Int32 = 0
    /// The endpoint that was let go last, for the line.
    var lastEndpoint: UpstreamEndpoint?
    /// Why there is no answer that may be passed on.
    var failure: HandshakeFailure?
    var responseFault: UnforwardableResponse?
    var refusal: Refusal?

    // From the backend
    var responseScanner: HeadScanner
    var partialResponse: [UInt8] = []
    var response: ResponseHead?
    var responseBody = BodyDecoder(framing: .none)
    var responseNextHop = BodyDecoder.NextHop.sameFraming
    var responseBytes: UInt64 = 0
    var interimResponses = 0
    var responseStartedAt: Timestamp?
    /// Whether any byte of an answer has gone to the client: from then on, nothing can be retried or replaced.
    var hasAnswered = false
    var keepsDownstream = true
    var keepsUpstream = false
    /// The close code that the client got in place of the refusal (`diagnosis.explain_in_close`).
    var explainedWith: UInt16?
    /// Its line is in the ledger already.
    var isReported = false
    /// The request's secrets, to be found in an answer that refuses it.
    var echoes: EchoMask?
    /// What was concluded when the answer's head came, and how much of the body had come by then.
    var judgement: (HandshakeJudgement, body: Int)?
    /// Whether it is captured has been decided; and what of it is in the capture already.
    var isTapDecided = false
    var isPartialTapped = false
    var isVerdictTapped = false
    var tappedCause: Cause?
    /// Set for an upgrade, and for a request of a transport that polls, until its outcome is in the ledger.
    var observation: HandshakeObservation?

    init(id: SessionID, state: ServerState, now: Timestamp) {
        self.id = id
        self.state = state
        startedAt = now
        timeouts = state.snapshot.timeouts
        scanner = HeadScanner(limit: state.snapshot.limits.head)
        responseScanner = HeadScanner(limit: state.snapshot.limits.head)
    }

    // However it ends.
    deinit { leaveSeat() }

    /// Takes a seat among the process's sessions, before the backend is asked; false where there is none.
    func takeSeat(_ shared: SharedParts, limit: Int) -> Bool {
        guard shared.takeSeat(limit: limit) else { return false }
        seats = shared
        return true
    }

    /// It comes to no session.
    func leaveSeat() {
        seats?.leaveSeat()
        seats = nil
    }

    /// The seat is the session's from here on, and `Worker.endTunnel` leaves it.
    func passSeat() { seats = nil }

    /// Takes the route that was matched.
    func take(_ route: Route) {
        self.route = route
        timeouts = route.timeouts
    }

    /// Whether its 101 would open a tunnel, of WebSocket or of another protocol.
    var opensTunnel: Bool { isUpgrade || otherUpgrade != nil }

    /// Whether the request body has been read to its end.
    var isRequestComplete: Bool { request != nil && requestBody.isComplete }

    /// Whether the response body has been read to its end.
    var isResponseComplete: Bool { response != nil && responseBody.isComplete }
}
