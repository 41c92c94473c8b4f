// The schedule of one session, without a socket and without a clock.
//
// The client's messages go out one by one. In the pace of `time` each has its recorded moment after the opening; in that of `reply` it
// waits for as many of the server's messages as preceded it in the recording, and then for the pause that followed the last of them. Speed
// divides both; `max` leaves no pause.
//
// The client's close frame waits, in either pace, for the replies that preceded it: a server that is slower today has lost nothing.
// Waiting for the server ends `patience` after the moment at which the recording has its next message; a server's own pauses don't become
// shorter because the client speaks faster, so they count in full. What the server says beyond the recording moves no moment: one that keeps
// talking is not waited for longer than one that is silent.
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

    private let script: SessionScript
    private let pace: Pace
    private let speed: Speed
    private let patience: TimeSpan
    private let settling: TimeSpan
    private let waitsForEnd: Bool
    private let openedAt: Timestamp
    private var next = 0
    private(set) var received = 0
    /// When the condition of the next step was met, or the last one was taken.
    private var readyAt: Timestamp
    private var progressAt: Timestamp
    private var closedAt: Timestamp?

    /// How long surplus messages are waited for, where no close frame says that there are none.
    static let settling = TimeSpan.milliseconds(100)

    /// - Parameter waitsForEnd: Whether a server that ended the recorded session gets the time to end this one as well.
    init(
        _ script: SessionScript, pace: Pace, speed: Speed, patience: TimeSpan, settling: TimeSpan = SessionPlayer.settling,
        waitsForEnd: Bool = true, openedAt: Timestamp
    ) {
        self.script = script
        self.pace = pace
        self.speed = speed
        self.patience = patience
        // Where the recording is cut short a surplus is no difference, so nobody waits for one.
        self.settling = script.session.isCutShort ? .zero : settling
        self.waitsForEnd = waitsForEnd && script.waitsForEnd
        self.openedAt = openedAt
        readyAt = openedAt
        progressAt = openedAt
    }

    /// How many of the client's messages were sent.
    var sent: Int { next }
    /// How many there are to send.
    var total: Int { script.steps.count }

    /// A message of the server's came.
    mutating func received(at now: Timestamp) {
        received += 1
        let needed = next < script.steps.count ? script.steps[next].replies : script.answerGaps.count
        if received <= needed { readyAt = now }
        if received <= script.answerGaps.count { progressAt = now }
    }

    /// What to do now.
    mutating func act(at now: Timestamp) -> Act {
        if let closedAt { return now >= closedAt + patience ? .end : .wait(until: closedAt + patience) }
        if next < script.steps.count {
            let step = script.steps[next]
            if pace == .reply, received < step.replies { return waitForServer(now) }
            let due = pace == .time ? openedAt + speed.scaled(step.at) : readyAt + speed.scaled(step.pause)
            guard now >= due else { return .wait(until: due) }
            next += 1
            readyAt = now
            progressAt = max(progressAt, now)
            return .send(step.index, due: due)
        }
        if received < script.answerGaps.count { return waitForServer(now) }
        if let closing = script.closing {
            let due = pace == .time ? openedAt + speed.scaled(closing.step.at) : readyAt + speed.scaled(closing.step.pause)
            return now >= due ? close(closing.code, now) : .wait(until: due)
        }
        if waitsForEnd { return waitForServer(now) }
        let settled = progressAt + settling
        return now >= settled ? close(1000, now) : .wait(until: settled)
    }

    private mutating func waitForServer(_ now: Timestamp) -> Act {
        let gap = received < script.answerGaps.count ? script.answerGaps[received] : script.endGap
        let limit = progressAt + gap + patience
        return now >= limit ? close(script.closing?.code ?? 1000, now) : .wait(until: limit)
    }

    private mutating func close(_ code: UInt16?, _ now: Timestamp) -> Act {
        closedAt = now
        return .close(code)
    }
}
