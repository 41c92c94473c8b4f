public import Diagnosis
import HTTPWire
public import Wire

/// `session.opened` and `session.refused`: everything about one opening handshake in one line.
extension Ledger {
    /// A valid 101 opened the tunnel.
    public func sessionOpened(
        _ handshake: HandshakeObservation, findings: [Finding] = [], verdict: Verdict? = nil, tls: TLSFacts? = nil,
        at time: Timestamp
    ) {
        write("session.opened", at: time, session: handshake.session, message: "a session was opened") { line in
            self.handshake(handshake, tls, into: &line)
            line.field("findings", findings, redaction)
            if let verdict { line.field("verdict", verdict, redaction) }
        }
    }

    /// The handshake came to nothing.
    ///
    /// - Parameters:
    ///   - status: The status code that the client got; nil if it got none.
    ///   - reason: Gatehouse's own reason where it is not that of `handshake.failure`: `invalid_101`.
    ///   - detail: What the reason means here, in one sentence.
    ///   - explainedWith: The close code that the client got in place of the response, where its page is to be told.
    public func sessionRefused(
        _ handshake: HandshakeObservation, status: Int?, judgement: HandshakeJudgement, reason: String? = nil,
        detail: String? = nil, explainedWith: UInt16? = nil, tls: TLSFacts? = nil, at time: Timestamp
    ) {
        write(
            "session.refused", level: .warning, at: time, session: handshake.session,
            message: "a session was refused"
        ) { line in
            self.handshake(handshake, tls, into: &line)
            if let status { line.field("status", status) }
            if let explainedWith { line.field("explained_with", UInt64(explainedWith)) }
            if let responder = judgement.responder { line.field("answered_by", responder, redaction) }
            if let reason = reason ?? handshake.failure?.name { line.field("reason", reason) }
            if let detail = detail ?? handshake.failure?.detail {
                line.field("detail", redacted: detail, redaction)
            }
            line.field("findings", judgement.findings, redaction)
            if let verdict = judgement.verdict { line.field("verdict", verdict, redaction) }
        }
    }

    /// What both lines have.
    private func handshake(_ handshake: HandshakeObservation, _ tls: TLSFacts?, into line: inout LineBuffer) {
        line.field("client", handshake.client, redaction)
        if let tls { line.field("tls", tls) }
        if let request = handshake.request {
            line.beginObject("request")
            line.field("line", request.bytes, request.lineRange, .startLine, redaction)
            line.fields(of: request, redaction)
            line.endObject()
        }
        if let response = handshake.response { self.response(response, handshake.bodyStart, into: &line) }
        if let request = handshake.request {
            line.joined("origin", .origin, of: request, redaction)
            line.subprotocols("subprotocols_offered", of: request, redaction)
            if let response = handshake.response {
                line.joined("subprotocol", .secWebSocketProtocol, of: response, redaction)
            }
            line.joined("extensions_offered", .secWebSocketExtensions, of: request, redaction)
            if let response = handshake.response {
                line.joined("extensions", .secWebSocketExtensions, of: response, redaction)
            }
        }
        line.field("route", handshake.route)
        line.field("cluster", handshake.cluster)
        if let endpoint = handshake.endpoint { line.field("endpoint", endpoint) }
        if let affinity = handshake.affinity { line.field("affinity", affinity) }
        line.beginObject("ms")
        if let span = handshake.timings.waited { line.field("waited", milliseconds: span) }
        if let span = handshake.timings.connect { line.field("connect", milliseconds: span) }
        if let span = handshake.timings.tls { line.field("tls", milliseconds: span) }
        if let span = handshake.timings.response { line.field("response", milliseconds: span) }
        if let span = handshake.timings.total { line.field("total", milliseconds: span) }
        line.endObject()
    }

    private func response(_ response: ResponseHead, _ body: [UInt8], into line: inout LineBuffer) {
        line.beginObject("response")
        line.field("line", response.bytes, response.lineRange, .startLine, redaction)
        line.field("status", response.status)
        line.fields(of: response, redaction)
        // A 101 has no body: what follows it are frames.
        if response.status != 101, !body.isEmpty {
            line.field("body_start", body, 0..<min(body.count, Ledger.bodyShown), .text, redaction)
        }
        line.endObject()
    }

