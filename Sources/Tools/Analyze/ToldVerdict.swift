import Diagnosis

/// What the comments of a tap told of Gatehouse's own verdict: where it knew more than the bytes show (a name that doesn't resolve, a rule of its gate, a
/// secret that the capture doesn't have, what was pushed out of a black box).
struct ToldVerdict {
    var cause: String?
    /// Why it refused by itself.
    var reason: String?

    /// The failure behind that reason, as far as its name tells it.
    var failure: HandshakeFailure? { reason.flatMap { HandshakeFailure(reason: $0) } }

    /// What Gatehouse concluded, where it differs from what the capture shows.
    ///
    /// - Parameter lossy: bytes are missing, so that nothing can be concluded here at all.
    func verdict(insteadOf own: Verdict?, lossy: Bool) -> Verdict? {
        guard let cause = cause.flatMap({ Cause(rawValue: $0) }), own?.cause != cause else { return nil }
        let entry = CauseCatalogue.entry(cause)
        return Verdict(
            cause: cause, title: entry.title, confidence: own == nil ? .likely : .proven, blame: entry.blame,
            answeredBy: own?.answeredBy,
            evidence: [Evidence(what: "comment of Gatehouse's", observed: "cause=\(cause.rawValue)")],
            fix: [
                lossy
                    ? "Look at the ledger's line of this session: it has what the capture lost"
                    : "Look at the ledger's line of this session for the evidence"
            ])
    }
}

extension HandshakeFailure {
    /// The failure behind the reason of a refusal of Gatehouse's own, as far as its name tells it; nil for a rule of the gate.
    init?(reason: String) {
        switch reason {
        case "upstream_refused": self = .upstreamRefused(errno: 111)
        case "connect_failed": self = .connectFailed(errno: 0)
        case "connect_timeout": self = .connectTimedOut
        case "name_not_resolved": self = .nameNotResolved("")
        case "no_address": self = .noAddress
        case "no_endpoint": self = .noEndpoint
        case "response_head_timeout": self = .responseHeadTimedOut
        case "no_route", "misdirected": self = .noRoute
        case "draining": self = .draining
        case "session_limit": self = .limit("sessions")
        case "upgrade_limit": self = .limit("upgrades_in_flight")
        case "malformed_request", "path_refused", "invalid_upgrade": self = .malformedRequest([])
        default: return nil
        }
    }
}
