import WebSocketWire
import Wire

/// What one session of the run showed.
struct PlayedSession {
    struct Message {
        var opcode: Opcode
        var payload: [UInt8]
    }

    /// How it ended: by a close frame of the server's, or without one.
    enum Ending: Equatable {
        case closed(UInt16?)
        /// FIN, or RST.
        case cut(reset: Bool)
        /// The server neither closed nor answered our close frame in time.
        case silent
    }

    var status: Int?
    var subprotocol: String?
    /// Whether permessage-deflate was agreed on.
    var isCompressed = false
    /// Why there is no answer, or no session, in one sentence.
    var fault: String?
    /// How many answers, from the first on, were the recording's byte by byte.
    var same = 0
    /// The answers after those, as far as they are kept.
    var answers: [Message] = []
    /// Answers far beyond the recording's, which are only counted.
    var unkept = 0
    /// Bytes of those that are kept although the recording has no more.
    var surplusBytes = 0
    /// The client's data messages that were sent.
    var sent = 0
    var replyTimes = ReplyTimes()
    /// Of the recording's messages, those that were not sent.
    var unsent = 0
    var ending = Ending.silent
    /// Whether our close frame was sent before any of the server's.
    var closedFirst = false

    var answerCount: Int { same + answers.count + unkept }

    /// How many answers more than the recording has are kept, and how many bytes of them.
    static let surplus = (count: 4096, bytes: 32 << 20)

    /// Takes an answer that isn't the recording's.
    ///
    /// - Parameter recorded: how many answers the recording has.
    mutating func take(_ opcode: Opcode, _ payload: [UInt8], recorded: Int) {
        if answerCount >= recorded {
            guard unkept == 0, answerCount - recorded < PlayedSession.surplus.count,
                surplusBytes + payload.count <= PlayedSession.surplus.bytes
            else {
                unkept += 1
                return
            }
            surplusBytes += payload.count
        }
        answers.append(Message(opcode: opcode, payload: payload))
    }
}
