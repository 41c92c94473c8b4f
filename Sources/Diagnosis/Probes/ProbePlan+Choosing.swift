/// Which handshake is tried next: what somebody named, then what separates most.
extension ProbePlan {
    /// Answers behind which a check of the Origin may stand.
    private static let originRefusals: SignSet = [
        .status400, .status401, .status403, .status404, .statusOther4xx, .failedClosedAtOnce,
    ]

    /// The next of the Origins that somebody named, where the handshake was refused: an order, whatever the signs make likely.
    var namedOrigin: ProbeRequest? {
        guard !options.origins.isEmpty, !ProbePlan.originRefusals.isDisjoint(with: signs) else { return nil }
        return choices?.namedOrigins.first { tried[$0] == nil }
    }

    /// The untried handshake of the kind that can prove most.
    var best: ProbeRequest? {
        guard let choices else { return nil }
        if let namedOrigin { return namedOrigin }
        if let followUp, let choice = choices.choices(followUp).first(where: { tried[$0] == nil }) { return choice }
        if plain == nil, isPlainGetFirst,
            let choice = choices.choices(.plainGet).first(where: { tried[$0] == nil })
        {
            return choice
        }
        let ranked = Hypotheses(signs.union(learned)).ranked.filter { $0.score >= 10 }
        // Sure enough without: the leader can't be probed, and nobody else comes near.
        guard let leader = ranked.first, leader.confidence != .proven else { return nil }
        var worth: [ProbeKind: Int] = [:]
        var order: [ProbeKind] = []
        for hypothesis in ranked where hypothesis.score * 4 >= leader.score {
            for kind in CauseCatalogue.entry(hypothesis.cause).probes {
                if worth[kind] == nil { order.append(kind) }
                worth[kind, default: 0] += hypothesis.score
            }
        }
        for kind in order.sorted(by: { worth[$0, default: 0] > worth[$1, default: 0] }) {
            if let choice = choices.choices(kind).first(where: { tried[$0] == nil }) { return choice }
        }
        // One handshake that may show the endpoint itself, wherever the path may be wrong.
        guard ranked.contains(where: { ProbePlan.wrongPaths.contains($0.cause) }) else { return nil }
        return choices.choices(.usualPath).first { tried[$0] == nil }
    }

    /// What a hop answers in the name of a backend that didn't.
    static let missingAnswers: SignSet = [.status502, .status504]

    /// A hop that got no answer says the same of a backend that is down and of one that hangs up on upgrades alone; and nginx, which passes on
    /// upgrades only if it is told to, brings to a handshake what a page gets.
    private var isPlainGetFirst: Bool {
        if !signs.isDisjoint(with: ProbePlan.missingAnswers) { return true }
        return signs.contains(.byNginx) && !signs.contains(.intermediaryOwnPage)
            && (signs.contains(.status400) || signs.contains(.status404))
    }
}
