// Reads what the server says in a session that is played.
//
// Most answers are the recording's, byte for byte, and of those nothing has to be kept: each run of payload is compared with the recorded
// one where the kernel put it, and the message comes to `same`. With the first byte that differs the message is copied, and from there on every
// answer is handed out whole, for the comparison at the session's end to find out what is missing and what is one too many.
//
// Where compression was agreed on, messages are inflated first and compared then.
import Glibc
import WebSocketWire
import Wire

/// Answers and control frames of one played session, held against the recorded answers as they come.
struct AnswerReader {
    enum Found {
        /// The next answer of the recording, byte for byte.
        case same
        /// Another one, or one that came after another one.
        case answer(Opcode, [UInt8])
        case ping([UInt8])
        case close([UInt8])
    }

    /// A class, since an observer can't be copied.
    private final class Inflating {
        var observer: MessageObserver

        init(_ agreement: ExtensionAgreement) {
            observer = MessageObserver(direction: .serverToClient, agreement: agreement, excerptLength: AnswerReader.longest)
        }
    }

    private var parser = FrameParser(direction: .serverToClient)
    private let inflating: Inflating?
    /// What one buffer brought of compressed messages, the last first.
    private var inflated: [MessageObserver.Message] = []
    /// Whether all answers so far were the recording's.
    private var isVerbatim: Bool
    /// Which of the recorded answers comes next.
    private var next = 0
    /// The open message: what it is, whether it may be the recorded one, how long it is then, and its bytes otherwise.
    private var opcode = Opcode.binary
    private var isComparing = false
    private var compared = 0
    private var bytes: [UInt8] = []
    /// The open frame.
    private var frame = FrameHeader(opcode: .binary, payloadLength: 0)
    private var control: [UInt8] = []

    /// Bytes of a message that are kept.
    private static let longest = 16 << 20

    /// - Parameters:
    ///   - agreement: with compression; nil without.
    ///   - keepsAll: hands out every answer whole.
    init(_ agreement: ExtensionAgreement? = nil, keepsAll: Bool) {
        inflating = agreement.map { Inflating($0) }
        isVerbatim = !keepsAll
    }

    /// What ended the reading.
    var fault: FrameFault? { inflating?.observer.fault?.fault ?? parser.desynchronised?.fault }

    /// The next answer or control frame, or nil when the bytes are used up.
    mutating func next(_ cursor: inout ByteCursor, _ script: SessionScript) -> Found? {
        if let inflating { return next(&cursor, script, inflating) }
        // The parser keeps the fault.
        while let event = try? parser.next(&cursor) {
            switch event {
            case .header(let header):
                frame = header
                switch header.opcode {
                case .text, .binary: begin(header.opcode, script)
                case .continuation: break
                default: control.removeAll(keepingCapacity: true)
                }
            case .payload(let range, _):
                if frame.opcode.isControl {
                    control += cursor.bytes.copied(range)
                } else {
                    take(cursor.bytes.extracting(range), script)
                }
            case .end:
                switch frame.opcode {
                case .ping: return .ping(control)
                case .close: return .close(control)
                case .pong: break
                default: if frame.isFinal { return end(script) }
                }
            }
        }
        return nil
    }

    private mutating func next(_ cursor: inout ByteCursor, _ script: SessionScript, _ inflating: Inflating) -> Found? {
        if !cursor.isAtEnd {
            var found: [MessageObserver.Message] = []
            inflating.observer.observe(cursor.bytes.extracting(cursor.offset..<cursor.bytes.byteCount)) { found.append($0) }
            cursor.offset = cursor.bytes.byteCount
            inflated = found.reversed() + inflated
        }
        while let message = inflated.popLast() {
            switch message.opcode {
            case .ping: return .ping(message.excerpt)
            case .close: return .close(message.excerpt)
            case .pong: break
            default:
                begin(message.opcode, script)
                take(message.excerpt.span.bytes, script)
                return end(script)
            }
        }
        return nil
    }

    // MARK: One message

    private mutating func begin(_ opcode: Opcode, _ script: SessionScript) {
        self.opcode = opcode
        compared = 0
        isComparing =
            isVerbatim && next < script.answers.count
            && script.session.messages[script.answers[next]].opcode.number == opcode.number
    }

    private mutating func take(_ run: RawSpan, _ script: SessionScript) {
        if isComparing {
            let start = compared
            let isSame = script.session.messages[script.answers[next]].payload.withUnsafeBytes { recorded in
                guard start + run.byteCount <= recorded.count else { return false }
                guard let base = recorded.baseAddress, run.byteCount > 0 else { return run.byteCount == 0 }
                return run.withUnsafeBytes { present in
                    present.baseAddress.map { memcmp(base + start, $0, present.count) == 0 } ?? true
                }
            }
            if isSame {
                compared += run.byteCount
                return
            }
            differs(script)
        }
        let room = AnswerReader.longest - bytes.count
        if room > 0 { bytes += run.copied(0..<min(run.byteCount, room)) }
    }

    /// The open message is not the recorded one; so far it was.
    private mutating func differs(_ script: SessionScript) {
        isComparing = false
        bytes = Array(script.session.messages[script.answers[next]].payload.prefix(compared))
    }

    private mutating func end(_ script: SessionScript) -> Found {
        if isComparing {
            if compared == script.session.messages[script.answers[next]].payload.count {
                next += 1
                return .same
            }
            differs(script)
        }
        isVerbatim = false
        defer { bytes = [] }
        return .answer(opcode, bytes)
    }
}
