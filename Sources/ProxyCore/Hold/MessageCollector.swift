// Gathers one direction's frames to whole messages.
//
// Theory of operation. A held session must never begin a message that it can't end. So a message's frames wait here, as they came,
// until the last one is complete; control frames between them come out at once. A message that is larger than the limit can't wait: where the
// caller allows it, what is there goes out as a part at the end of each buffer. Towards the client a part is always whole frames, cut anew if
// need be (no extension is agreed on a held session, so RFC 6455 §5.4 allows it): a close frame then has a place at any time. Towards the
// backend parts are the bytes as they came, so what is there of a frame goes out before a control frame that stands behind it.
public import WebSocketWire
public import Wire

/// Cuts the bytes of one direction into what may be sent as one piece.
public struct MessageCollector: Sendable {
    public enum Item: Sendable, Hashable {
        /// All frames of a message.
        case message([UInt8])
        /// What is there of a message that is too large to wait.
        case part([UInt8], isLast: Bool)
        /// One control frame, with its payload unmasked.
        case control(Opcode, payload: [UInt8], frame: [UInt8])
        /// Bytes that are no frames, or come behind such: from there on nothing is gathered any more.
        case unreadable([UInt8])
    }

    private let direction: Direction
    private let limit: Int
    private var parser: FrameParser
    private var data = FrameHeader(opcode: .binary, payloadLength: 0)
    private var control = FrameHeader(opcode: .ping, payloadLength: 0)
    private var isInControl = false
    /// The open message: its frames as they came, or what of them has not gone out.
    private var open: [UInt8] = []
    /// Where in `open` the frame begins that is being read.
    private var frameStart = 0
    /// The beginning of that frame has gone out as a frame of its own.
    private var isFrameCut = false
    private var controlFrame: [UInt8] = []
    private var controlPayload: [UInt8] = []
    /// A control frame that comes out behind the part before it.
    private var waiting: Item?
    /// The open message goes out in parts.
    public private(set) var isStreaming = false
    /// The open message is too large to wait.
    public private(set) var wantsStreaming = false
    public private(set) var isLost = false

    /// - Parameter limit: The largest message that waits, in bytes with its headers.
    public init(direction: Direction, limit: Int) {
        self.direction = direction
        self.limit = limit
        parser = FrameParser(direction: direction)
    }

    /// Bytes that wait here.
    public var heldBytes: Int { open.count }

    /// Whether a message has begun and not ended.
    public var isInsideMessage: Bool { !parser.isAtMessageBoundary && !isLost }

    /// Whether a frame of ours may stand behind what has gone out in this direction.
    public var isAtBoundary: Bool { !isLost && (direction == .serverToClient || !isStreaming || parser.isAtFrameBoundary) }

    /// The next item of the buffer; nil when it is used up.
    ///
    /// - Parameter mayStream: Whether a message that is too large may begin to go out. One that has begun goes on.
    public mutating func next(_ cursor: inout ByteCursor, mayStream: Bool) -> Item? {
        if let item = waiting {
            waiting = nil
            return item
        }
        guard !isLost else {
            guard !cursor.isAtEnd else { return nil }
            let rest = cursor.bytes.copied(cursor.offset..<cursor.bytes.byteCount)
            cursor.offset = cursor.bytes.byteCount
            return .unreadable(rest)
        }
        while true {
            let start = cursor.offset
            let spilled = parser.spilledBytes
            do throws(FrameFault) {
                guard let event = try parser.next(&cursor) else { return part(mayStream) }
                switch event {
                case .header(let header): began(header)
                case .payload(let range, let offset): read(cursor.bytes, range, offset)
                case .end: if let item = ended() { return item }
                }
            } catch {
                isLost = true
                let rest = take() + spilled + cursor.bytes.copied(start..<cursor.bytes.byteCount)
                return .unreadable(rest)
            }
        }
    }

    /// What waits of a message that is too large, now that it may go out.
    public mutating func part(_ mayStream: Bool) -> Item? {
        guard isStreaming || (wantsStreaming && mayStream), !open.isEmpty else { return nil }
        if direction == .clientToServer {
            isStreaming = true
            return .part(take(), isLast: false)
        }
        guard open.count > frameStart else {
            isStreaming = true
            return .part(take(), isLast: false)
        }
        // The frame that is under way goes out as a fragment of its own.
        let payloadStart = isFrameCut ? 0 : frameStart + Int(data.headerLength)
        guard open.count > payloadStart else { return nil }
        isStreaming = true
        var part = isFrameCut ? [] : Array(open[..<frameStart])
        FrameWriter.append(isFrameCut ? .continuation : data.opcode, open[payloadStart...], isFinal: false, to: &part)
        open = []
        frameStart = 0
        isFrameCut = true
        return .part(part, isLast: false)
    }

    private mutating func began(_ header: FrameHeader) {
        if header.opcode.isControl {
            isInControl = true
            control = header
            controlFrame = []
            controlPayload = []
            FrameWriter.append(header, to: &controlFrame)
            return
        }
        data = header
        frameStart = open.count
        let (size, overflow) = UInt64(open.count + Int(header.headerLength)).addingReportingOverflow(header.payloadLength)
        if overflow || size > UInt64(limit) {
            wantsStreaming = true
        } else {
            open.reserveCapacity(Int(size))
        }
        FrameWriter.append(header, to: &open)
    }

    private mutating func read(_ bytes: RawSpan, _ range: Range<Int>, _ offset: UInt64) {
        guard isInControl else {
            unsafe bytes.withUnsafeBytes { source in unsafe open.append(contentsOf: source[range]) }
            return
        }
        unsafe bytes.withUnsafeBytes { source in unsafe controlFrame.append(contentsOf: source[range]) }
        Masking.append(bytes, range, key: control.maskingKey ?? 0, phase: offset, to: &controlPayload)
    }

    private mutating func ended() -> Item? {
        if isInControl {
            isInControl = false
            let item = Item.control(control.opcode, payload: controlPayload, frame: controlFrame)
            // The beginning of this frame has gone out already, and its end stands in front of the control frame.
            guard direction == .clientToServer, isStreaming, !open.isEmpty else { return item }
            waiting = item
            return .part(take(), isLast: false)
        }
        if isFrameCut {
            var part: [UInt8] = []
            FrameWriter.append(.continuation, open, isFinal: data.isFinal, to: &part)
            open = []
            frameStart = 0
            isFrameCut = false
            if data.isFinal { endMessage() }
            return .part(part, isLast: data.isFinal)
        }
        frameStart = open.count
        guard data.isFinal else { return nil }
        let wasStreaming = isStreaming
        endMessage()
        return wasStreaming ? .part(take(), isLast: true) : .message(take())
    }

    private mutating func endMessage() {
        isStreaming = false
        wantsStreaming = false
    }

    private mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &open)
        frameStart = 0
        return taken
    }
}
