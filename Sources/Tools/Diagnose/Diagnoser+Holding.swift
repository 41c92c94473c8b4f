import Diagnosis
import HTTPWire
import Probing
import WebSocketWire
import Wire

/// Keeping a session open: when it dies early, a second one with pings tells a timer on silence from a limit on age.
///
/// One after the other, and the second only if it can show something: as few handshakes as possible.
extension Diagnoser {
    /// Deaths within this part of one another's age are the same death.
    private static let tolerance = 0.1

    func hold(_ report: inout DiagnosisReport, _ span: TimeSpan) {
        let silent = hold(report, span, .silent)
        report.held.append(silent)
        guard let record = silent.record else {
            report.judgement.verdict = verdictOnSecond(silent.handshake)
            return
        }
        guard !silent.isOpen else { return }
        report.judgement.verdict = record.verdict
        // What ended at once, or with words, did not end by a timer.
        guard silent.lived >= .seconds(1), record.upstream.closeReason?.isEmpty ?? true else { return }
        let longer = min(TimeSpan(nanoseconds: silent.lived.nanoseconds + silent.lived.nanoseconds / 2), max(span, silent.lived))
        let interval = TimeSpan(nanoseconds: min(silent.lived.nanoseconds / 4, 15_000_000_000))
        let pinging = hold(report, max(longer, TimeSpan(nanoseconds: silent.lived.nanoseconds * 5 / 4)), .pinging(every: interval))
        report.held.append(pinging)
        guard var sign = sign(&report, silent, pinging) else { return }
        var told = "\(silent.manner.words): \(silent.ending); \(pinging.manner.words): \(pinging.ending)"
        var signs = SignSet([sign])
        // Timers of hops count every byte; an application's own may count messages only, and only the user knows one that it takes.
        if sign == .pingsDontHelp, !options.messages.isEmpty {
            let messaging = hold(
                report, TimeSpan(nanoseconds: silent.lived.nanoseconds * 5 / 4), .messaging(every: interval))
            report.held.append(messaging)
            if messaging.record != nil, messaging.isOpen || Diagnoser.diedAlike(silent, messaging) {
                sign = messaging.isOpen ? .messagesKeepItAlive : .messagesDontHelp
                signs.insert(sign)
                told += "; \(messaging.manner.words): \(messaging.ending)"
            }
        }
        let judged = record.judged(with: signs, evidence: [(sign, Evidence(what: "sessions", observed: told))])
        guard var verdict = judged.verdict else { return }
        verdict.probes = report.held.map { ProbeRecord(change: $0.manner.words, outcome: $0.ending) }
        report.judgement.verdict = verdict
    }

    /// The first handshake went well, and the one whose session was to be held did not: not every one is accepted.
    private func verdictOnSecond(_ handshake: PerformedHandshake) -> Verdict? {
        var verdict = HandshakeJudge.judge(handshake.observation).verdict
        verdict?.evidence.append(
            Evidence(
                what: "handshakes",
                observed: "the first was accepted, the second, a moment later: \(ProbeOutcome(handshake.observation).text)"))
        return verdict
    }

    private func hold(_ report: DiagnosisReport, _ span: TimeSpan, _ manner: HeldSession.Manner) -> HeldSession.Outcome {
        let control = ProbeRequest.unchanged
        let head = control.head(from: report.first.request, key: HandshakeKey.fresh())
        let addresses = report.first.address.map { [$0] } ?? []
        let outcome = performer.hold(
            head, addresses: addresses, isSecure: options.place.isSecure, for: span, manner: manner, messages: options.messages)
        narrator.held(outcome)
        return outcome
    }

    /// What the sessions show; nil where they show nothing. That pings help is proven only if silence kills a third one as it did the first.
    private func sign(_ report: inout DiagnosisReport, _ silent: HeldSession.Outcome, _ pinging: HeldSession.Outcome) -> Sign? {
        guard pinging.record != nil else { return nil }
        guard pinging.isOpen else { return Diagnoser.diedAlike(silent, pinging) ? .pingsDontHelp : nil }
        let again = hold(report, TimeSpan(nanoseconds: silent.lived.nanoseconds * 5 / 4), .silent)
        report.held.append(again)
        return again.record != nil && !again.isOpen && Diagnoser.diedAlike(silent, again) ? .pingsKeepItAlive : nil
    }

    private static func diedAlike(_ one: HeldSession.Outcome, _ other: HeldSession.Outcome) -> Bool {
        abs(one.lived.seconds - other.lived.seconds) <= one.lived.seconds * tolerance
    }
}

extension HeldSession.Manner {
    var words: String {
        switch self {
        case .silent: "held without pings"
        case .pinging(let interval): "held with a ping every \(interval.shown)"
        case .messaging(let interval): "held with the messages every \(interval.shown)"
        }
    }
}

extension HeldSession.Outcome {
    /// How it ended, in words.
    var ending: String {
        guard let record else { return "the handshake failed: \(ProbeOutcome(handshake.observation).text)" }
        if isOpen { return "still open after \(lived.shown)" }
        return record.ending(after: lived)
    }
}
