import Diagnosis
import HTTPWire
import Probing
import Wire

/// What one diagnosis found: the handshakes that were made, and what they show together.
struct DiagnosisReport {
    let options: DiagnoseOptions
    let first: PerformedHandshake
    var probes: [PerformedHandshake] = []
    /// Of `probes`, in their order; one that was cut short has none.
    var outcomes: [ProbeOutcome] = []
    /// The time for all of them was over before the last probe.
    var ranOutOfTime = false
    /// What the limit on their number kept from being tried.
    var shortage: ProbeShortage?
    /// Sessions that were kept open, as `--hold` asks for it.
    var held: [HeldSession.Outcome] = []
    /// The first probe that was accepted where the unchanged request is refused.
    var decisive: PerformedHandshake?
    /// Of the first handshake; with what the probes showed, once they are made.
    var judgement: HandshakeJudgement

    init(options: DiagnoseOptions, first: PerformedHandshake) {
        self.options = options
        self.first = first
        judgement = HandshakeJudge.judge(first.observation)
        if let refusal = first.tunnelRefusal { judgement.verdict = ProxyTunnel.verdict(refusal) }
        if judgement.verdict == nil { judgement.verdict = first.closing?.verdict }
    }

    /// How the command ends.
    var exitCode: ExitCode {
        if isUnreachable { return .unreachable }
        return judgement.verdict == nil ? .success : .problemFound
    }

    /// Nothing was there that could have answered.
    private var isUnreachable: Bool {
        switch first.observation.failure {
        case .nameNotResolved, .noAddress, .upstreamRefused, .connectFailed, .connectTimedOut: true
        default: false
        }
    }

    /// What this look from outside could not see, each a sentence.
    var unseen: [String] {
        var sentences: [String] = []
        if options.probeLimit == 0 {
            sentences.append("No probes were made, so nothing is proven that the answer doesn't say itself.")
        }
        if ranOutOfTime { sentences.append("The time ran out before every probe was made; --timeout gives more.") }
        if let shortage {
            let more = options.probeLimit < DiagnoseOptions.mostProbes ? " --max-probes gives more." : ""
            sentences.append(shortage.sentence + more)
        }
        if sendsNoOrigin {
            sentences.append(
                "What a page gets: no Origin was sent, and a browser always sends one: try --origin https://YOUR-PAGE.")
        }
        if let problem = certificateProblem {
            if judgement.verdict != nil {
                sentences.append("A browser refuses the certificate (\(problem)) before it sends a request; --insecure went on.")
            }
        } else if options.isInsecure, let tls = first.tls, !tls.verified {
            sentences.append("The certificate was not checked (--insecure); a browser checks it.")
        }
        if first.observation.bodyStart.count >= HandshakeObservation.bodyLimit {
            sentences.append("Only the first 2 KiB of the body were read.")
        }
        if isCompressed { sentences.append("The body is compressed and was not read; without --browser servers send it plain.") }
        if let verdict = judgement.verdict {
            if verdict.confidence != .proven {
                sentences.append(
                    "What the backend itself wrote about it: `gatehouse run -- COMMAND` starts it and reads its output along.")
            }
            if verdict.answeredBy?.who == .intermediary || verdict.answeredBy?.who == .edge {
                sentences.append(
                    "What lies behind the hop that answered; run the same command next to the backend, past that hop, and compare.")
            }
        } else {
            if let held = held.first {
                sentences.append("What happens after \(held.lived.shown): longer timers show themselves only to a longer --hold.")
            } else if first.closing == nil {
                sentences.append(
                    "What happens after the handshake: diagnose closed the session with 1000 after a moment; --hold keeps it.")
            }
        }
        sentences.append("Other networks: from elsewhere the name may lead to another address, and another edge may answer.")
        return sentences
    }

    /// Servers that check it let a request without one pass, or refuse it for want of one: either way a page's handshake fares otherwise.
    var sendsNoOrigin: Bool { !first.request.has(.origin) }

    /// What a browser would refuse where `--insecure` let it pass, in words; nil where nothing is known against the certificate.
    var certificateProblem: String? {
        guard options.isInsecure, let tls = first.tls, tls.peer != nil, !tls.verified else { return nil }
        return tls.verification
    }

    private var isCompressed: Bool {
        guard let response = first.observation.response else { return false }
        return response.has(.contentEncoding) && !first.observation.bodyStart.isEmpty
    }
}
