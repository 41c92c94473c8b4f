public import Wire

/// What the live relay knows of one direction's frames: counts, the close, the first fault. Called once per received buffer.
///
/// Two ways lead through a buffer. The *run* counts whole, unfragmented text and binary frames without asking the
/// parser: it reads a header, and as long as the next one has the same bytes before its masking key (streams often
/// send frames of one size) it only steps on, so that no step waits for the length that the one before loaded. All the
/// rest (control frames, fragments, cut frames, faults, what comes after a close) goes frame by frame through
/// `FrameParser`, which alone decides what is a fault.
///
/// What few sessions have (a close, a fault, kept pings) lives in one box that is made when it happens. A box that
/// copies with its owner: an array of at most one element.
public struct FrameTally: Sendable {
    @usableFromInline var parser: FrameParser
    /// Frames and bytes by class.
    public var counts: FrameCounts { storedCounts }
    @usableFromInline var storedCounts = FrameCounts()
    @usableFromInline var messageCount: UInt64 = 0
    @usableFromInline var largest: UInt64 = 0
    @usableFromInline var openMessage: UInt64 = 0
    @usableFromInline var rare: [RareParts] = []
    @usableFromInline var currentByte: UInt8 = 0
    @usableFromInline var closeBegun = false
    @usableFromInline var collects = false
    /// Whether the payloads of pings and pongs are kept (heartbeats compare them). Off by default.
    public var keepsHeartbeatPayloads = false

    /// Begins at the first byte after the opening handshake; see `FrameRules` for the reserved bits.
    @inlinable public init(direction: Direction, allowedReservedBits: UInt8 = 0) {
        parser = FrameParser(direction: direction, allowedReservedBits: allowedReservedBits)
    }

    /// Counts the frames of the next bytes of this direction.
    @inlinable public mutating func observe(_ bytes: RawSpan) -> FrameNotices {
        var notices: FrameNotices = []
        var offset = 0
        while offset < bytes.byteCount {
            if parser.isAtMessageBoundary && !closeBegun {
                let start = offset
                offset = countRuns(bytes, from: start)
                if offset > start { notices.formUnion(.messageEnded) }
                if offset == bytes.byteCount { break }
            }
            offset = observeFrame(bytes, from: offset, &notices)
        }
        return notices
    }

    /// Counts whole unfragmented text and binary frames from `start` on and gives the offset of the first byte that
    /// needs the parser.
    ///
    /// Only called at a message boundary before any close. Every load lies inside the span: a header is read where
    /// four bytes are left, and a frame counted where all of it is.
    @inlinable mutating func countRuns(_ bytes: RawSpan, from start: Int) -> Int {
        let end = bytes.byteCount
        let maskBit: UInt8 = parser.rules.mustMask ? 0x80 : 0
        let keyLength = parser.rules.mustMask ? 4 : 0
        let ignored = ~(parser.rules.allowedReservedBits &<< 4)
        var offset = start
        var text = FrameCount()
        var binary = FrameCount()
        var longest: UInt64 = 0
        while end &- offset >= 4 {
            let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self).littleEndian
            let kind = UInt8(truncatingIfNeeded: word) & ignored
            let second = UInt8(truncatingIfNeeded: word &>> 8)
            guard kind == 0x81 || kind == 0x82, second & 0x80 == maskBit else { break }
            // Both forms of the length without a branch: which one a frame has is hard to predict.
            let short = Int(second & 0x7F)
            let long = Int(UInt16(truncatingIfNeeded: word &>> 16).byteSwapped)
            let isLong = short == 126
            let length = isLong ? long : short
            guard short != 127, !isLong || long >= 126 else { break }
            let compared: UInt32 = isLong ? 0xFFFF_FFFF : 0x0000_FFFF
            let stride = 2 &+ keyLength &+ length &+ (isLong ? 2 : 0)
            guard stride <= end &- offset else { break }
            // The run: frames with the same header up to the masking key. The next place is known before its
            // header is loaded.
            let expected = word & compared
            let room = max(stride, 4)
            var frames: UInt64 = 1
            offset &+= stride
            while end &- offset >= room,
                unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self).littleEndian
                    & compared
                    == expected
            {
                frames &+= 1
                offset &+= stride
            }
            longest = max(longest, UInt64(truncatingIfNeeded: length))
            let payload = frames &* UInt64(truncatingIfNeeded: length)
            if kind == 0x81 {
                text.frames &+= frames
                text.bytes &+= payload
            } else {
                binary.frames &+= frames
                binary.bytes &+= payload
            }
        }
        guard offset > start else { return offset }
        storedCounts.text = storedCounts.text + text
        storedCounts.binary = storedCounts.binary + binary
        messageCount &+= text.frames &+ binary.frames
        largest = max(largest, longest)
        parser.position &+= UInt64(truncatingIfNeeded: offset &- start)
        return offset
    }
}
