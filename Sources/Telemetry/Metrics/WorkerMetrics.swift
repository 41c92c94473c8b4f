public import Diagnosis
import Synchronization
public import Wire

/// The metrics of one worker. Made once at start; the registry sums them over the workers on a scrape.
///
/// The relay touches none of these per frame: a session keeps plain counts of its own and adds them at its end, and
/// from time to time while it lasts (`WorkerMetrics+Sessions.swift`).
public final class WorkerMetrics: Sendable {
    // Connections
    /// Connections accepted from clients.
    public let connections: Counter
    /// Connections from clients that are open now.
    public let openConnections: Gauge
    /// Failures of accept(2).
    public let acceptErrors: CounterFamily<AcceptError>
    /// TLS handshakes that were finished or failed, by side.
    public let tlsHandshakes: CounterGrid<Side, Success>

    // Requests and handshakes
    /// Requests answered, by who answered and with what class of status; upgrades included.
    public let requests: CounterGrid<Responder.Who, StatusClass>
    public let handshakes: CounterFamily<HandshakeOutcome>
    /// Verdicts on refused and failed handshakes.
    public let refusals: CounterFamily<Cause>
    /// Verdicts on sessions that ended badly.
    public let badEnds: CounterFamily<Cause>

    // Sessions
    /// What became of requests with an affinity.
    public let affinity: CounterFamily<AffinityFacts.Outcome>
    /// Requests that wait for an endpoint.
    public let waiting: Gauge
    public let liveSessions: Gauge
    /// Ended sessions by who ended first and with which close code.
    public let closes: CounterGrid<Ender, CloseCodeClass>
    public let frames: CounterGrid<Direction, OpcodeLabel>
    /// Payload bytes of those frames.
    public let frameBytes: CounterGrid<Direction, OpcodeLabel>
    /// Bytes relayed in open sessions, frame headers included.
    public let sessionBytes: CounterFamily<Direction>
    /// Tunnels of other protocols than WebSocket (`upgrade: any`), and those that are open now.
    public let opaqueTunnels: Counter
    public let openOpaqueTunnels: Gauge
    /// Bytes of those that ended.
    public let opaqueBytes: CounterFamily<Direction>
    /// Bytes of HTTP bodies.
    public let bodyBytes: CounterFamily<Direction>
    /// Our timers that fired.
    public let timeouts: CounterFamily<Timeout>
    /// Times that receiving was stopped because the other side did not accept.
    public let backPressure: CounterFamily<Direction>
    /// Pings of our own, by the side they went to.
    public let heartbeats: CounterFamily<Side>
    /// Sides that gave no sign of life after a ping.
    public let heartbeatsUnanswered: CounterFamily<Side>
    /// From a ping of our own to its pong.
    public let heartbeatTime: HistogramFamily<Side>
    /// Held sessions that have no backend now.
    public let heldSessions: Gauge
    /// Upgrades that wait for room under a limit, as of the last scrape; one worker's cell is for all.
    public let upgradesWaiting: Gauge
    /// What waits in held sessions, as of the last scrape.
    public let holdQueuedMessages: Gauge
    public let holdQueuedBytes: Gauge
    /// Backends that held sessions lost, by how.
    public let holdLosses: CounterFamily<HoldLossLabel>
    /// What became of sessions that lost their backend.
    public let holdOutcomes: CounterFamily<HoldOutcome>
    public let holdAttemptsFailed: Counter
    /// Clients' messages of ended held sessions, by what became of them.
    public let holdMessages: CounterFamily<MessageFate>
    /// From the loss of a backend to the next one's 101.
    public let holdTime: Histogram

    // Times
    public let connectTime: Histogram
    public let handshakeTime: Histogram
    public let requestTime: Histogram
    public let sessionDuration: Histogram

    // The loop
    /// How long turns took: what arrives meanwhile waits as long.
    public let loopLag: Histogram
    public let buffersInUse: Gauge
    public let buffers: Gauge
    /// Bytes in blocks of their own because their peers don't take them.
    public let heldBytes: Gauge
    /// Sessions ended because memory ran short.
    public let sessionsShed: Counter

    let families: [MetricFamily]
    let slab: MetricSlab
    private let endpoints = Mutex<[EndpointMetrics]>([])

