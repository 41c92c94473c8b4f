import WebSocketWire
import Wire

/// Puts what was seen of a session's end into its verdict's words.
///
/// The catalogue speaks of all ends of a kind; here stand the code and the reason that this server sent, how long this timer was, and that an
/// end right behind the accept may have two reasons which nothing on the wire tells apart.
struct SessionWording {
    let record: SessionRecord
    let reading: SignReading
    /// Whose fixes are wanted, as for the verdict itself.
    let stacks: [Stack]

    /// Longer reasons are cut in a title; the evidence has all of it.
    private static let longestReason = 80

    func word(_ verdict: inout Verdict) {
        switch verdict.cause {
        case .policyClose: nameRefusal(in: &verdict)
        case .credentialsMissing, .credentialsRejected, .tokenExpired:
            if let close { verdict.title += " (the server \(close))" }
        case .handlerCrashed, .handlerReturned: nameEndOfHandler(in: &verdict)
        case .idleTimeout: nameTimer(in: &verdict)
        default: break
        }
    }

    // MARK: Close codes

    /// `closed with 4401: "missing token"`; nil where the server didn't close first, or without a code.
    private var close: String? {
        guard reading.has(.serverClosedFirst), let code = record.upstream.closeCode else { return nil }
        let reason = Redaction.withoutTokens(SessionQuotes.visible(record.upstream.closeReason ?? ""))
        guard !reason.isEmpty else {
            let meaning = code < 3000 ? " (\(CloseCode(code).name))" : ", a code of the application or its library"
            return "closed with \(code)\(meaning)"
        }
        return "closed with \(code): \"\(SessionWording.cut(reason))\""
    }

    /// Cut between words: half a secret is known to no mask.
    private static func cut(_ reason: String) -> String {
        guard reason.count > longestReason else { return reason }
        let start = reason.prefix(longestReason - 1)
        return start.lastIndex(of: " ").map { "\(start[..<$0]) …" } ?? "…"
    }

    private func nameRefusal(in verdict: inout Verdict) {
        // What the library said in a message of its own says more than the code behind it.
        guard let close, !reading.has(.disconnectMessage), !reading.has(.engineIORefused) else { return }
        guard reading.has(.serverCode1003) else {
            verdict.title = "The server \(close)"
            return
        }
        verdict.title = "The server refuses this type of data: it \(close)"
        verdict.fix = [
            "Send the type of message that the endpoint reads: text (JSON, for example) or binary; its reason, its code or its documentation says which",
            "Or let the endpoint read the other type, too",
        ]
    }

    // MARK: Handlers

    /// Of a bare end right behind the accept nobody knows whether the handler failed or came to its end: both are said, and both are mended.
    private func nameEndOfHandler(in verdict: inout Verdict) {
        guard reading.has(.serverCut), reading.has(.endedAtOnce), !reading.has(.serverResetIt), !reading.has(.outputTraceback),
            !record.upstream.sentClose
        else { return }
        verdict.title = "The handler ended right after its accept (failed or returned)"
        let other: Cause = verdict.cause == .handlerCrashed ? .handlerReturned : .handlerCrashed
        let own = Array(verdict.fix.prefix(2))
        verdict.fix = own + CauseCatalogue.entry(other).fixes(for: stacks, limit: 2).filter { !own.contains($0) }
    }

    // MARK: Timers

    /// Intervals that the catalogue's lines name, and how many seconds they are: fit for the usual timers of a minute, and too long for a shorter one.
    private static let intervals: [(before: String, seconds: UInt64, after: String)] = [
        ("interval: ", 25, "s"), ("--ws-ping-interval ", 20, ""), ("ping every ", 25, " s"), ("ping every ", 30, " s"),
    ]

    /// The silence that the timer measured: the server's where it is known to count only that, otherwise that of both sides.
    private var measuredSilence: TimeSpan? {
        if reading.has(.silenceOfServerAlone) { return record.upstream.idle }
        return reading.has(.afterSilence) ? min(record.downstream.idle, record.upstream.idle) : nil
    }

    /// Whose timer it may be where that is open, and half of the silence that it allowed, where that is shorter than what the lines say.
    private func nameTimer(in verdict: inout Verdict) {
        let blame = BlameReading(reading: reading, responder: nil, acceptedBy: record.stack, namedHop: record.hop)
        if verdict.blame == .unknown, blame.isOfTwo { verdict.title += ", an intermediary's or the backend's" }
        guard let measuredSilence else { return }
        let half = max(measuredSilence.nanoseconds / 2_000_000_000, 1)
        for interval in SessionWording.intervals where half < interval.seconds {
            let old = "\(interval.before)\(interval.seconds)\(interval.after)"
            let new = "\(interval.before)\(half)\(interval.after)"
            verdict.fix = verdict.fix.map { $0.replacing(old, with: new) }
        }
    }
}
