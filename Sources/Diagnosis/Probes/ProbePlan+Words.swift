import HTTPWire

/// What a verdict says of the probes that were made: which place accepted, and what of the advice is done already.
extension ProbePlan {
    /// Causes that another path mends.
    static let wrongPaths: Set<Cause> = [.routeNotFound, .trailingSlash, .routeIsHttpOnly, .proxyPathNotMatched]

    /// Where the handshake was accepted at another path, to go there is the first thing to do.
    ///
    /// - Parameter isRewritten: Gatehouse changes the path on its way, so that the upstream's is not what a client has to ask for.
    func nameThePlace(_ verdict: inout Verdict?, isRewritten: Bool) {
        guard let cause = verdict?.cause, ProbePlan.wrongPaths.contains(cause), let path = acceptedPath else { return }
        let place = ProbePlan.mayBeSaid(path) ? path : "the path that a probe shows"
        verdict?.fix.insert(
            isRewritten
                ? "Let the route's `rewrite` lead to \(place) at the upstream, where the same handshake was accepted"
                : "Connect to \(place), where the same handshake was accepted", at: 0)
    }

    /// Fixes are written as they stand, without the redaction that paths go through: a path is named there only if nothing in it may be a secret.
    private static func mayBeSaid(_ path: String) -> Bool {
        path.utf8.count <= 80
            && path.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == 0x2F || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E }
            && path.split(separator: "/").allSatisfy { $0.utf8.count <= 24 && !CredentialReading.isTokenLike(String($0)) }
    }

    /// Without the query, which may hold secrets and stays as it is.
    private var acceptedPath: String? {
        var place = usual
        if isConfirmed, let accepted, accepted.kind == .trailingSlash || accepted.kind == .pathVariant { place = accepted }
        return place?.target.map { String($0.prefix { $0 != "?" }) }
    }

    /// Paths that probes asked for, without queries, and that are not the request's own.
    var otherPaths: Set<[UInt8]> {
        Set(tried.keys.compactMap { $0.target.map { Array($0.utf8.prefix { $0 != 0x3F }) } })
    }

    /// An alternative doesn't ask for what has been tried, but says what came of it.
    func sayWhatWasTried(_ verdict: inout Verdict?) {
        guard let choices, var others = verdict?.alternatives else { return }
        for index in others.indices where others[index].confidence != .excluded {
            let entry = CauseCatalogue.entry(others[index].cause)
            let decision = entry.decision
            guard !decision.isEmpty, others[index].because.hasSuffix(decision) else { continue }
            let deciding = entry.decidedBy.flatMap { choices.choices($0) }
            let made = deciding.filter { tried[$0] != nil }
            guard !made.isEmpty else { continue }
            let looks = made.filter { $0.flip == nil }.map { "\($0.change): \(tried[$0] ?? "")" }.joined(separator: ", ")
            guard made.count == deciding.count else {
                if !looks.isEmpty { others[index].because += "; so far \(looks)" }
                continue
            }
            others[index].because.removeLast(decision.count)
            if !looks.isEmpty { others[index].because += "; \(looks)" }
            if made.contains(where: { $0.flip != nil }), !made.contains(where: { $0 == accepted }) {
                others[index].because += "; the probes made for it changed nothing"
            }
        }
        verdict?.alternatives = others
    }
}
