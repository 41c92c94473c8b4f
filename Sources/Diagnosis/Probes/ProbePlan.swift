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
    let options: ProbeOptions
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
    private(set) var quotes: [(sign: Sign, evidence: Evidence)] = []
    public private(set) var records: [ProbeRecord] = []
    /// What the limit on handshakes kept it from; nil where it didn't.
    public private(set) var shortage: ProbeShortage?

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
                named: NamedSubprotocols.read(observation.bodyStart))
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
        if verdict == nil || isSettled || choices == nil || !isHopeless.isDisjoint(with: signs) {
            state = .done
        } else if options.limit < ProbeShortage.fewest {
            state = .done
            shortage = .noneMade(allowed: options.limit)
        }
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
            let choice = best
            // The last handshake is the control's.
            if let choice, records.count < options.limit - 1 { return take(choice) }
            if choice != nil { shortage = .cutShort(allowed: options.limit) }
            settle()
            state = .done
            return .done
        }
    }

    private mutating func take(_ probe: ProbeRequest) -> Step {
        current = probe
        return .probe(probe)
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
}
