import CaptureFile
import EventLoop
import HTTPWire
import WebSocketWire
import Wire

/// One session of a run while it is played: the connection's state beside the schedule.
final class ReplaySession {
    let index: Int
    /// Its place among those that are open.
    let slot: Int
    let script: SessionScript
    let request: ReplayRequest
    var id = ConnectionID.none
    var learnt: LearntValues
    var player: SessionPlayer?
    var played = PlayedSession()
    var conversation: TapConversation?
    /// When it is to be looked at next; later entries in the queue count for nothing.
    var dueAt = Timestamp.never
    /// Where the target is spoken to with TLS.
    var security: ReplaySecurity?
    /// Compresses what the client says, once that is agreed on.
    private(set) var deflater: MessageDeflater?
    var isConnected = false
    var hasClosed = false
    var isOver = false
    private var scanner = HeadScanner(limit: 64 << 10)
    private var head: [UInt8] = []
    /// What comes once the session is open.
    var reader: AnswerReader

    init(index: Int, slot: Int, _ script: SessionScript, _ request: ReplayRequest) {
        self.index = index
        self.slot = slot
        self.script = script
        self.request = request
        learnt = script.learnt
        reader = AnswerReader(keepsAll: script.learnt.learns)
    }

    var recorded: RecordedSession { script.session }

    /// What bytes before the session's opening come to.
    enum Answer {
        case needMore
        /// The session is open; frames follow from that offset.
        case opened(Int)
        /// The handshake is over, and there is no session.
        case over
    }

    /// Reads the response's head.
    func readHead(_ bytes: UnsafeRawBufferPointer) -> Answer {
        var rest = bytes
        while true {
            switch scanner.scan(RawSpan(_unsafeBytes: rest)) {
            case .tooLarge:
                played.fault = "handshake: a response head of more than 64 KiB"
                return .over
            case .needMore:
                head.append(contentsOf: rest)
                if !head.starts(with: "HTTP/".utf8.prefix(head.count)) {
                    played.fault = "handshake: the server doesn't speak HTTP"
                    return .over
                }
                return .needMore
            case .complete(let length):
                let taken = length - head.count
                head.append(contentsOf: rest[..<taken])
                let response = ResponseHead(copy: head)
                if response.isInterim {
                    scanner.reset()
                    head.removeAll()
                    rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
                    continue
                }
                return answered(response, offset: bytes.count - rest.count + taken)
            }
        }
    }

    private func answered(_ response: ResponseHead, offset: Int) -> Answer {
        guard response.status != 0 else {
            played.fault = "handshake: the server's answer is no HTTP/1.1 response"
            return .over
        }
        played.status = response.status
        guard response.status == 101 else { return .over }
        played.subprotocol = response.value(of: .secWebSocketProtocol).map { response.text($0) }
        var isRight = false
        if let accept = response.value(of: .secWebSocketAccept) {
            let head = response.bytes
            let key = request.key
            isRight = AcceptKey.verify(head.span.bytes.extracting(accept), key: key.span.bytes)
        }
        guard isRight else {
            played.fault = "handshake: a 101 without the right Sec-WebSocket-Accept"
            return .over
        }
        let agreement = MessageLog.agreement(RequestHead(copy: request.bytes), response)
        guard agreement.findings.isEmpty, agreement.unknown.isEmpty else {
            played.fault = "handshake: a 101 with an extension that was not offered, or not so"
            return .over
        }
        if let deflate = agreement.deflate {
            played.isCompressed = true
            deflater = MessageDeflater(deflate)
            reader = AnswerReader(agreement, keepsAll: script.learnt.learns)
        }
        return .opened(offset)
    }

    /// The payload of a message of the client's as it goes out, and whether it is compressed.
    ///
    /// Compressed is what was so on the wire; where the recording has no frames (HAR), everything, as browsers do it.
    func outgoing(_ payload: [UInt8], wasCompressed: Bool) -> (payload: [UInt8], isCompressed: Bool) {
        guard let deflater, wasCompressed || !script.hasCompressedMessages, let packed = deflater.message(payload) else {
            return (payload, false)
        }
        return (packed, true)
    }
}
