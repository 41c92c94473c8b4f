import Admin
import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import WebSocketWire
import Wire

/// Why Gatehouse answers a request itself, and how.
struct Refusal {
    var status: Int
    /// Stable id for the log, the page and metrics: `upstream_refused`.
    var reason: String
    /// What exactly, where that is known; never shown to the client.
    var detail: String?
    /// Seconds after which trying again makes sense.
    var retryAfter: Int?
    var fields: [(String, String)] = []
    /// What it means to the diagnosis.
    var failure: HandshakeFailure?
    /// The upgrade is completed and closed with this code, in place of the response (`on_limit: close`).
    var closeCode: CloseCode?

    init(
        _ status: Int, _ reason: String, detail: String? = nil, retryAfter: Int? = nil, fields: [(String, String)] = [],
        failure: HandshakeFailure? = nil
    ) {
        self.status = status
        self.reason = reason
        self.detail = detail
        self.retryAfter = retryAfter
        self.fields = fields
        self.failure = failure
    }

    /// The answer of the gate.
    init(_ gate: GateRefusal) {
        self.init(
            gate.status, gate.fault, detail: gate.observed, retryAfter: gate.retryAfter,
            fields: gate.challenge.map { [("WWW-Authenticate", $0)] } ?? [],
            failure: gate.rule == .limit ? .limit(gate.fault) : .refusedByGate(gate.rule.rawValue))
    }

    /// The answer to a failed attempt to reach the backend.
    init(_ failure: HandshakeFailure) {
        defer { self.failure = failure }
        switch failure {
        case .connectTimedOut, .responseHeadTimedOut: self.init(504, failure.name)
        case .noEndpoint, .noAddress: self.init(503, failure.name, retryAfter: 5)
        case .upstreamTLS(_, let sentence): self.init(502, failure.name, detail: sentence)
        case .connectFailed(let errno) where Refusal.isOurShortage(errno):
            self.init(503, failure.name, detail: "Gatehouse has no port, descriptor or memory left for a connection", retryAfter: 1)
        default: self.init(502, failure.name)
        }
    }

    /// Whether a connection could not be opened for want of something of this machine's (EMFILE, ENFILE, EADDRNOTAVAIL, ENOBUFS, ENOMEM): the
    /// backend may be well, and a moment later there may be room.
    private static func isOurShortage(_ errno: Int32) -> Bool { [12, 23, 24, 99, 105].contains(errno) }
}

extension Worker {
    /// Answers the request with an error of Gatehouse's own; the connection ends with it.
    func refuse(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ refusal: Refusal) {
        if !session.pointee.upstream.isNone { close(session, .upstream) }
        if exchange.endpoint != nil { releaseEndpoint(exchange) }
        upgradeSettled(exchange)
        exchange.refusal = refusal
        // A head that never ended was never identified.
        if exchange.peer == nil { notePeer(session, exchange) }
        if let head = exchange.request { beginTap(session, exchange, head) }
        exchange.admission = nil
        exchange.leaveSeat()
        if let failure = refusal.failure { exchange.observation?.failure = failure }
        exchange.keepsDownstream = false
        let code = refusal.closeCode ?? explanation(of: refusal.status, exchange)
        exchange.explainedWith = code?.rawValue
        let verdict = reportRefusal(session, exchange, refusal)
        tapRefused(session, exchange, verdict, reason: refusal.reason)
        if let code { return explain(session, exchange, code, reason: verdict?.cause.rawValue ?? refusal.reason) }
        var page = ErrorPage(status: refusal.status, reason: refusal.reason, session: session.pointee.id)
        page.cause = verdict?.cause.rawValue
        page.confidence = verdict?.confidence.rawValue
        page.retryAfter = refusal.retryAfter
        page.fields = refusal.fields
        page.write(to: exchange.request, keepsConnection: false, into: &writer)
        tapHeadAhead(session)
        send(session, .downstream, writer.bytes)
        guard session.pointee.phase != .over else { return }
        session.pointee.exchange = nil
        linger(session)
    }

    /// Requests that Gatehouse answers itself: the state of its service, and the admin endpoints where they are public.
    func answersItself(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead, _ path: [UInt8]
    ) -> Bool {
        if let health = exchange.state.snapshot.healthPath, path == Array(health.utf8) {
            let renderer = AdminRenderer(redaction: shared.redaction(for: exchange.state))
            answer(session, exchange, head, renderer.webSocketHealth(shared.metrics, isDraining: drain.isActive, at: loop.now))
            return true
        }
        return answersAdmin(session, exchange, head, path)
    }

    /// Sends a response of our own and goes on with the connection where the request allows it.
    func answer(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead, _ response: AdminResponse) {
        // A request that follows in the same buffer is left to a new connection: answering in a row here would answer
        // inside answering, as deep as the client likes.
        let keeps = exchange.keepsDownstream && exchange.requestBody.isComplete && exchange.pending.isEmpty
        exchange.keepsDownstream = keeps
        send(session, .downstream, AdminDesk.bytes(response, headOnly: head.method == .head, keepAlive: keeps))
        guard session.pointee.phase != .over else { return }
        reportOwnAnswer(session, exchange, response.status)
        session.pointee.phase = .exchanging
        session.pointee.exchange = nil
        if keeps { nextRequest(session, exchange) } else { linger(session) }
    }
}
