/// What a verdict says of the probes that were made: which place accepted, and what of the advice is done already.
extension ProbePlan {
    /// Causes that another path mends.
    static let wrongPaths: Set<Cause> = [.routeNotFound, .trailingSlash, .routeIsHttpOnly, .proxyPathNotMatched]

    /// Where the handshake was accepted at another path, to go there is the first thing to do.
    func nameThePlace(_ verdict: inout Verdict?) {
        guard let cause = verdict?.cause, ProbePlan.wrongPaths.contains(cause), let path = acceptedPath else { return }
        verdict?.fix.insert("Connect to \(path), where the same handshake was accepted", at: 0)
    }

    /// Without the query, which may hold secrets and stays as it is.
    private var acceptedPath: String? {
        var place = usual
        if isConfirmed, let accepted, accepted.kind == .trailingSlash || accepted.kind == .pathVariant { place = accepted }
        return place?.target.map { String($0.prefix { $0 != "?" }) }
    }

    /// An alternative doesn't ask for what has been tried, but says what came of it.
    func sayWhatWasTried(_ verdict: inout Verdict?) {
        guard let choices, var others = verdict?.alternatives else { return }
        for index in others.indices where others[index].confidence != .excluded {
            let entry = CauseCatalogue.entry(others[index].cause)
            let decision = entry.decision
            guard !decision.isEmpty, others[index].because.hasSuffix(decision) else { continue }
            let deciding = entry.probes.flatMap { choices.choices($0) }.filter { decides($0, entry) }
            let made = deciding.filter { tried[$0] != nil }
            guard !made.isEmpty else { continue }
            let looks = made.filter { $0.flip == nil }.map { "\($0.change): \(tried[$0] ?? "")" }.joined(separator: ", ")
            guard made.count == deciding.count else {
                if !looks.isEmpty { others[index].because += "; so far \(looks)" }
                continue
            }
            others[index].because.removeLast(decision.count)
            if !looks.isEmpty { others[index].because += "; \(looks)" }
            if made.contains(where: { $0.flip != nil }) { others[index].because += "; the probes made for it changed nothing" }
        }
        verdict?.alternatives = others
    }

    /// Whether the probe is what decides, or only helps: one that flips nothing decides where the cause's own words ask for it.
    private func decides(_ probe: ProbeRequest, _ entry: CauseEntry) -> Bool {
        switch probe.kind {
        case .plainGet: entry.decides.contains("plain GET")
        case .randomPath: entry.decides.contains("a path that can't exist")
        case .engineIOPolling: entry.decides.contains("polling")
        default: probe.flip != nil
        }
    }
}