    /// How much of a refusal's body a line shows.
    private static var bodyShown: Int { 1024 }
}

extension LineBuffer {
    /// Who asked.
    mutating func field(_ key: StaticString, _ client: ClientFacts, _ redaction: LogRedaction) {
        beginObject(key)
        field("address", address: client.address)
        if let forwarded = client.forwardedFor { field("forwarded_for", redacted: forwarded, redaction) }
        field("forwarded_trusted", client.forwardedTrusted)
        field("scheme", client.scheme)
        endObject()
    }

    /// What became of a request's affinity.
    mutating func field(_ key: StaticString, _ affinity: AffinityFacts) {
        beginObject(key)
        field("by", affinity.by)
        field("outcome", affinity.outcome.rawValue)
        if let why = affinity.why { field("why", why) }
        endObject()
    }

    /// What TLS agreed on.
    mutating func field(_ key: StaticString, _ tls: TLSFacts) {
        beginObject(key)
        field("version", tls.version)
        field("cipher", tls.cipher)
        if let name = tls.serverName { field("sni", name) }
        if let name = tls.applicationProtocol { field("alpn", name) }
        if let subject = tls.clientCertificateSubject { field("client_subject", subject) }
        endObject()
    }
}

extension HandshakeFailure {
    /// What the reason's id leaves open, in one sentence; nil if it says all.
    var detail: String? {
        switch self {
        case .upstreamRefused(let errno): "every address of the endpoint refused the connection (errno \(errno))"
        case .connectFailed(let errno): "the endpoint can't be reached (errno \(errno))"
        case .connectTimedOut: "the endpoint did not take the connection within timeouts.connect"
        case .nameNotResolved(let name): "the name \(name) has no address"
        case .noAddress: "the endpoint's name has no address of a usable kind"
        case .noEndpoint: "no endpoint of the cluster is held to be healthy"
        case .upstreamTLS(let kind, let sentence): "TLS with the endpoint failed: \(sentence) (\(kind))"
        case .downstreamTLS(let kind, let sentence): "TLS with the client failed: \(sentence) (\(kind))"
        case .responseHeadTimedOut: "the endpoint sent no response head within timeouts.response"
        case .closedBeforeResponse(let end, let count):
            "the endpoint ended the connection (\(end.name)) after \(count) bytes of a response head"
        case .notHTTP(let first): "what the endpoint sent is not HTTP; it begins with \(first.printable(0..<32))"
        case .malformedResponse(let faults): "the response head is malformed: \(HandshakeFailure.list(faults))"
        case .malformedRequest(let faults): "the request head is malformed: \(HandshakeFailure.list(faults))"
        case .requestTimedOut: "the client sent no complete request head within timeouts.head"
        case .clientGone(let end): "the client left before the answer (\(end.name))"
        case .limit(let name): "the limit limits.\(name) is reached"
        case .noRoute: "no route of the configuration matches this host and path"
        case .refusedByGate(let gate): "the route's \(gate) check refused it"
        case .draining: "Gatehouse is going away and takes no new sessions"
        }
    }

    /// The faults for which a head is not forwarded; what is only odd, where there are no others.
    private static func list(_ faults: [HeadFault]) -> String {
        let grave = faults.filter { $0.severity != .odd }
        let named = (grave.isEmpty ? faults : grave).prefix(3).map(\.kind.rawValue)
        return named.isEmpty ? "it can't be written anew for the endpoint" : named.joined(separator: ", ")
    }
}

extension TransportEnd {
    /// The word for the ledger: `fin`, `rst`, `timeout:idle`, `gatehouse:drain`.
    var name: String {
        switch self {
        case .finished: "fin"
        case .reset: "rst"
        case .timedOut(let timeout): "timeout:\(timeout.rawValue)"
        case .local(let local): "gatehouse:\(local.rawValue)"
        }
    }
}
