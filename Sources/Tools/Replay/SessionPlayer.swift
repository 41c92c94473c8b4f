// The schedule of one session, without a socket and without a clock.
//
// The client's messages go out one by one. In the pace of `time` each has its recorded moment after the opening; in that of `reply` it
// waits for as many of the server's messages as preceded it in the recording, and then for the pause that followed the last of them. Speed
// divides both; `max` leaves no pause.
//
// The client's close frame waits, in either pace, for the replies that preceded it: a server that is slower today has lost nothing.
// Waiting for the server ends `patience` after the moment at which the recording has its next message; a server's own pauses don't become
// shorter because the client speaks faster, so they count in full.
import Wire

/// When to send what, on one session.
struct SessionPlayer {
    enum Pace: String { case time, reply }

    enum Speed: Equatable {
        case times(Double)
        case max

        func scaled(_ span: TimeSpan) -> TimeSpan {
            switch self {
            case .max: .zero
            case .times(let factor): TimeSpan(nanoseconds: UInt64(min(Double(span.nanoseconds) / factor, 1e18)))
            }
        }
    }

    enum Act: Equatable {
        /// Send this of the recording's messages, now; it was due then.
        case send(Int, due: Timestamp)
        /// Send a close frame.
        case close(UInt16?)
        /// Ask again at that time, or when something has come.
        case wait(until: Timestamp)
        /// Nothing more is to be expected.
        case end
    }

    private struct Step {
        var index: Int
        var at: TimeSpan
        /// Since the message before it, of either side.
        var pause: TimeSpan
        /// The server's messages before it.
        var replies: Int
    }

    private let steps: [Step]
    private let closing: (step: Step, code: UInt16?)?
    private let waitsForClose: Bool
    /// For each of the server's messages, how long after the message before it.
    private let answerGaps: [TimeSpan]
    private let pace: Pace
    private let speed: Speed
    private let patience: TimeSpan
    private let settling: TimeSpan
    private let openedAt: Timestamp
    private var next = 0
    private(set) var received = 0
    /// When the condition of the next step was met, or the last one was taken.
    private var readyAt: Timestamp
    private var progressAt: Timestamp
    private var closedAt: Timestamp?

    /// How long surplus messages are waited for, where no close frame says that there are none.
    static let settling = TimeSpan.milliseconds(100)

    init(
        _ session: RecordedSession, pace: Pace, speed: Speed, patience: TimeSpan, settling: TimeSpan = SessionPlayer.settling,
        openedAt: Timestamp
    ) {
        var steps: [Step] = []
        var gaps: [TimeSpan] = []
        var before = TimeSpan.zero
        for (index, message) in session.messages.enumerated() {
            let gap = message.at > before ? TimeSpan(nanoseconds: message.at.nanoseconds - before.nanoseconds) : .zero
            if message.direction == .clientToServer {
                steps.append(Step(index: index, at: message.at, pause: gap, replies: gaps.count))
            } else {
                gaps.append(gap)
            }
            before = max(before, message.at)
        }
        self.steps = steps
        answerGaps = gaps
        if case .client(let code, let at, _) = session.ending {
            let gap = at > before ? TimeSpan(nanoseconds: at.nanoseconds - before.nanoseconds) : .zero
            closing = (Step(index: -1, at: at, pause: gap, replies: gaps.count), code)
        } else {
            closing = nil
        }
        if case .server = session.ending { waitsForClose = true } else { waitsForClose = false }
        self.pace = pace
        self.speed = speed
        self.patience = patience
        self.settling = settling
        self.openedAt = openedAt
        readyAt = openedAt
        progressAt = openedAt
    }

    /// How many of the client's messages were sent.
    var sent: Int { next }
    /// How many there are to send.
    var total: Int { steps.count }

    /// A message of the server's came.
    mutating func received(at now: Timestamp) {
        received += 1
        readyAt = now
        progressAt = now
    }

    /// What to do now.
    mutating func act(at now: Timestamp) -> Act {
        if let closedAt { return now >= closedAt + patience ? .end : .wait(until: closedAt + patience) }
        if next < steps.count {
            let step = steps[next]
            if pace == .reply, received < step.replies { return waitForServer(now) }
            let due = pace == .time ? openedAt + speed.scaled(step.at) : readyAt + speed.scaled(step.pause)
            guard now >= due else { return .wait(until: due) }
            next += 1
            readyAt = now
            progressAt = max(progressAt, now)
            return .send(step.index, due: due)
        }
        if received < answerGaps.count { return waitForServer(now) }
        if let closing {
            let due = pace == .time ? openedAt + speed.scaled(closing.step.at) : readyAt + speed.scaled(closing.step.pause)
            return now >= due ? close(closing.code, now) : .wait(until: due)
        }
        if waitsForClose { return waitForServer(now) }
        let settled = progressAt + settling
        return now >= settled ? close(1000, now) : .wait(until: settled)
    }

    private mutating func waitForServer(_ now: Timestamp) -> Act {
        let gap = received < answerGaps.count ? answerGaps[received] : .zero
        let limit = progressAt + gap + patience
        return now >= limit ? close(closing?.code ?? 1000, now) : .wait(until: limit)
    }

    private mutating func close(_ code: UInt16?, _ now: Timestamp) -> Act {
        closedAt = now
        return .close(code)
    }
}
