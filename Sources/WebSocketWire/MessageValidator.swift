public import Wire

/// Enforces RFC 6455 and RFC 7692 on one direction: says of each buffer how much of it may be forwarded.
///
/// The rule: what came before a violation is delivered, and of the frame that violates nothing that can be held back. So
/// a header is held until it is whole, and a control frame (at most 139 bytes) until it is judged; both wait here, and
/// come back as `owed` once they may go. The payload of a data frame goes on as it comes, and text is judged on the way
/// (fail fast): then the violation lies inside a frame that is partly forwarded, and the answer says that
/// no frame of ours may follow it.
///
/// After a close frame nothing more is forwarded (§5.5.1: what comes then is ignored), after a fault neither.
public struct MessageValidator: ~Copyable {
    /// What to do with one buffer.
    public struct Judgement: Sendable, Hashable {
        /// Bytes of earlier buffers that go first. Mostly empty.
        public var owed: [UInt8] = []
        /// How many bytes from the buffer's start go on after them. The rest is held here, or is never to go on.
        public var forwardable = 0
        /// The violation that ends the session with `fault.closeCode`.
        public var fault: LocatedFault?
        /// Whether all that was forwarded, this included, ends at a frame's end: a close frame may be put there.
        public var endsAtFrameBoundary = true
        /// Whether a valid close frame is among what goes on, now or before.
        public var isClosed = false
    }

    private var parser: FrameParser
    private var content: MessageContent
    private var control = PayloadReader(limit: 125)
    private var header = FrameHeader(opcode: .binary, payloadLength: 0)
    private var headerOffset: UInt64 = 0
    /// The start of a cut header or control frame, from earlier buffers.
    private var held: [UInt8] = []
    /// Whether bytes of the frame being read were forwarded.
    private var isPartlyForwarded = false
    /// The answer to everything that comes after the end.
    private var last: Judgement?

    /// Begins at the first byte after the opening handshake, under what that agreed on.
    public init(direction: Direction, agreement: ExtensionAgreement = .init(), limits: MessageLimits = .init()) {
        let bits = agreement.allowedReservedBits
        parser = FrameParser(direction: direction, allowedReservedBits: bits)
        let inflater = agreement.deflate.map { agreed in
            Inflater(
                windowBits: agreed.windowBits(direction), takesOverContext: agreed.takesOverContext(direction),
                limits: limits.inflation)
        }
        content = MessageContent(limits: limits, inflater: inflater, isReadable: agreement.unknown.isEmpty)
    }

    /// Judges the next bytes of this direction. After a close or a fault the answer stays the same, and nothing goes on.
    public mutating func judge(_ bytes: RawSpan) -> Judgement {
        if let last { return last }
        var judgement = Judgement()
        var cursor = ByteCursor(bytes)
        // Where the frame being read began in this buffer; 0 as well for one that began earlier.
        var frameStart = 0
        var wentOnBefore = isPartlyForwarded
        do throws(FrameFault) {
            while let event = try parser.next(&cursor) {
                switch event {
                case .header(let next):
                    try began(next, cursor.offset, &judgement)
                case .payload(let range, let offset):
                    if header.opcode.isControl {
                        control.append(bytes, range, offsetInFrame: offset)
                    } else {
                        if let fault = content.read(bytes, range, key: header.maskingKey, phase: offset) { throw fault }
                        judgement.forwardable = range.upperBound
                    }
                case .end:
                    if let fault = endFault() { throw fault }
                    release(upTo: cursor.offset, &judgement)
                    isPartlyForwarded = false
                    frameStart = cursor.offset
                    wentOnBefore = false
                    if header.opcode == .close {
                        judgement.isClosed = true
                        return end(judgement)
                    }
                }
            }
        } catch {
            judgement.fault = parser.desynchronised ?? LocatedFault(error, at: headerOffset)
            // Nothing more of the frame that violates, nor of what was held of it.
            judgement.forwardable = frameStart
            if frameStart == 0 { judgement.owed = [] }
            judgement.endsAtFrameBoundary = !wentOnBefore
            return end(judgement)
        }
        if !isPartlyForwarded, frameStart < bytes.byteCount { held += bytes.copied(frameStart..<bytes.byteCount) }
        judgement.endsAtFrameBoundary = !isPartlyForwarded
        return judgement
    }

    private mutating func began(
        _ next: FrameHeader, _ offset: Int, _ judgement: inout Judgement
    ) throws(FrameFault) {
        header = next
        headerOffset = parser.offset - UInt64(next.headerLength)
        guard !next.opcode.isControl else { return control.begin(next) }
        if let fault = content.began(next) { throw fault }
        release(upTo: offset, &judgement)
        isPartlyForwarded = true
    }

    /// The fault that only the frame's last byte shows: of a close payload, or of a message.
    private mutating func endFault() -> FrameFault? {
        if header.opcode == .close {
            let payload = control.bytes
            return unsafe CloseFrame(payload: payload.span.bytes).fault
        }
        return !header.opcode.isControl && header.isFinal ? content.ended() : nil
    }

    private mutating func release(upTo offset: Int, _ judgement: inout Judgement) {
        if !held.isEmpty {
            judgement.owed = held
            held = []
        }
        judgement.forwardable = offset
    }

    private mutating func end(_ judgement: Judgement) -> Judgement {
        var later = judgement
        later.owed = []
        later.forwardable = 0
        last = later
        held = []
        return judgement
    }
}
