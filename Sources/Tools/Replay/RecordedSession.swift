import Diagnosis
import HTTPWire
import WebSocketWire
import Wire

/// One session of a recording, as replay needs it: what the client said, and what the server answered at that time.
struct RecordedSession {
    /// One message, or a ping of the client's; closes stand in `ending`, pongs answer by themselves.
    struct Message: Equatable {
        var direction: Direction
        /// Since the session was opened.
        var at: TimeSpan
        var opcode: Opcode
        /// Unmasked, and inflated where it was compressed.
        var payload: [UInt8]
        /// Whether it was compressed on the wire.
        var wasCompressed = false
    }

    /// How it ended, by who spoke first.
    enum Ending: Equatable {
        /// The client's close frame came first; the server's answer had `answer`, if there was one with a code.
        case client(code: UInt16?, at: TimeSpan, answer: UInt16?)
        case server(code: UInt16?)
        /// The connection ended without a close frame: by the client, or, as where a server crashes, by the server.
        case cut(by: Side)
        /// The recording doesn't tell.
        case unknown
    }

    var number: UInt64
    /// Gatehouse's name for it, in its own recordings.
    var name: SessionID?
    var request: RequestHead
    var startedAt: Timestamp
    /// The answer's status; nil where there was none.
    var status: Int?
    var subprotocol: String?
    /// Whether permessage-deflate was agreed on; nil where the recording doesn't tell.
    var isCompressed: Bool?
    var messages: [Message] = []
    var ending = Ending.unknown
    /// When the server ended it, since the opening; nil where it didn't, or the recording doesn't tell.
    var serverEndedAt: TimeSpan?
    /// Secrets of the request's head are not in the recording.
    var hasRedactedHead = false
    /// The recording ends before the server had to: the client went without a close frame, Gatehouse ended the session, or the capture was over.
    /// Answers that would have come after that are not in it.
    var isCutShort = false

    /// The server's messages.
    var answers: [Message] { messages.filter { $0.direction == .serverToClient } }
    /// How many they are.
    var answerCount: Int { messages.count { $0.direction == .serverToClient } }
}

extension RecordedSession {
    /// What `analyze` found, or the reason why it can't be replayed.
    init?(_ session: AnalyzedSession, _ log: MessageLog?, why: inout String) {
        guard let request = session.observation.request else {
            why = "its request is not in the recording"
            return nil
        }
        if log?.isLost == true {
            why = "bytes of it are missing in the recording"
            return nil
        }
        if let log, log.omitted > 0 {
            why = "\(log.omitted) of its messages are not in the recording whole: \(log.omission.words)"
            return nil
        }
        number = session.number
        name = session.session
        self.request = request
        hasRedactedHead = session.hasRedactedHead || RecordedSession.isRedacted(request)
        startedAt = session.observation.openedAt
        let response = session.observation.response
        status = response?.status
        subprotocol = response.flatMap { head in head.value(of: .secWebSocketProtocol).map { head.text($0) } }
        if status == 101 {
            isCompressed = MessageLog.agreement(session.observation.request, response).deflate != nil
        }
        let opened = startedAt + (session.observation.timings.response ?? .zero)
        var close: (direction: Direction, code: UInt16?, at: TimeSpan)?
        for entry in log?.entries ?? [] {
            let message = entry.message
            let at = entry.time > opened ? entry.time - opened : .zero
            if message.opcode == .close {
                let code = CloseFrame(payload: message.excerpt.span.bytes).code?.rawValue
                if let first = close {
                    guard first.direction == .clientToServer, entry.direction == .serverToClient else { continue }
                    ending = .client(code: first.code, at: first.at, answer: code)
                } else {
                    close = (entry.direction, code, at)
                    ending = entry.direction == .clientToServer ? .client(code: code, at: at, answer: nil) : .server(code: code)
                    if entry.direction == .serverToClient { serverEndedAt = at }
                }
                continue
            }
            // Nothing that comes behind a close frame is a message (RFC 6455 §5.5.1).
            if close?.direction == entry.direction { continue }
            guard message.opcode.isData || (message.opcode == .ping && entry.direction == .clientToServer) else { continue }
            guard message.isWhole else {
                why =
                    message.isUnreadable
                    ? "a message can't be inflated"
                    : "a message of \(message.inflatedSize ?? message.size) bytes is longer than what is kept of one"
                return nil
            }
            messages.append(
                Message(
                    direction: entry.direction, at: at, opcode: message.opcode, payload: message.excerpt,
                    wasCompressed: message.isCompressed))
        }
        guard let record = session.record else { return }
        switch record.first {
        case .gatehouse:
            // A drain, a limit, a timer: the server would have gone on, and its close frame, if there is one, answers Gatehouse's.
            ending = .unknown
            serverEndedAt = nil
            isCutShort = true
        case .downstream where close == nil:
            ending = .cut(by: .downstream)
            isCutShort = true
        case .upstream where close == nil:
            ending = .cut(by: .upstream)
            let ended = record.openedAt + record.endedAfter
            serverEndedAt = ended > opened ? ended - opened : .zero
        case nil: isCutShort = session.transport != nil
        default: break
        }
    }

    /// Whether a head was redacted by who wrote it down: a ledger, or `analyze --har`.
    static func isRedacted(_ head: RequestHead) -> Bool {
        String(decoding: head.bytes, as: UTF8.self).contains("«redacted")
    }
}
