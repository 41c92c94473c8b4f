import HTTPWire
import Telemetry
import Wire

/// What a replay came to: each session's differences, and the figures of all.
struct ReplayReport {
    /// One session of one repetition.
    struct Session {
        var number: UInt64
        var name: SessionID?
        var repetition: Int
        var request: String
        var recordedStatus: Int?
        var status: Int?
        var sent: Int
        var answers: Int
        var recordedAnswers: Int
        /// Answers that came after the end of a recording that is cut short, which therefore count for nothing.
        var beyond = 0
        var differences: [SessionComparison.Difference]
        /// Differences beyond those that are told.
        var untold = 0
        var span = TimeSpan.zero
    }

    var target: String
    var sessions: [Session] = []
    var agreed = 0
    var differing = 0
    /// Of all sessions, answers that came after the end of a recording that is cut short.
    var beyond: UInt64 = 0
    /// Sessions that can't be played. They were asked for, so nothing can be said of the whole without them.
    var skipped: [(number: UInt64, why: String)] = []
    /// Sessions whose recorded heads have no secrets any more.
    var redacted = 0
    var figures = ReplayDriver.Figures()
    /// How long answers took, in the recording and now.
    var replyTimes: (recorded: [TimeSpan], present: [TimeSpan]) = ([], [])
    /// Sessions that are listed, and as many more with differences; others are counted.
    static let most = 100_000

    /// Sessions that are not listed.
    var unlisted: Int { max(agreed + differing - sessions.count, 0) }

    var isUnreachable: Bool { figures.sessions > 0 && figures.unreachable == figures.sessions }

    var exitCode: ExitCode {
        if isUnreachable { return .unreachable }
        return differing > 0 || !skipped.isEmpty ? .problemFound : .success
    }

    mutating func add(
        _ recorded: RecordedSession, _ played: PlayedSession, _ found: [SessionComparison.Difference], _ repetition: Int
    ) {
        if found.isEmpty { agreed += 1 } else { differing += 1 }
        if repetition == 0, recorded.hasRedactedHead { redacted += 1 }
        let beyond = recorded.isCutShort ? max(played.answerCount - recorded.answerCount, 0) : 0
        self.beyond += UInt64(beyond)
        if replyTimes.present.count < 1 << 22 {
            replyTimes.present += played.replyTimes.spans
            if repetition == 0 { replyTimes.recorded += ReplyTimes(recorded).spans }
        }
        guard sessions.count < (found.isEmpty ? ReplayReport.most : 2 * ReplayReport.most) else { return }
        sessions.append(
            Session(
                number: recorded.number, name: recorded.name, repetition: repetition,
                request: recorded.request.text(recorded.request.targetRange, limit: 300), recordedStatus: recorded.status,
                status: played.status, sent: played.sent, answers: played.answerCount,
                recordedAnswers: recorded.answerCount, beyond: beyond, differences: Array(found.prefix(SessionComparison.most)),
                untold: max(found.count - SessionComparison.most, 0)))
    }

    /// What is so long in `part` of the cases, of sorted times.
    static func quantile(_ sorted: [TimeSpan], _ part: Double) -> TimeSpan? {
        sorted.isEmpty ? nil : sorted[min(Int(Double(sorted.count) * part), sorted.count - 1)]
    }
}
