import Wire

/// What one recorded session asks of those who play it, worked out once for all of its repetitions.
final class SessionScript {
    /// One of the client's messages, and what has to be before it.
    struct Step {
        /// Its place among the recording's messages.
        var index: Int
        var at: TimeSpan
        /// Since the message before it, of either side.
        var pause: TimeSpan
        /// The server's messages before it.
        var replies: Int
    }

    let session: RecordedSession
    let steps: [Step]
    /// The server's messages, by their place among the recording's.
    let answers: [Int]
    /// For each of the server's messages, how long after the message before it.
    let answerGaps: [TimeSpan]
    /// How long after the last message the server ended the session by itself.
    let endGap: TimeSpan
    /// The client's close frame.
    let closing: (step: Step, code: UInt16?)?
    /// Whether any of the messages was compressed on the wire.
    let hasCompressedMessages: Bool
    /// What the rules find in the recording.
    let learnt: LearntValues
    /// Whether the client says what it said in the recording, whatever the server answers.
    let isSaidVerbatim: Bool

    init(_ session: RecordedSession, _ rules: RewriteRules) {
        var steps: [Step] = []
        var answers: [Int] = []
        var gaps: [TimeSpan] = []
        var before = TimeSpan.zero
        for (index, message) in session.messages.enumerated() {
            let gap = message.at > before ? TimeSpan(nanoseconds: message.at.nanoseconds - before.nanoseconds) : .zero
            if message.direction == .clientToServer {
                steps.append(Step(index: index, at: message.at, pause: gap, replies: gaps.count))
            } else {
                answers.append(index)
                gaps.append(gap)
            }
            before = max(before, message.at)
        }
        if case .client(let code, let at, _) = session.ending {
            let gap = at > before ? TimeSpan(nanoseconds: at.nanoseconds - before.nanoseconds) : .zero
            closing = (Step(index: -1, at: at, pause: gap, replies: gaps.count), code)
        } else {
            closing = nil
        }
        endGap =
            session.serverEndedAt.map { $0 > before ? TimeSpan(nanoseconds: $0.nanoseconds - before.nanoseconds) : .zero } ?? .zero
        self.session = session
        self.steps = steps
        self.answers = answers
        answerGaps = gaps
        hasCompressedMessages = session.messages.contains(where: \.wasCompressed)
        learnt = LearntValues(rules, session)
        isSaidVerbatim = rules.learnt.isEmpty && rules.texts.isEmpty
    }

    /// Whether the server ended the session by itself, with a close frame or without.
    var waitsForEnd: Bool {
        switch session.ending {
        case .server, .cut(by: .upstream): true
        default: false
        }
    }
}
