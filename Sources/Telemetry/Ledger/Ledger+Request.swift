public import Diagnosis
public import HTTPWire
public import Wire

/// What is known of one exchange that was no upgrade, when it is over.
public struct RequestRecord {
    public var client: ClientFacts
    /// Nil if no complete head came.
    public var request: RequestHead?
    /// The status code that went to the client; nil if none did.
    public var status: Int?
    public var route: String
    public var cluster: String
    public var endpoint: String?
    /// Bytes of the request's body, and of the response's, as they were relayed.
    public var bytesIn: UInt64
    public var bytesOut: UInt64
    public var timings: HandshakeTimings
    public var answeredBy: Responder.Who
    /// Gatehouse's own reason, where it answered or gave up: `connect_timeout`, `timeout:idle` …
    public var reason: String?
    /// What became of its affinity; nil where the cluster has none.
    public var affinity: AffinityFacts?

    public init(
        client: ClientFacts, request: RequestHead?, status: Int?, route: String = "", cluster: String = "",
        endpoint: String? = nil, bytesIn: UInt64 = 0, bytesOut: UInt64 = 0,
        timings: HandshakeTimings = HandshakeTimings(), answeredBy: Responder.Who, reason: String? = nil,
        affinity: AffinityFacts? = nil
    ) {
        self.affinity = affinity
        self.client = client
        self.request = request
        self.status = status
        self.route = route
        self.cluster = cluster
        self.endpoint = endpoint
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.timings = timings
        self.answeredBy = answeredBy
        self.reason = reason
    }
}

/// `http.request`: one line for an exchange.
extension Ledger {
    public func httpRequest(
        _ session: SessionID, _ record: borrowing RequestRecord, verdict: Verdict? = nil, at time: Timestamp
    ) {
        let level: LogLevel = record.reason == nil && verdict == nil ? .info : .warning
        line.begin("http.request", level: level, at: time, session: session, message: "a request was answered")
        line.field("client", record.client, redaction)
        if let request = record.request {
            line.beginObject("request")
            line.field("line", request.bytes, request.lineRange, .startLine, redaction)
            if let host = request.effectiveHost { line.field("host", request.bytes, host, .authority, redaction) }
            line.endObject()
        }
        if let status = record.status { line.field("status", status) }
        line.field("route", record.route)
        line.field("cluster", record.cluster)
        if let endpoint = record.endpoint { line.field("endpoint", endpoint) }
        if let affinity = record.affinity { line.field("affinity", affinity) }
        line.field("bytes_in", record.bytesIn)
        line.field("bytes_out", record.bytesOut)
        line.beginObject("ms")
        if let span = record.timings.waited { line.field("waited", milliseconds: span) }
        if let span = record.timings.connect { line.field("connect", milliseconds: span) }
        if let span = record.timings.tls { line.field("tls", milliseconds: span) }
        if let span = record.timings.response { line.field("response", milliseconds: span) }
        if let span = record.timings.total { line.field("total", milliseconds: span) }
        line.endObject()
        line.field("answered_by", record.answeredBy.rawValue)
        if let reason = record.reason { line.field("reason", reason) }
        // A refusal of an upgrade says this in `session.refused`; other requests have this line alone.
        if record.reason == "malformed_request", let faults = record.request?.faults,
            let detail = HandshakeFailure.malformedRequest(faults).detail
        {
            line.field("detail", detail)
        }
        if let verdict { line.field("verdict", verdict, redaction) }
        deliver()
    }
}
