public import HTTPWire
public import Wire

/// Everything seen of one opening handshake; made when a request head came, freed once it is reported.
///
/// Confined to one loop. Feeders fill in what they learn; `HandshakeJudge` reads it when the handshake is over.
public final class HandshakeObservation {
    public let session: SessionID
    public var openedAt: Timestamp
    public var client: ClientFacts
    /// What TLS agreed on with the client, in words; nil without TLS.
    public var tlsDescription: String?
    public var request: RequestHead? { didSet { knownRequestFaults = nil } }
    public var response: ResponseHead? { didSet { knownAnswerFaults = nil } }
    private var knownRequestFaults: [RequestFault]?
    private var knownAnswerFaults: [ResponseFault]?
    /// The first bytes of the response's body, decoded from chunks; feeders append, the bound is kept here.
    public private(set) var bodyStart: [UInt8] = []
    /// Whether the response's body is known to be complete in `bodyStart`.
    public var bodyIsComplete = false
    public var route: String
    /// Whether Gatehouse's own route changes the path on its way upstream.
    public var pathIsRewritten = false
    public var cluster: String
    /// The endpoint's address, once one was chosen.
    public var endpoint: String?
    public var timings = HandshakeTimings()
    /// What became of its affinity; nil where the cluster has none.
    public var affinity: AffinityFacts?
    public var failure: HandshakeFailure?
    /// Our own gate has checked the credential, times included: it needn't be read for them again.
    public var credentialHolds = false
    /// What our own gate has against the request, if `failure` says so.
    public var gate: GateRefusal?
    /// Whether a 101 is judged as a browser judges it, although the request doesn't look like one's.
    public var judgesAsBrowser = false
    /// What was learnt elsewhere and belongs to this handshake: signs from probes and from the backend's output.
    public var furtherSigns = SignSet()
    /// Quotations that belong to `furtherSigns`.
    public var furtherEvidence: [(sign: Sign, evidence: Evidence)] = []
    /// The probes that were made for it.
    public var probes: [ProbeRecord] = []

    /// How much of a body is kept.
    public static let bodyLimit = 2048

    public init(
        session: SessionID, openedAt: Timestamp, client: ClientFacts, route: String = "", cluster: String = ""
    ) {
        self.session = session
        self.openedAt = openedAt
        self.client = client
        self.route = route
        self.cluster = cluster
    }

    /// What is wrong with the request as an opening handshake. Looked for once, however many ask.
    public var requestFaults: [RequestFault] {
        if let knownRequestFaults { return knownRequestFaults }
        let faults = request.map(UpgradeRequestCheck.faults) ?? []
        knownRequestFaults = faults
        return faults
    }

    /// What is wrong with the response as a 101 to this request. Looked for once: it hashes the key.
    public var answerFaults: [ResponseFault] {
        if let knownAnswerFaults { return knownAnswerFaults }
        guard let request, let response else { return [] }
        let faults = UpgradeResponseCheck.faults(request, response)
        knownAnswerFaults = faults
        return faults
    }

    /// Whether the response opens a tunnel.
    public var isValid101: Bool { response?.status == 101 && !answerFaults.contains { $0.isFatal } }

    /// Keeps as much of the body as there is room for.
    public func appendBody(_ bytes: RawSpan) {
        let room = HandshakeObservation.bodyLimit - bodyStart.count
        if room > 0 { bodyStart += bytes.copied(0..<min(room, bytes.byteCount)) }
    }

    /// Lets `change` work on the octets of the response's head and body, without changing how many there are; whether it did.
    ///
    /// For what must be unreadable before anything reads it.
    public func rewriteAnswer(_ change: (inout [UInt8]) -> Bool) -> Bool {
        var hasChanged = false
        if !bodyStart.isEmpty, change(&bodyStart) { hasChanged = true }
        if let head = response {
            var bytes = head.bytes
            if change(&bytes), bytes.count == head.bytes.count {
                response = ResponseHead(copy: bytes)
                hasChanged = true
            }
        }
        return hasChanged
    }

    /// The same for bytes that are an array already.
    public func appendBody(_ bytes: [UInt8]) {
        bodyStart += bytes.prefix(max(HandshakeObservation.bodyLimit - bodyStart.count, 0))
    }
}

/// How long the parts of a handshake took; nil where a part did not happen or is not known.
public struct HandshakeTimings: Sendable, Hashable {
    /// Until the transport to the endpoint stood.
    public var connect: TimeSpan?
    /// The TLS handshake with the endpoint.
    public var tls: TimeSpan?
    /// How long the request was held because no endpoint was ready.
    public var waited: TimeSpan?
    /// From the request's last byte to the response's head.
    public var response: TimeSpan?
    /// From the request's first byte to the end of the handshake.
    public var total: TimeSpan?

    public init() {}
}
