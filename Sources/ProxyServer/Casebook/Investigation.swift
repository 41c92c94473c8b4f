import CLinux
import Diagnosis
import HTTPWire
import Probing
import ProxyCore
import Wire

/// The probes of one refusal: they go to the endpoint that refused, with the head that Gatehouse had sent there, one after the other.
struct Investigation: Sendable {
    /// How long one answer and all of them together may take.
    static let timeout = TimeSpan.seconds(3)
    static let total = TimeSpan.seconds(10)
    /// How long the body of an answer may take.
    private static let bodyWait = TimeSpan.milliseconds(300)
    /// Where a probe no longer makes sense: less time is left than a quick answer needs.
    private static let leastTime = TimeSpan.milliseconds(100)

    let session: SessionID
    let plan: ProbePlan
    let target: ProbeTarget
    /// The request as it went upstream. The credentials in it are the client's own; none are added.
    let sent: RequestHead

    /// Nil where there is nothing to probe.
    init?(_ note: RefusalNote, limit: Int, nonce: UInt64) {
        guard let target = note.target, let request = note.observation.request else { return nil }
        var writer = HeadWriter(capacity: 4096)
        guard RequestForwarding.write(request, context: target.forwarding, into: &writer) else { return nil }
        self.target = target
        session = note.observation.session
        sent = RequestHead(copy: Array(writer.bytes))
        plan = ProbePlan(note.observation, options: ProbeOptions(limit: limit, nonce: nonce), sent: sent)
    }

    /// Performs the plan.
    ///
    /// - Parameter isOver: whether the process ends; then no further probe is made.
    /// - Returns: the plan with all outcomes.
    func perform(unless isOver: () -> Bool) -> ProbePlan {
        let limit = Deadline.after(Investigation.total)
        let performer = HandshakePerformer(
            place: DiagnosePlace(host: target.host, port: target.address.port, isSecure: target.isSecure), context: target.context,
            timeout: Investigation.timeout)
        var plan = self.plan
        while limit.remaining > Investigation.leastTime, !isOver(), case .probe(let probe) = plan.next() {
            let performed = performer.perform(
                probe.head(from: sent, key: HandshakeKey.fresh()), addresses: [target.address], isSecure: target.isSecure,
                bodyWait: Investigation.bodyWait, limit: limit)
            if performed.isCut {
                plan.recordCut("no answer before the time for all probes was over")
            } else {
                plan.record(ProbeOutcome(performed.observation))
            }
        }
        return plan
    }
}

/// Whether an endpoint takes a new connection: nothing is sent on it.
enum EndpointCheck {
    private static let wait = TimeSpan.seconds(1)

    static func ask(_ address: SocketAddress) -> (accepts: Bool, words: String) {
        switch HandshakeConnection.open(address, until: .after(wait)) {
        case .open: (true, "taken")
        case .refused(let errno): (false, "refused (errno \(errno))")
        case .failed(let errno): (false, "failed (errno \(errno))")
        case .timedOut: (false, "not taken within a second")
        }
    }
}
