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
    /// The answers after those.
    var answers: [Message] = []
    /// The client's data messages that were sent.
    var sent = 0
    var replyTimes = ReplyTimes()
    /// Of the recording's messages, those that were not sent.
    var unsent = 0
    var ending = Ending.silent
    /// Whether our close frame was sent before any of the server's.
    var closedFirst = false

    var answerCount: Int { same + answers.count }
}
