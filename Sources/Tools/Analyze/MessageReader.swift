import WebSocketWire
import Wire

/// The messages and control frames of one direction, for who keeps them: bounded together with those of others, and through gaps.
///
/// A gap inside a payload costs its own message, since the place of the next frame is still known; where the compression's context goes on from
/// message to message, it costs what is compressed after it as well. Any other gap ends the reading. A class, since an inflater can't be copied
/// and a log is a value.
final class MessageReader {
    private var parser: FrameParser
    private let share: MessageBudget.Share
    private let longest: Int
    private let windowBits: UInt8
    private let takesOverContext: Bool
    private var inflater: Inflater?
    /// Whether compressed messages can be inflated at all.
    private let inflates: Bool
    private var frame = FrameHeader(opcode: .binary, payloadLength: 0)
    private var message = MessageObserver.Message(opcode: .binary)
    private var control = MessageObserver.Message(opcode: .ping)
    /// Whether bytes of the open message, or of the open control frame, are missing.
    private var isHoled = (message: false, control: false)

    /// - Parameter longest: bytes that are kept of one message.
    init(direction: Direction, agreement: ExtensionAgreement, longest: Int, share: MessageBudget.Share) {
        parser = FrameParser(direction: direction, allowedReservedBits: agreement.allowedReservedBits)
        self.share = share
        self.longest = longest
        let agreed = agreement.unknown.isEmpty ? agreement.deflate : nil
        inflates = agreed != nil
        windowBits = agreed?.windowBits(direction) ?? 15
        takesOverContext = agreed?.takesOverContext(direction) ?? true
        inflater = inflates ? Inflater(windowBits: windowBits, takesOverContext: takesOverContext) : nil
    }

    /// Whether a gap hid where the next frame begins. A fault of the frames doesn't count: what comes behind it is no message.
    var isLost: Bool { parser.isDesynchronised && parser.desynchronised == nil }

    /// Whether a message or a control frame is open of which bytes are missing: nothing may come any more that says so.
    var isHoledNow: Bool { isHoled.message || isHoled.control }

    /// Reads the next bytes and hands out what came to its end; nil stands for a message of which bytes are missing.
    func observe(_ bytes: RawSpan, _ take: (MessageObserver.Message?) -> Void) {
        var cursor = ByteCursor(bytes)
        // The parser keeps the fault.
        while let event = try? parser.next(&cursor) {
            switch event {
            case .header(let next): began(next)
            case .payload(let range, let offset): read(bytes, range, phase: offset)
            case .end:
                if frame.opcode.isControl {
                    if isHoled.control { share.giveBack(control.excerpt.count) }
                    take(isHoled.control ? nil : control)
                    isHoled.control = false
                } else if frame.isFinal {
                    ended(take)
                }
            }
        }
    }

    /// Bytes are missing.
    func missed(_ count: UInt64) {
        parser.missed(count)
        guard !parser.isDesynchronised else { return }
        if frame.opcode.isControl {
            isHoled.control = true
        } else {
            isHoled.message = true
            if message.isCompressed { inflater = nil }
        }
    }

    private func began(_ next: FrameHeader) {
        frame = next
        let offset = parser.offset - UInt64(next.headerLength)
        switch next.opcode {
        case .continuation: message.fragments += 1
        case .text, .binary:
            message = MessageObserver.Message(opcode: next.opcode)
            message.isCompressed = next.isCompressed
            message.offset = offset
            isHoled.message = false
            // Without context, each message is inflated on its own.
            if inflates, inflater == nil, !takesOverContext {
                inflater = Inflater(windowBits: windowBits, takesOverContext: false)
            }
        default:
            control = MessageObserver.Message(opcode: next.opcode)
            control.offset = offset
        }
    }

    private func read(_ bytes: RawSpan, _ range: Range<Int>, phase: UInt64) {
        guard !frame.opcode.isControl else {
            control.size += UInt64(range.count)
            let wanted = range.prefix(share.take(range.count))
            Masking.append(bytes, wanted, key: frame.maskingKey ?? 0, phase: phase, to: &control.excerpt)
            return
        }
        message.size += UInt64(range.count)
        guard !isHoled.message else { return }
        guard message.isCompressed else {
            let wanted = range.prefix(room(range.count, message.excerpt.count))
            return Masking.append(bytes, wanted, key: frame.maskingKey ?? 0, phase: phase, to: &message.excerpt)
        }
        guard inflater != nil else { return }
        Masking.forEachPlainRun(of: bytes, range, key: frame.maskingKey, phase: phase) { plain in
            inflate { (inflater, take) throws(FrameFault) in try inflater.inflate(plain, take) }
            return inflater != nil
        }
    }

    private func ended(_ take: (MessageObserver.Message?) -> Void) {
        if isHoled.message {
            isHoled.message = false
            share.giveBack(message.excerpt.count)
            take(nil)
        } else {
            if message.isCompressed, inflater != nil {
                inflate { (inflater, take) throws(FrameFault) in try inflater.endMessage(take) }
            }
            take(message)
        }
        message.excerpt = []
    }

    /// How many of `count` bytes may be kept of a message that has `kept`.
    private func room(_ count: Int, _ kept: Int) -> Int { share.take(max(min(count, longest - kept), 0)) }

    private func inflate(_ step: (Inflater, (RawSpan) throws(FrameFault) -> Void) throws(FrameFault) -> Void) {
        guard let inflater else { return }
        var size = message.inflatedSize ?? 0
        var excerpt = message.excerpt
        message.excerpt = []
        do throws(FrameFault) {
            try step(inflater) { plain in
                size += UInt64(plain.byteCount)
                excerpt += plain.copied(0..<self.room(plain.byteCount, excerpt.count))
            }
            message.inflatedSize = size
            message.excerpt = excerpt
        } catch {
            self.inflater = nil
            message.inflatedSize = nil
            share.giveBack(excerpt.count)
        }
    }
}

extension MessageObserver.Message {
    /// Whether all of its payload is in the excerpt.
    var isWhole: Bool { UInt64(excerpt.count) == (isCompressed ? inflatedSize : size) }

    /// Whether it was compressed and can't be inflated.
    var isUnreadable: Bool { isCompressed && inflatedSize == nil }
}
