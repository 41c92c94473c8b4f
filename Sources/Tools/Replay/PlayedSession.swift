import WebSocketWire
import Wire

/// What one session of the run showed.
struct PlayedSession {
    struct Message {
        var opcode: Opcode
        var payload: [UInt8]
        var at: Timestamp
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
    var answers: [Message] = []
    /// When the client's data messages were sent, in order, with how many answers had come by then.
    var sends: [(at: Timestamp, answers: Int)] = []
    /// Of the recording's messages, those that were not sent.
    var unsent = 0
    var ending = Ending.silent
    /// Whether our close frame was sent before any of the server's.
    var closedFirst = false
}
