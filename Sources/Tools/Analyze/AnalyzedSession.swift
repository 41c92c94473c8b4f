import CaptureFile
import Diagnosis
import HTTPWire
import Wire

/// What was found out about one opening handshake of a capture, and about the session that it opened.
///
/// The same judges as live; besides, what only a capture shows: the transport's own trouble, and what it does not show.
struct AnalyzedSession {
    /// Counted from 1 in the order of the requests.
    var number: UInt64
    /// Gatehouse's own name for it, in a capture of a tap.
    var session: SessionID?
    var ends: SessionEnds
    var observation: HandshakeObservation
    var judgement: HandshakeJudgement
    /// Nil where no session was opened.
    var record: SessionRecord?
    /// The status of an answer that Gatehouse gave by itself, in a capture of a tap.
    var ownStatus: Int?
    var facts = SessionFacts()
    var transport: CapturedConnection?
    /// What could not be seen, one sentence each.
    var unseen: [String] = []
    /// The last thing that was seen of it.
    var endedAt: Timestamp
    /// Secrets of the request's head are not in the capture: a tap left them out.
    var hasRedactedHead = false

    /// The verdict on the session's end, or else on its handshake.
    var verdict: Verdict? { record?.verdict ?? judgement.verdict }

    /// What findings there are on either.
    var findings: [Finding] { judgement.findings + (record?.findings ?? []) }

    /// One word for lists.
    var outcome: Outcome {
        guard let record else {
            if ownStatus != nil { return judgement.verdict == nil ? .declined : .refused }
            return observation.response == nil && observation.failure == nil
                ? .unanswered : judgement.verdict == nil ? .declined : .refused
        }
        if record.verdict != nil { return .broken }
        return record.first == nil ? .open : .closed
    }

    enum Outcome: String {
        /// The handshake has no answer in the capture.
        case unanswered
        /// It was answered with something that is no problem.
        case declined
        case refused
        /// The session was still open when the capture ended.
        case open
        /// It ended in good order.
        case closed
        /// It ended badly.
        case broken
    }
}

/// What a capture shows of a session besides its record.
struct SessionFacts {
    /// Pings by whoever sent them, and how long the pongs took.
    var heartbeats: (client: Heartbeat, server: Heartbeat) = (Heartbeat(), Heartbeat())
    /// The longest time in which neither side said anything, and when it began.
    var silence = TimeSpan.zero
    var silenceFrom = Timestamp.zero
    /// Bytes of each direction that are not in the capture.
    var missing: (client: UInt64, server: UInt64) = (0, 0)

    struct Heartbeat {
        var pings: UInt64 = 0
        var answered: UInt64 = 0
        var lastPing = Timestamp.never
        /// A ping that waits for its pong.
        var waiting = Timestamp.never
        var interval: (least: TimeSpan, most: TimeSpan) = (TimeSpan(nanoseconds: .max), .zero)
        var roundTrip: (least: TimeSpan, most: TimeSpan, total: UInt64) = (TimeSpan(nanoseconds: .max), .zero, 0)

        mutating func pinged(at now: Timestamp) {
            if lastPing != .never {
                let span = now - lastPing
                interval = (min(interval.least, span), max(interval.most, span))
            }
            pings += 1
            lastPing = now
            if waiting == .never { waiting = now }
        }

        mutating func answered(at now: Timestamp) {
            guard waiting != .never else { return }
            let span = now - waiting
            roundTrip = (min(roundTrip.least, span), max(roundTrip.most, span), roundTrip.total &+ span.nanoseconds)
            answered += 1
            waiting = .never
        }

        /// The mean round trip; nil where no ping was answered.
        var meanRoundTrip: TimeSpan? { answered == 0 ? nil : TimeSpan(nanoseconds: roundTrip.total / answered) }
    }
}
