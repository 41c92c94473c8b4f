import WebSocketWire
import Wire

/// How long answers took: from a message of the client's to the server's next one, where nothing stood between.
enum ReplyTimes {
    static func of(_ session: RecordedSession) -> [TimeSpan] {
        var asked: TimeSpan?
        var spans: [TimeSpan] = []
        for message in session.messages where message.opcode.isData {
            if message.direction == .clientToServer {
                asked = message.at
            } else if let at = asked {
                spans.append(TimeSpan(nanoseconds: message.at.nanoseconds &- min(at.nanoseconds, message.at.nanoseconds)))
                asked = nil
            }
        }
        return spans
    }

    static func of(_ played: PlayedSession) -> [TimeSpan] {
        var spans: [TimeSpan] = []
        for (index, send) in played.sends.enumerated() {
            // Only the last question before an answer counts, as in the recording.
            if index + 1 < played.sends.count, played.sends[index + 1].answers == send.answers { continue }
            if send.answers < played.answers.count { spans.append(played.answers[send.answers].at - send.at) }
        }
        return spans
    }
}
