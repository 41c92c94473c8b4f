public import Wire

/// Tells of each message and control frame what a log line says: type, size, and its first bytes in plain.
///
/// For `log.frames` and the analyser, not for the relay's hot path. Compressed messages are inflated only if first
/// bytes are asked for, and then all of one direction, because each may refer to the one before; the excerpt of
/// what can't be inflated is empty. What is kept is bounded by the excerpts' length.
public struct MessageObserver: ~Copyable {
    /// A message, or a control frame, that came to its end.
    public struct Message: Sendable, Hashable {
        /// Text, binary, close, ping or pong.
        public var opcode: Opcode
        /// Payload bytes as they came over the wire.
        public var size: UInt64 = 0
        /// Payload bytes once inflated, if the message was compressed and could be inflated.
        public var inflatedSize: UInt64?
        /// Frames.
        public var fragments: UInt64 = 1
        /// Whether RSV1 was set on its first frame.
        public var isCompressed = false
        /// The first bytes, unmasked and inflated.
        public var excerpt: [UInt8] = []
        /// Bytes of this direction before its first header.
        public var offset: UInt64 = 0

        public init(opcode: Opcode) { self.opcode = opcode }
    }

    private var parser: FrameParser
    private let excerptLength: Int
    private var inflater: Inflater?
    private var header = FrameHeader(opcode: .binary, payloadLength: 0)
    private var message = Message(opcode: .binary)
    private var control = Message(opcode: .ping)

    /// Begins at the first byte after the opening handshake, under what that agreed on.
    ///
    /// - Parameter excerptLength: The most bytes of an excerpt; 0 for none, and then nothing is unmasked or inflated.
    public init(direction: Direction, agreement: ExtensionAgreement = .init(), excerptLength: Int) {
        parser = FrameParser(direction: direction, allowedReservedBits: agreement.allowedReservedBits)
        self.excerptLength = max(excerptLength, 0)
        if let agreed = agreement.deflate, agreement.unknown.isEmpty, excerptLength > 0 {
            inflater = Inflater(
                windowBits: agreed.windowBits(direction), takesOverContext: agreed.takesOverContext(direction))
        }
    }

    /// Whether a fault ended the observation.
    public var fault: LocatedFault? { parser.desynchronised }

    /// Reads the next bytes of this direction and hands out what came to its end.
    public mutating func observe(_ bytes: RawSpan, _ take: (Message) -> Void) {
        var cursor = ByteCursor(bytes)
        do throws(FrameFault) {
            while let event = try parser.next(&cursor) {
                switch event {
                case .header(let next):
                    began(next)
                case .payload(let range, let offset):
                    read(bytes, range, phase: offset)
                case .end:
                    if header.opcode.isControl {
                        take(control)
                    } else if header.isFinal {
                        endMessage()
                        take(message)
                    }
                }
            }
        } catch {
            // `fault` has it; the parser stays silent from here on.
            inflater = nil
        }
    }

    private mutating func began(_ next: FrameHeader) {
        header = next
        let offset = parser.offset - UInt64(next.headerLength)
        switch next.opcode {
        case .continuation:
            message.fragments += 1
        case .text, .binary:
            message = Message(opcode: next.opcode)
            message.isCompressed = next.isCompressed
            message.offset = offset
        default:
            control = Message(opcode: next.opcode)
            control.offset = offset
        }
    }

    private mutating func read(_ bytes: RawSpan, _ range: Range<Int>, phase: UInt64) {
        guard !header.opcode.isControl else {
            control.size += UInt64(range.count)
            let wanted = range.prefix(excerptLength - control.excerpt.count)
            Masking.append(bytes, wanted, key: header.maskingKey ?? 0, phase: phase, to: &control.excerpt)
            return
        }
        message.size += UInt64(range.count)
        if message.isCompressed {
            guard inflater != nil else { return }
            Masking.forEachPlainRun(of: bytes, range, key: header.maskingKey, phase: phase) { plain in
                inflate { (inflater, take) throws(FrameFault) in try inflater.inflate(plain, take) }
                return inflater != nil
            }
        } else {
            let wanted = range.prefix(excerptLength - message.excerpt.count)
            Masking.append(bytes, wanted, key: header.maskingKey ?? 0, phase: phase, to: &message.excerpt)
        }
    }

    private mutating func endMessage() {
        guard message.isCompressed, inflater != nil else { return }
        inflate { (inflater, take) throws(FrameFault) in try inflater.endMessage(take) }
    }

    private mutating func inflate(
        _ step: (Inflater, (RawSpan) throws(FrameFault) -> Void) throws(FrameFault) -> Void
    ) {
        guard let inflater else { return }
        do throws(FrameFault) {
            var size = message.inflatedSize ?? 0
            var excerpt = message.excerpt
            message.excerpt = []
            defer {
                message.inflatedSize = size
                message.excerpt = excerpt
            }
            let length = excerptLength
            try step(inflater) { plain in
                size += UInt64(plain.byteCount)
                let room = length - excerpt.count
                if room > 0 { excerpt += plain.copied(0..<min(room, plain.byteCount)) }
            }
        } catch {
            self.inflater = nil
            message.inflatedSize = nil
            message.excerpt = []
        }
    }
}
