import HTTPWire
import Wire

/// Words a verdict from the ranked hypotheses: the first cause, its evidence, the fix for the stacks that were seen, and the others.
struct VerdictWriter {
    let hypotheses: Hypotheses
    let reading: SignReading
    /// The stacks that answered and that stand on the path, in the order in which their fixes are wanted.
    let stacks: [Stack]
    let responder: Responder?
    let probes: [ProbeRecord]
    let quote: (Sign) -> Evidence?

    /// How much higher a sum must be to be called likely beside another.
    private static let lead = 6

    /// The verdict; `unknown` where nothing stands out.
    func verdict() -> Verdict {
        guard let first = hypotheses.ranked.first, first.score >= Hypotheses.threshold else {
            return undecided(hypotheses.ranked[...])
        }
        let entry = CauseCatalogue.entry(first.cause)
        let rest = hypotheses.ranked.dropFirst()
        var confidence = first.confidence
        if confidence == .likely, let next = rest.first, first.score - next.score < VerdictWriter.lead { confidence = .possible }
        return Verdict(
            cause: first.cause, title: entry.title, confidence: confidence, blame: blame(entry), answeredBy: responder,
            evidence: evidence(first), probes: probes, fix: entry.fixes(for: stacks), alternatives: alternatives(rest, confidence))
    }

    private func undecided(_ rest: ArraySlice<Hypotheses.Hypothesis>) -> Verdict {
        let entry = CauseCatalogue.undecided
        return Verdict(
            cause: .unknown, title: entry.title, confidence: .unknown, blame: .unknown, answeredBy: responder,
            evidence: ownEvidence(), probes: probes,
            fix: entry.fix, alternatives: alternatives(rest, .possible))
    }

    /// Whom the catalogue blames, unless the signs say who it was: a request that was broken before it came to us is a hop's fault where a hop
    /// shows itself, and a breach of the protocol is the fault of the side whose frames have it.
    private func blame(_ entry: CauseEntry) -> Blame {
        if entry.cause == .upgradeFieldsMissing, reading.has(.viaInRequest) { return .intermediary }
        // A hop's timer counts every byte; one that counts messages only is the application's.
        if entry.cause == .idleTimeout, reading.has(.messagesKeepItAlive) { return .backend }
        guard VerdictWriter.breaches.contains(entry.cause) else { return entry.blame }
        let seen = (
            client: reading.has(.clientFault) || reading.has(.clientCodeInvalid),
            server: reading.has(.serverFault) || reading.has(.serverCodeInvalid)
        )
        // Where no fault was seen, the side that ended the session with 1002 or 1007 says that it was the other.
        let told = (
            client: reading.has(.serverCode1002) || reading.has(.serverCode1007),
            server: reading.has(.clientCode1002) || reading.has(.clientCode1007)
        )
        switch seen.client || seen.server ? seen : told {
        case (true, false): return .client
        case (false, true): return .backend
        default: return entry.blame
        }
    }

    /// Causes of which either side can be guilty.
    private static let breaches: Set<Cause> = [
        .protocolViolation, .textNotUtf8, .reservedOpcode, .rsv1WithoutExtension, .invalidCloseCode, .messageTooBig,
    ]

    private func alternatives(_ rest: ArraySlice<Hypotheses.Hypothesis>, _ first: Confidence) -> [Alternative] {
        rest.prefix(first == .proven ? 3 : 6).prefix { $0.score >= 10 }.map { other in
            let confidence: Confidence = first == .proven || other.score < 60 ? .possible : .likely
            return Alternative(
                cause: other.cause, confidence: confidence, because: hypotheses.reason(for: other) ?? "nothing rules it out")
        }
    }

    private func evidence(_ hypothesis: Hypotheses.Hypothesis) -> [Evidence] {
        var shown: [Evidence] = []
        for clause in hypotheses.clauses(for: hypothesis) {
            for sign in clause.signs {
                guard let evidence = quote(sign), !shown.contains(evidence) else { continue }
                shown.append(evidence)
                if shown.count == 5 { return shown }
            }
        }
        if shown.isEmpty { shown = ownEvidence() }
        return shown
    }

    /// The status line or the failure, where no clause has a quotation of its own.
    private func ownEvidence() -> [Evidence] {
        reading.traces.compactMap { trace in
            switch trace.trace {
            case .statusLine, .failure, .note: quote(trace.sign)
            default: nil
            }
        }.prefix(1).map { $0 }
    }
}
