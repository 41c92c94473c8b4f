// Takes the pongs that answer Gatehouse's own pings out of one direction's bytes.
//
// A pong of ours is a frame of a known size: FIN and opcode 0xA, no reserved bit, eight bytes of payload, masked if the client
// sends it. So what begins with other than its first two bytes is told from it at once, and of what does begin so at most
// thirteen bytes are withheld until the rest is there. Everything else is named by its place in the buffer and stays where it is.
//
//     … frame ┊ frame ┊ pong of ours ┊ frame …        pieces: before, behind
//     … frame ┊ 8A 88 k k                             piece: before; four bytes are held
//     k k x x x x x x x x ┊ frame …                   ours: the held bytes go too, piece: behind
//     k k y y y y y y y y ┊ frame …                   not ours: the held bytes are released before the buffer
//
// Between two buffers the caller has observed exactly what was passed on: at its frame boundary stands what is held here.
public import Wire

/// The sieve of one direction; empty except in the middle of what may be a pong of ours.
public struct PongSieve: Sendable {
    /// What of a buffer is to be passed on.
    public struct Sifted: Sendable, Equatable {
        /// Bytes of earlier buffers that go first: they turned out to be the peer's own.
        public var released: [UInt8] = []
        /// Ranges of the buffer, in order.
        public var pieces: [Range<Int>] = []
    }

    /// Bytes at the end of what came so far that may be the beginning of a pong of ours.
    public private(set) var held: [UInt8] = []

    public init() {}

    /// Sifts the next buffer.
    ///
    /// - Parameters:
    ///   - tally: This direction's, which has observed all that was passed on before.
    ///   - claim: Whether a pong with this payload is ours; asked once for each that might be.
    public mutating func sift(_ bytes: RawSpan, after tally: FrameTally, claim: (UInt64) -> Bool) -> Sifted {
        var sifted = Sifted()
        var parser = tally.parser
        let form = Form(direction: parser.direction)
        var offset = 0
        if !held.isEmpty {
            offset = min(form.size - held.count, bytes.byteCount)
            let candidate = held + bytes.copied(0..<offset)
            let mayBe = unsafe form.mayBegin(candidate.span.bytes, at: 0)
            if mayBe, candidate.count < form.size {
                held = candidate
                return sifted
            }
            if mayBe, unsafe claim(form.payload(candidate.span.bytes, at: 0)) {
                held = []
            } else {
                // Not ours: the parser reads what was held, and goes on in this buffer.
                sifted.released = take()
                offset = 0
                var cursor = unsafe ByteCursor(sifted.released.span.bytes)
                while (try? parser.next(&cursor)) != nil {}
            }
        }
        var start = offset
        while offset < bytes.byteCount {
            if parser.isAtFrameBoundary, form.mayBegin(bytes, at: offset) {
                if bytes.byteCount - offset < form.size {
                    held = bytes.copied(offset..<bytes.byteCount)
                    break
                }
                if claim(form.payload(bytes, at: offset)) {
                    if start < offset { sifted.pieces.append(start..<offset) }
                    offset += form.size
                    start = offset
                    continue
                }
            }
            offset = PongSieve.endOfFrame(bytes, from: offset, &parser)
        }
        if start < offset { sifted.pieces.append(start..<offset) }
        return sifted
    }

    /// The payload of the one frame that `bytes` are, if that may be a pong of ours; nil for everything else. Nearly every answer comes so:
    /// alone, and whole. Only at a frame boundary, and while nothing is held.
    public static func solePong(_ bytes: RawSpan, _ direction: Direction) -> UInt64? {
        let form = Form(direction: direction)
        guard bytes.byteCount == form.size, form.mayBegin(bytes, at: 0) else { return nil }
        return form.payload(bytes, at: 0)
    }

    /// Gives up what is held, because nothing more comes.
    public mutating func take() -> [UInt8] {
        defer { held = [] }
        return held
    }

    /// Where the frame that `parser` is in ends, or the end of the bytes.
    private static func endOfFrame(_ bytes: RawSpan, from offset: Int, _ parser: inout FrameParser) -> Int {
        var cursor = ByteCursor(bytes)
        cursor.offset = offset
        while let event = try? parser.next(&cursor) {
            if case .end = event { return cursor.offset }
        }
        return bytes.byteCount
    }

    /// What a pong of ours looks like in one direction.
    private struct Form {
        let isMasked: Bool

        init(direction: Direction) { isMasked = direction == .clientToServer }

        var size: Int { isMasked ? 14 : 10 }

        /// Whether the bytes from `offset` on, as far as they are there, begin as a pong of ours.
        func mayBegin(_ bytes: RawSpan, at offset: Int) -> Bool {
            guard bytes.byte(at: offset) == 0x8A else { return false }
            return bytes.byteCount - offset < 2 || bytes.byte(at: offset + 1) == (isMasked ? 0x88 : 0x08)
        }

        /// The unmasked payload of a whole one.
        func payload(_ bytes: RawSpan, at offset: Int) -> UInt64 {
            let payload = bytes.bigEndian64(at: offset + size - 8)
            guard isMasked else { return payload }
            let key = UInt64(bytes.bigEndian16(at: offset + 2)) << 16 | UInt64(bytes.bigEndian16(at: offset + 4))
            return payload ^ (key << 32 | key)
        }
    }
}
