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
    /// The software that accepted the session whose end is explained; nil for handshakes.
    var acceptedBy: Stack?
    /// The hop on that session's path, if it names itself.
    var namedHop: Stack?

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
        let blame = BlameReading(reading: reading, responder: responder, acceptedBy: acceptedBy, namedHop: namedHop).blame(entry)
        return Verdict(
            cause: first.cause, title: title(entry), confidence: confidence, blame: blame, answeredBy: responder,
            evidence: evidence(first), probes: probes, fix: entry.fixes(for: stacks), alternatives: alternatives(rest, confidence))
    }

    private func undecided(_ rest: ArraySlice<Hypotheses.Hypothesis>) -> Verdict {
        let entry = CauseCatalogue.undecided
        return Verdict(
            cause: .unknown, title: entry.title, confidence: .unknown, blame: .unknown, answeredBy: responder,
            evidence: ownEvidence(), probes: probes,
            fix: entry.fix, alternatives: alternatives(rest, .possible))
    }

    /// The catalogue's title, unless it says more than was seen: of a process whose end nobody saw only the cut is told.
    private func title(_ entry: CauseEntry) -> String {
        guard entry.cause == .serverCrashed, !reading.has(.upstreamGone), !reading.has(.outputProcessEnded) else {
            return entry.title
        }
        return "The server's side vanished without a close frame, as when its process dies"
    }

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
