public import HTTPWire
public import Wire

/// Why an opening handshake has no answer of the backend's, or none that may be passed on.
public enum HandshakeFailure: Sendable, Hashable {
    // Reaching the endpoint
    /// Every address refused the connection.
    case upstreamRefused(errno: Int32)
    /// Another error of connecting: no route, unreachable, permission.
    case connectFailed(errno: Int32)
    case connectTimedOut
    case nameNotResolved(String)
    /// The name resolves, but to no address of a usable kind.
    case noAddress
    /// No endpoint of the cluster is held to be healthy.
    case noEndpoint
    /// The TLS handshake with the endpoint failed. `kind` is the TLS engine's word (`certificate_expired`, `plain_http_on_tls_port`
    /// …), `sentence` what to show.
    case upstreamTLS(kind: String, sentence: String)
    /// The client's TLS handshake with us failed; same words.
    case downstreamTLS(kind: String, sentence: String)

    // The answer
    case responseHeadTimedOut
    case closedBeforeResponse(TransportEnd, bytesSeen: Int)
    /// What came is no HTTP; its first bytes, at most 64.
    case notHTTP(first: [UInt8])
    case malformedResponse([HeadFault])

    // The request, and ourselves
    case malformedRequest([HeadFault])
    case requestTimedOut
    case clientGone(TransportEnd)
    /// A limit of ours: `sessions`, `sessions_per_address`, `head` …
    case limit(String)
    case noRoute
    /// Our own gate said no: `origin`, `credentials`, `permission` …
    case refusedByGate(String)
    case draining

    /// Whether nobody answered at all: no connection, silence, a cut.
    public var isUnanswered: Bool {
        switch self {
        case .upstreamRefused, .connectFailed, .connectTimedOut, .nameNotResolved, .noAddress, .noEndpoint, .upstreamTLS,
            .responseHeadTimedOut, .closedBeforeResponse:
            true
        default: false
        }
    }

    /// The reason's id in the ledger, and the `reason` of a response that Gatehouse wrote itself.
    public var name: String {
        switch self {
        case .upstreamRefused: "upstream_refused"
        case .connectFailed: "connect_failed"
        case .connectTimedOut: "connect_timeout"
        case .nameNotResolved: "name_not_resolved"
        case .noAddress: "no_address"
        case .noEndpoint: "no_endpoint"
        case .upstreamTLS: "upstream_tls"
        case .downstreamTLS: "downstream_tls"
        case .responseHeadTimedOut: "response_head_timeout"
        case .closedBeforeResponse: "closed_before_response"
        case .notHTTP: "not_http"
        case .malformedResponse: "malformed_response"
        case .malformedRequest: "malformed_request"
        case .requestTimedOut: "request_timeout"
        case .clientGone: "client_gone"
        case .limit: "limit"
        case .noRoute: "no_route"
        case .refusedByGate: "refused_by_gate"
        case .draining: "draining"
        }
    }
}
