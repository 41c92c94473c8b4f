public import HTTPWire

/// Which handshake to try next, and what all of them together prove: a value without sockets.
///
/// The control comes first: the unchanged request must fail again, or nothing can be shown. Then one factor at a time. Which one is
/// decided anew each time: every kind of probe is worth the sum of the weights of the causes that it can prove, so the probe that
/// separates most goes first. When a probe is accepted, the control comes once more; only if it still fails is the cause proven. What no
/// probe flips is evidence too, and goes back to the catalogue as signs. At most `ProbeOptions.limit` handshakes in all.
public struct ProbePlan: Sendable {
    /// What to do next.
    public enum Step: Sendable {
        /// Perform this handshake, and `record` its outcome.
        case probe(ProbeRequest)
        /// All that can be shown is shown: `conclude` says it.
        case done
    }

    let signs: SignSet
    let baseline: ProbeOutcome?
    let choices: ProbeChoices?
    private let options: ProbeOptions
    var learned = SignSet()
    /// Flips that the last control has not confirmed yet.
    private var pending = SignSet()
    /// The probe that was accepted, and whether the control failed once more after it.
    private(set) var accepted: ProbeRequest?
    private(set) var isConfirmed = false
    /// The usual path, if the handshake was accepted there.
    private(set) var usual: ProbeRequest?
    private var state = State.control
    private var current: ProbeRequest?
    /// What was tried, and what came back.
    private(set) var tried: [ProbeRequest: String] = [:]
    private(set) var control: ProbeOutcome?
    /// What a plain GET brought, and the probe that the last one can't be read without.
    var plain: ProbeOutcome?
    var followUp: ProbeKind?
    /// What each kind brought so far.
    private var failed: Set<ProbeKind> = []
    private var quotes: [(sign: Sign, evidence: Evidence)] = []
    public private(set) var records: [ProbeRecord] = []

    private enum State { case control, probing, confirming, done }

    /// Begins with what was observed; the observation is read, not kept.
    ///
    /// - Parameter sent: the request as it went to the one who refused it, where a proxy changed it on the way. Probes change that one.
    public init(_ observation: HandshakeObservation, options: ProbeOptions = ProbeOptions(), sent: RequestHead? = nil) {
        self.options = options
        let signs = HandshakeJudge.signs(of: observation)
        self.signs = signs
        let verdict = HandshakeJudge.judge(observation).verdict
        if let request = sent ?? observation.request {
            choices = ProbeChoices(
                request: request, signs: sent.map { signs.union(HandshakeJudge.signs(ofRequest: $0)) } ?? signs, options: options,
                scheme: observation.client.scheme,
                bodyText: observation.bodyStart.printable(0..<observation.bodyStart.count, limit: 300))
        } else {
            choices = nil
        }
        baseline = ProbeOutcome(observation)
        // Nothing to ask: healthy, proven by itself, or out of a probe's reach.
        let isHopeless: SignSet = [
            .failedName, .failedRefused, .failedTLSExpired, .failedTLSUntrusted, .failedTLSName, .failedNoEndpoint, .failedNoRoute,
            .failedOurOrigin, .failedOurCredentials, .failedMalformedRequest,
            .failedLimit, .status429,
        ]
        // Who names an Origin wants to know what becomes of it, also where the refusal says why.
        let isSettled = verdict?.confidence == .proven && namedOrigin == nil
        if verdict == nil || isSettled || choices == nil || !isHopeless.isDisjoint(with: signs) || options.limit < 3 {
            state = .done
        }
    }

    /// Answers behind which a check of the Origin may stand.
    private static let originRefusals: SignSet = [
        .status400, .status401, .status403, .status404, .statusOther4xx, .failedClosedAtOnce,
    ]

    /// The next of the Origins that somebody named, where the handshake was refused: an order, whatever the signs make likely.
    private var namedOrigin: ProbeRequest? {
        guard !options.origins.isEmpty, !ProbePlan.originRefusals.isDisjoint(with: signs) else { return nil }
        return choices?.namedOrigins.first { tried[$0] == nil }
    }

    /// Whether probes could make a verdict surer.
    public static func canDecide(_ verdict: Verdict) -> Bool { verdict.confidence != .proven }

    /// Whether the unchanged handshake was accepted.
    public var wentWellByItself: Bool { learned.contains(.flipByItself) }

    /// A handshake that the end of the time cut short: it is listed, and shows nothing.
    public mutating func recordCut(_ words: String) {
        guard let probe = current else { return }
        current = nil
        records.append(ProbeRecord(change: probe.change, outcome: words))
        state = .done
    }

    /// The next handshake, or that there is none.
    public mutating func next() -> Step {
        switch state {
        case .control, .confirming: return take(ProbeRequest(.control, "none (control)", flip: nil))
        case .done: return .done
        case .probing:
            // The last handshake is the control's.
            guard records.count < options.limit - 1, let choice = best else {
                settle()
                state = .done
                return .done
            }
            return take(choice)
        }
    }