    public init() {
        let slab = MetricSlab(capacity: 1408)
        var layout = MetricLayout(slab: slab)
        connections = layout.counter("connections_total", "Connections accepted from clients.")
        openConnections = layout.gauge("connections_open", "Connections from clients that are open.")
        acceptErrors = layout.counters(
            "accept_errors_total", "Failures to accept a connection, by what was missing.", by: "reason")
        tlsHandshakes = layout.grid(
            "tls_handshakes_total", "TLS handshakes by side and outcome.", by: "side", "outcome")
        requests = layout.grid(
            "requests_total", "Requests by who answered and class of status, upgrades included.", by: "answered_by",
            "status")
        handshakes = layout.counters(
            "handshakes_total", "WebSocket opening handshakes by outcome.", by: "outcome")
        refusals = layout.counters(
            "handshake_refusals_total", "Refused and failed opening handshakes by the verdict's cause.", by: "cause",
            sparse: true)
        badEnds = layout.counters(
            "session_bad_ends_total", "Sessions that ended badly by the verdict's cause.", by: "cause", sparse: true)
        affinity = layout.counters(
            "affinity_total", "Requests to clusters with an affinity, by what became of it.", by: "outcome")
        waiting = layout.gauge("requests_waiting", "Requests that are held because no endpoint is ready.")
        liveSessions = layout.gauge("sessions_live", "WebSocket sessions that are open.")
        closes = layout.grid(
            "sessions_closed_total", "Ended WebSocket sessions by who ended first and close code.", by: "first",
            "code", sparse: true)
        frames = layout.grid(
            "frames_total", "WebSocket frames relayed by direction and opcode.", by: "direction", "opcode")
        frameBytes = layout.grid(
            "frame_payload_bytes_total", "Payload bytes of relayed frames by direction and opcode.", by: "direction",
            "opcode")
        sessionBytes = layout.counters(
            "session_bytes_total", "Bytes relayed in WebSocket sessions, frame headers included.", by: "direction")
        opaqueTunnels = layout.counter("opaque_tunnels_total", "Upgrades to other protocols than WebSocket.")
        openOpaqueTunnels = layout.gauge("opaque_tunnels_open", "Tunnels of other protocols than WebSocket that are open.")
        opaqueBytes = layout.counters(
            "opaque_tunnel_bytes_total", "Bytes relayed in ended tunnels of other protocols than WebSocket.", by: "direction")
        bodyBytes = layout.counters("http_body_bytes_total", "Bytes of relayed HTTP bodies.", by: "direction")
        timeouts = layout.counters("timeouts_total", "Timers of Gatehouse that fired.", by: "timeout")
        backPressure = layout.counters(
            "back_pressure_total", "Times that receiving stopped because the other side did not accept.",
            by: "direction")
        heartbeats = layout.counters("heartbeats_total", "Pings sent by Gatehouse by the side they went to.", by: "side")
        heartbeatsUnanswered = layout.counters(
            "heartbeats_unanswered_total", "Sides that gave no sign of life after a ping of Gatehouse's.", by: "side")
        heartbeatTime = layout.histograms(
            "heartbeat_rtt_seconds", "Time from a ping of Gatehouse's to its pong, by side.", .quick, by: "side")
        heldSessions = layout.gauge("sessions_held", "Held sessions that have no backend at present.")
        upgradesWaiting = layout.gauge("upgrades_waiting", "Upgrades that wait for room under a limit (on_limit: queue).")
        holdQueuedMessages = layout.gauge("hold_queued_messages", "Clients' messages that wait in them.")
        holdQueuedBytes = layout.gauge("hold_queued_bytes", "Bytes that they keep: what waits, and messages under way.")
        holdLosses = layout.counters("hold_losses_total", "Backends that held sessions lost, by how they went.", by: "kind")
        holdOutcomes = layout.counters(
            "hold_outcomes_total", "What became of held sessions without a backend.", by: "outcome")
        holdAttemptsFailed = layout.counter(
            "hold_attempts_failed_total", "Attempts to find a backend for a held session that came to nothing.")
        holdMessages = layout.counters(
            "hold_messages_total", "Clients' messages in ended held sessions, by what became of them.", by: "fate")
        holdTime = layout.histogram(
            "hold_seconds", "Time from the loss of a held session's backend to the next one's 101.", .quick)
        connectTime = layout.histogram(
            "upstream_connect_seconds", "Time to connect to an endpoint, TLS excluded.", .quick)
        handshakeTime = layout.histogram(
            "handshake_seconds", "Time from the end of an upgrade request's head to the answer's head.", .quick)
        requestTime = layout.histogram(
            "request_seconds", "Time from the end of a request's head to the end of its response, upgrades excluded.",
            .quick)
        sessionDuration = layout.histogram("session_duration_seconds", "Length of ended WebSocket sessions.", .long)
        loopLag = layout.histogram(
            "loop_lag_seconds", "Length of the event loop's turns, for which what arrives meanwhile has to wait.", .lag)
        buffersInUse = layout.gauge("buffers_in_use", "Receive buffers that hold bytes not yet sent on.")
        buffers = layout.gauge("buffers", "Receive buffers that exist.")
        heldBytes = layout.gauge("unsent_bytes", "Bytes that are kept for peers that don't take them, receive buffers excluded.")
        sessionsShed = layout.counter("sessions_shed_total", "Sessions and requests ended because memory ran short.")
        families = layout.families
        self.slab = slab
    }

    /// The cells of an endpoint, made when it is first named. Called when a configuration is taken up, never per request.
    ///
    /// They are kept as long as somebody refers to them; see `MetricsRegistry.render`.
    public func endpoint(cluster: String, endpoint: String) -> EndpointMetrics {
        endpoints.withLock { known in
            if let found = known.first(where: { $0.cluster == cluster && $0.endpoint == endpoint }) { return found }
            let made = EndpointMetrics(cluster: cluster, endpoint: endpoint)
            known.append(made)
            return made
        }
    }

    /// The endpoints that have cells.
    var namedEndpoints: [EndpointMetrics] { endpoints.withLock { $0 } }

    /// Cluster and name of the endpoints whose cells nobody refers to but this list: a reload took them out of the configuration, and no
    /// session is open to them any more, so they will never change again.
    func unusedEndpoints() -> Set<[String]> {
        endpoints.withLock { known in
            var unused: Set<[String]> = []
            for place in 0..<known.count where isKnownUniquelyReferenced(&known[place]) {
                unused.insert([known[place].cluster, known[place].endpoint])
            }
            return unused
        }
    }

    /// Forgets the cells of these endpoints, if nobody refers to them still.
    func forget(_ unused: Set<[String]>) {
        endpoints.withLock { known in
            var place = known.count
            while place > 0 {
                place -= 1
                // A reload may have named it again meanwhile.
                guard unused.contains([known[place].cluster, known[place].endpoint]), isKnownUniquelyReferenced(&known[place])
                else { continue }
                known.remove(at: place)
            }
        }
    }
}
