/// What all handshakes of a plan show together.
extension ProbePlan {
    /// The verdict on `observation`, the one with which the plan began, with all that the probes showed.
    public func conclude(_ observation: HandshakeObservation) -> HandshakeJudgement {
        let before = Hypotheses(signs).ranked
        observation.furtherSigns.formUnion(learned)
        // More than once where something else is learnt later.
        for quote in quotes { observation.furtherEvidence.removeAll { $0.sign == quote.sign } }
        observation.furtherEvidence += quotes
        observation.probes = records
        var judgement = HandshakeJudge.judge(observation)
        if learned.contains(.flipByItself), judgement.verdict != nil {
            // What comes and goes by itself is no proof of anything.
            judgement.verdict?.confidence = .possible
        }
        excludeOthers(&judgement.verdict)
        sayWhatWasTried(&judgement.verdict)
        nameThePlace(&judgement.verdict, isRewritten: observation.pathIsRewritten)
        guard let verdict = judgement.verdict else { return judgement }
        let after = Hypotheses(signs.union(learned)).ranked
        for old in before where old.score >= Hypotheses.threshold && old.cause != verdict.cause {
            let score = after.first { $0.cause == old.cause }?.score ?? 0
            guard score < 10, !verdict.alternatives.contains(where: { $0.cause == old.cause }), let because = exclusion(old.cause)
            else { continue }
            judgement.verdict?.alternatives.append(Alternative(cause: old.cause, confidence: .excluded, because: because))
        }
        return judgement
    }

    /// The handshake was accepted with one thing changed and all else as it was: what lies in all else is not the cause.
    private func excludeOthers(_ verdict: inout Verdict?) {
        guard isConfirmed, let accepted, !accepted.kind.leadsElsewhere, verdict?.confidence == .proven,
            var others = verdict?.alternatives
        else { return }
        for index in others.indices where others[index].confidence != .excluded {
            let entry = CauseCatalogue.entry(others[index].cause)
            guard !entry.probes.contains(where: { $0.concernsSameFactor(as: accepted.kind) }) else { continue }
            // Another path met other rules of paths, also those that no probe can tell.
            guard !(accepted.kind.changesPath && entry.group == .path) else { continue }
            others[index].confidence = .excluded
            others[index].because = "the handshake was accepted with no other change than \(accepted.change)"
        }
        verdict?.alternatives = others
    }

    /// What the probes showed that rules a cause out; nil where they only have nothing to say for it.
    private func exclusion(_ cause: Cause) -> String? {
        let all = signs.union(learned)
        return CauseCatalogue.entry(cause).clauses.filter {
            $0.weight <= -ProbePlan.refutation && $0.when.isSubset(of: all) && $0.unless.isDisjoint(with: all)
                && !$0.when.isSubset(of: signs)
        }.min { $0.weight < $1.weight }?.text
    }

    /// What speaks against a cause with less than this makes it unlikely, and no more.
    private static let refutation = 40
}
