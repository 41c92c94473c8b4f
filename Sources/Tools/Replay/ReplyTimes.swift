import WebSocketWire
import Wire

/// How long answers took: from a message of the client's to the server's next one, where nothing stood between.
struct ReplyTimes: Equatable {
    private(set) var spans: [TimeSpan] = []
    /// When the client's last message left, while no answer has come since.
    private var asked = Timestamp.never

    init() {}

    /// Those of a recording.
    init(_ session: RecordedSession) {
        for message in session.messages where message.opcode.isData {
            let at = Timestamp(nanoseconds: message.at.nanoseconds)
            if message.direction == .clientToServer { self.asked(at: at) } else { answered(at: at) }
        }
    }

    mutating func asked(at now: Timestamp) { asked = now }

    mutating func answered(at now: Timestamp) {
        guard asked != .never else { return }
        spans.append(now > asked ? now - asked : .zero)
        asked = .never
    }
}