    /// What came back on the handshake that `next` gave.
    public mutating func record(_ outcome: ProbeOutcome) {
        guard let probe = current else { return }
        current = nil
        tried[probe] = outcome.text
        records.append(ProbeRecord(change: probe.change, outcome: outcome.text))
        switch state {
        case .control:
            control = outcome
            if outcome.isAccepted {
                learned.insert(.flipByItself)
                state = .done
            } else if outcome.status == 429 {
                // Going on would only make it worse, and show nothing.
                state = .done
            } else {
                learned.insert(.probedControlFails)
                state = .probing
            }
        case .confirming:
            if outcome.isAccepted {
                learned.insert(.flipByItself)
            } else {
                learned.formUnion(pending)
                isConfirmed = true
            }
            state = .done
        case .probing: read(probe, outcome)
        case .done: return
        }
    }

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

    // MARK: Choosing

    private mutating func take(_ probe: ProbeRequest) -> Step {
        current = probe
        return .probe(probe)
    }

    /// The untried handshake of the kind that can prove most.
    private var best: ProbeRequest? {
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

    // MARK: Reading

    private mutating func read(_ probe: ProbeRequest, _ outcome: ProbeOutcome) {
        switch probe.kind {
        case .randomPath, .randomPathBelow: readRandomPath(probe, outcome)
        case .plainGet: readPlain(probe, outcome)
        case .plainRandomPath: readPlainControl(probe, outcome)
        case .usualPath where outcome.isAccepted:
            usual = probe
            learn(.usualPathAccepts, from: probe, outcome)
        case .engineIOPolling:
            let reasons: SignSet = [
                .saysOriginRefused, .saysSessionUnknown, .saysUnsupportedEngineIO, .saysTransportRefused, .saysTokenExpired,
                .saysNotAuthenticated,
            ]
            for sign in reasons.signs where outcome.signs.contains(sign) {
                learned.insert(sign)
                quotes.append((sign, Evidence(what: "probe's response body", observed: outcome.excerpt)))
            }
            learned.insert(.byEngineIO)
            if ProbePlan.offersPollingOnly(outcome.excerpt) {
                learned.insert(.saysTransportRefused)
                quotes.append((.saysTransportRefused, Evidence(what: "probe's response body", observed: outcome.excerpt)))
            }
        case .secure where outcome.isFromTLS && !outcome.isAccepted && signs.contains(.failedClosed):
            // Whatever it says over TLS: to plain HTTP it says nothing.
            learned.insert(.tlsIsAnswered)
            let answer = outcome.status == nil ? "a certificate, though none that is accepted here" : outcome.text
            quotes.append((.tlsIsAnswered, Evidence(what: "probe", observed: "\(probe.change): \(answer)")))
        case .secure where outcome.showsNoTLS && signs.contains(.failedClosed): learn(.tlsIsNotSpoken, from: probe, outcome)
        case .secure where outcome.hangsUpOverTLS && signs.contains(.failedClosed): learn(.tlsHangsUp, from: probe, outcome)
        default:
            failed.insert(probe.kind)
            guard outcome.isAccepted, let flip = probe.flip else {
                settle()
                return
            }
            failed.remove(probe.kind)
            pending.insert(flip)
            accepted = probe
            quotes.append(
                (
                    flip,
                    Evidence(
                        what: "probe", observed: "\(probe.change): \(outcome.text)",
                        expected: "\(control?.text ?? "") without the change")
                ))
            state = .confirming
        }
    }

    /// What a probe shows that flips nothing, with its outcome as the evidence.
    mutating func learn(_ sign: Sign, from probe: ProbeRequest, _ outcome: ProbeOutcome) {
        learned.insert(sign)
        quotes.append((sign, Evidence(what: "probe", observed: "\(probe.change): \(outcome.text)")))
    }

    /// Whether the packet that opens an Engine.IO session by polling names nothing to which it could be upgraded.
    private static func offersPollingOnly(_ packet: String) -> Bool {
        let text = packet.filter { $0 != " " }
        return text.contains("\"sid\":") && text.contains("\"upgrades\":[]")
    }

    /// What it means that nothing of a kind helped.
    private mutating func settle() {
        guard let choices else { return }
        func isExhausted(_ kinds: ProbeKind...) -> Bool {
            kinds.allSatisfy { kind in choices.choices(kind).allSatisfy { tried[$0] != nil } }
                && kinds.contains { failed.contains($0) }
        }
        if isExhausted(.originSelf, .originRemoved, .originCandidate) { learned.insert(.originNeverFlips) }
        if isExhausted(.host) { learned.insert(.hostNeverFlips) }
        if isExhausted(.trailingSlash, .pathVariant) { learned.insert(.pathsNeverFlip) }
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

extension SignSet {
    func union(_ other: SignSet) -> SignSet {
        var all = self
        all.formUnion(other)
        return all
    }
}
