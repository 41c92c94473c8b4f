import Wire

/// What is asked of a tally.
extension FrameTally {
    /// Messages that came to their end.
    public var messages: UInt64 { messageCount }

    /// Payload bytes of the largest message so far, an unfinished one included.
    public var largestMessage: UInt64 { max(largest, openMessage) }

    /// What the first close frame said.
    public var close: CloseFrame? { rare.first?.close }

    /// Whether a close frame came; asked for each ping, and without a look into the box where there is none.
    @inlinable public var hasClose: Bool { !rare.isEmpty && close != nil }

    /// The first fault: one that took the parser's place away, or one of the close frame's payload.
    public var fault: LocatedFault? { rare.first?.fault }

    /// The first bytes of the faulty frame (at most 64), as evidence: what is not frames at all shows here.
    public var faultExcerpt: [UInt8] { rare.first?.excerpt ?? [] }

    /// The payload of the last ping, if payloads are kept and one came.
    public var lastPing: [UInt8]? { rare.first?.ping }

    /// The payload of the last pong, if payloads are kept and one came.
    public var lastPong: [UInt8]? { rare.first?.pong }

    /// Whether a frame of ours may be put behind the bytes observed so far.
    @inlinable public var isAtFrameBoundary: Bool { parser.isAtFrameBoundary }

    /// Whether, besides, no fragmented message is open.
    @inlinable public var isAtMessageBoundary: Bool { parser.isAtMessageBoundary }

    /// Whether a fault or a gap ended the counting.
    @inlinable public var isDesynchronised: Bool { parser.isDesynchronised }

    /// Bytes of this direction that were read as frames.
    @inlinable public var offset: UInt64 { parser.position }

    /// Says that `count` bytes are missing from a capture.
    public mutating func missed(_ count: UInt64) { parser.missed(count) }
}

/// The slow way: one frame through the parser.
extension FrameTally {
    /// What few sessions have.
    @usableFromInline struct RareParts: Sendable {
        var close: CloseFrame?
        var fault: LocatedFault?
        var excerpt: [UInt8] = []
        var ping: [UInt8]?
        var pong: [UInt8]?
        /// The control frame that is being read.
        var collected = PayloadReader(limit: 125)
        /// Where it began.
        var frameOffset: UInt64 = 0
    }

    /// Reads from `start` to the end of one frame, or of the bytes, and gives the offset that it came to.
    @usableFromInline mutating func observeFrame(
        _ bytes: RawSpan, from start: Int, _ notices: inout FrameNotices
    ) -> Int {
        var cursor = ByteCursor(bytes)
        cursor.offset = start
        // What a cut header left behind: needed for the excerpt only.
        let spilled = parser.spilledBytes
        do throws(FrameFault) {
            while let event = try parser.next(&cursor) {
                switch event {
                case .header(let header):
                    began(header, &notices)
                case .payload(let range, let offsetInFrame):
                    storedCounts[Opcode(currentByte)].bytes &+= UInt64(range.count)
                    if currentByte & 0x08 == 0 { openMessage &+= UInt64(range.count) }
                    if collects { rare[0].collected.append(bytes, range, offsetInFrame: offsetInFrame) }
                case .end:
                    ended(&notices)
                    return cursor.offset
                }
            }
        } catch {
            record(error, at: parser.position, &notices)
            rare[0].excerpt = spilled + bytes.copied(start..<start + 64 - spilled.count)
        }
        return bytes.byteCount
    }

    private mutating func began(_ header: FrameHeader, _ notices: inout FrameNotices) {
        currentByte = header.firstByte
        if closeBegun { notices.formUnion(.sawFrameAfterClose) }
        switch header.opcode {
        case .close: collects = !closeBegun
        case .ping, .pong: collects = keepsHeartbeatPayloads
        default: collects = false
        }
        if header.firstByte & 0x0F == 0x8 { closeBegun = true }
        guard collects else { return }
        makeRare()
        rare[0].collected.begin(header)
        rare[0].frameOffset = parser.position &- UInt64(header.headerLength)
    }

    private mutating func ended(_ notices: inout FrameNotices) {
        let opcode = Opcode(currentByte)
        storedCounts[opcode].frames &+= 1
        switch opcode {
        case .ping:
            notices.formUnion(.sawPing)
            if collects { rare[0].ping = rare[0].collected.bytes }
        case .pong:
            notices.formUnion(.sawPong)
            if collects { rare[0].pong = rare[0].collected.bytes }
        case .close:
            guard collects else { break }
            notices.formUnion(.sawClose)
            let payload = rare[0].collected.bytes
            let close = unsafe CloseFrame(payload: payload.span.bytes)
            rare[0].close = close
            if let fault = close.fault { record(fault, at: rare[0].frameOffset, &notices) }
        default:
            guard currentByte & 0x80 != 0 else { break }
            messageCount &+= 1
            largest = max(largest, openMessage)
            openMessage = 0
            notices.formUnion(.messageEnded)
        }
        collects = false
    }

    private mutating func record(_ fault: FrameFault, at offset: UInt64, _ notices: inout FrameNotices) {
        makeRare()
        guard rare[0].fault == nil else { return }
        notices.formUnion(.sawFault)
        rare[0].fault = LocatedFault(fault, at: offset)
    }

    private mutating func makeRare() {
        if rare.isEmpty { rare = [RareParts()] }
    }
}
