import Configuration
import Diagnosis
import HTTPWire
import Probing
import TLSEngine
import Wire

/// One diagnosis: the handshake that was asked for, then those that tell its causes apart, one at a time.
///
/// What to try and what it proves is `ProbePlan`'s; here is only the doing, and its bounds: as many handshakes as the options allow, in
/// twice the time that one answer may take. A handshake that the end of that time cut short is not recorded: its silence is ours.
struct Diagnoser {
    let options: DiagnoseOptions
    let performer: HandshakePerformer
    let narrator: PathNarrator
    private let limit: Deadline

    /// Where a probe no longer makes sense: less time is left than a quick answer needs.
    private static let leastTime = TimeSpan.milliseconds(200)
    /// Into how many parts the time for an answer is divided for the probes of a handshake that was not answered.
    private static let impatience: UInt64 = 5
    /// How long bodies may take: the first one is evidence, those of probes are compared.
    private static let bodyWait = (first: TimeSpan.seconds(1), probe: TimeSpan.milliseconds(300))

    init(_ options: DiagnoseOptions, _ narrator: PathNarrator) throws(TLSContextError) {
        self.options = options
        self.narrator = narrator
        let context = try TLSContext.client(TLSContext.ClientOptions(ca: options.ca, verifies: !options.isInsecure))
        performer = HandshakePerformer(place: options.place, proxy: options.proxy, context: context, timeout: options.timeout)
        limit = .after(TimeSpan(nanoseconds: options.timeout.nanoseconds * 2))
    }

    /// Performs all of it.
    func run() -> DiagnosisReport {
        let addresses = resolve()
        // Also before one is held: what a server does right behind its 101 is seen only by who says nothing by then.
        var first = performer.perform(
            RequestComposer.head(options), addresses: addresses, isSecure: options.place.isSecure,
            bodyWait: Diagnoser.bodyWait.first, limit: limit, watching: Diagnoser.watchTime, report: narrator.step)
        first.closing = checked(first)
        if let failure = nameFailure(addresses) { first.observation.failure = failure }
        // Who asks for a diagnosis wants to know what a browser makes of the answer, whoever the command pretends to be.
        first.observation.judgesAsBrowser = true
        narrator.answered(first)
        if let record = first.closing { narrator.closed(record, of: first) }
        var report = DiagnosisReport(options: options, first: first)
        if options.probeLimit > 0, first.closing == nil, first.tunnelRefusal == nil { probe(&report) }
        if let span = options.hold, report.judgement.verdict == nil, first.observation.response?.status == 101 {
            hold(&report, span)
        }
        report.judgement.findings += faults(of: first)
        return report
    }

    private func resolve() -> [SocketAddress] {
        // The proxy resolves the target's name; ours is to find the proxy.
        let (host, port) = options.proxy.map { ($0.host, $0.port) } ?? (options.place.host, options.place.port)
        guard options.proxy != nil || options.addresses.isEmpty else {
            narrator.named(options.place.host, options.addresses, "as --resolve says")
            return options.addresses
        }
        let watch = Stopwatch()
        if let address = SocketAddress(host: host, port: port) { return [address] }
        switch NameLookup.addresses(of: host, port: port, until: min(limit, .after(options.timeout))) {
        case .addresses(let addresses):
            narrator.named(host, addresses, watch.span.shown)
            return addresses
        case .failed(let words): narrator.unnamed(host, words)
        case .timedOut: narrator.unnamed(host, "the resolver gave no answer, \(watch.span.shown)")
        }
        return []
    }

    private func nameFailure(_ addresses: [SocketAddress]) -> HandshakeFailure? {
        addresses.isEmpty ? .nameNotResolved(options.proxy?.host ?? options.place.host) : nil
    }

    /// What a strict reader refuses in the answer's head, although browsers may take it; nothing where that is the verdict already.
    private func faults(of first: PerformedHandshake) -> [Finding] {
        guard first.observation.failure == nil, let head = first.observation.response else { return [] }
        var seen: Set<HeadFault.Kind> = []
        return head.faults.filter { $0.severity != .odd && seen.insert($0.kind).inserted }.map { fault in
            Finding(
                id: "handshake.answer-head-fault", layer: .http, severity: .warning, blame: .backend,
                text:
                    "The answer's head has a fault that strict readers refuse (RFC 9112): \(fault.kind.rawValue). "
                    + "Gatehouse as a proxy answers 502 in its place")
        }
    }

    private func probe(_ report: inout DiagnosisReport) {
        let first = report.first
        var random = SecureRandom()
        var plan = ProbePlan(
            first.observation,
            options: ProbeOptions(
                limit: options.probeLimit, origins: Array(options.origins.dropFirst()),
                subprotocols: Array(options.subprotocols.dropFirst()),
                nonce: random.next(), mayUseTLS: !options.place.isSecure && (options.proxy == nil || options.place.port != 80)))
        // Where silence was the answer, it need not be waited for to its end again: the time is for what may be answered.
        let patience =
            first.observation.failure == .responseHeadTimedOut
            ? TimeSpan(nanoseconds: options.timeout.nanoseconds / Diagnoser.impatience) : options.timeout
        let performer = performer.waiting(patience)
        // The address that answered: probes must meet the same host.
        let addresses = first.address.map { [$0] } ?? []
        while case .probe(let request) = plan.next() {
            guard limit.remaining > Diagnoser.leastTime, !addresses.isEmpty else {
                report.ranOutOfTime = true
                break
            }
            let isSecure = request.secure ?? options.place.isSecure
            var performed = performer.perform(
                request.head(from: first.request, key: HandshakeKey.fresh()), addresses: moved(addresses, isSecure),
                isSecure: isSecure,
                bodyWait: Diagnoser.bodyWait.probe, limit: limit)
            performed.change = request.change
            report.probes.append(performed)
            if performed.isCut {
                report.ranOutOfTime = true
                break
            }
            let outcome = ProbeOutcome(performed.observation)
            report.outcomes.append(outcome)
            narrator.probed(report.probes.count, request.change, outcome)
            // The plan stops with what flipped it; an endpoint at another path may have accepted before.
            if outcome.isAccepted, request.kind != .control { report.decisive = performed }
            plan.record(outcome)
        }
        report.shortage = plan.shortage
        report.judgement = plan.conclude(first.observation)
    }

    /// A probe over TLS goes to the port of https where the first handshake went to that of http, and to the same one otherwise.
    private func moved(_ addresses: [SocketAddress], _ isSecure: Bool) -> [SocketAddress] {
        guard isSecure != options.place.isSecure, options.place.port == 80, options.proxy == nil else { return addresses }
        return addresses.map { SocketAddress(high: $0.high, low: $0.low, port: 443) }
    }
}
