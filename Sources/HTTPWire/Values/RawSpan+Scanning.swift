import Wire

/// Searches that look at eight octets at a time.
///
/// Each takes a word, makes the high bit of every octet of interest 1, and lets the count of trailing zeros say
/// which came first (loads are little-endian, so the first octet is the lowest). Borrows between octets can set a
/// bit too many only *above* a true hit, which is why nothing but the first is used.
extension RawSpan {
    /// The eight octets at `offset`, the first one lowest.
    @inlinable func word(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= byteCount &- 8, "RawSpan: word outside the span")
        return unsafe UInt64(littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// The first offset in `start ..< end` with a line feed, or `end`.
    public func firstLineFeed(from start: Int, to end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let word = word(at: position) ^ 0x0A0A_0A0A_0A0A_0A0A
            let hits = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if hits != 0 { return position &+ hits.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        while position < end, byte(at: position) != 0x0A { position &+= 1 }
        return position
    }

    /// The first offset in `start ..< end` with an octet that is neither SP nor VCHAR (so HTAB and obs-text stop
    /// the search as well), or `end`.
    func firstUnprintable(from start: Int, to end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let word = word(at: position)
            let below = word &- 0x2020_2020_2020_2020
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            // Below SP; or obs-text (the high bit itself); or DEL.
            let hits = ((below & ~word) | word | ((delete &- 0x0101_0101_0101_0101) & ~delete)) & 0x8080_8080_8080_8080
            if hits != 0 { return position &+ hits.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        while position < end {
            let byte = byte(at: position)
            if byte < 0x20 || byte >= 0x7F { break }
            position &+= 1
        }
        return position
    }

    /// The first offset in `start ..< end` whose octet is no token character, or `end`.
    ///
    /// Names are letters and hyphens nearly always, so these are looked for in words; the rest one by one.
    func firstNonToken(from start: Int, to end: Int) -> Int {
        var position = start
        while position &+ 8 <= end {
            let word = word(at: position)
            let high: UInt64 = 0x8080_8080_8080_8080
            // With the high bits cleared no sum carries into the next octet.
            let small = (word | 0x2020_2020_2020_2020) & ~high
            let letters = (small &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(small &+ 0x0505_0505_0505_0505)
            let hyphens = ~(((word & ~high) ^ 0x2D2D_2D2D_2D2D_2D2D) &+ 0x7F7F_7F7F_7F7F_7F7F)
            let others = (~(letters | hyphens) | word) & high
            if others == 0 {
                position &+= 8
                continue
            }
            position &+= others.trailingZeroBitCount &>> 3
            if !byte(at: position).isToken { return position }
            position &+= 1
        }
        while position < end, byte(at: position).isToken { position &+= 1 }
        return position
    }

    /// Whether the octets at `start` spell `text`, which is lower case, in any case of letters.
    @inline(__always)
    func spells(_ text: StaticString, at start: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard start >= 0, start &+ count <= byteCount else { return false }
        let literal = unsafe UnsafeRawPointer(text.utf8Start)
        let caseBits: UInt64 = 0x2020_2020_2020_2020
        var offset = 0
        if count >= 8 {
            while offset &+ 8 <= count {
                let expected = unsafe literal.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                if word(at: start &+ offset) | caseBits != UInt64(littleEndian: expected) { return false }
                offset &+= 8
            }
            if offset < count {
                let expected = unsafe literal.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
                return word(at: start &+ count &- 8) | caseBits == UInt64(littleEndian: expected)
            }
            return true
        }
        while offset < count {
            let expected = unsafe literal.load(fromByteOffset: offset, as: UInt8.self)
            if byte(at: start &+ offset) | 0x20 != expected { return false }
            offset &+= 1
        }
        return true
    }

    /// `range` without SP and HTAB at its ends.
    public func withoutBlanks(_ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, byte(at: start).isBlank { start &+= 1 }
        while end > start, byte(at: end &- 1).isBlank { end &-= 1 }
        return start..<end
    }
}
