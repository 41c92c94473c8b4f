import Wire

/// Base64url without padding (RFC 7515 §2), strictly: one text for each sequence of octets.
public enum Base64URL {
    /// The octets that `text` encodes; nil for padding, `+` and `/`, blanks, an impossible length, or bits left over that aren't zero
    /// (threat B8: else one signature would have many spellings).
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let copy = text.withContiguousStorageIfAvailable { unsafe decode(UnsafeRawBufferPointer($0).bytes) }
        if let copy { return copy }
        let array = Array(text)
        return decode(unsafe array.span.bytes)
    }

    private static func decode(_ text: RawSpan) -> [UInt8]? {
        let rest = text.byteCount % 4
        guard rest != 1 else { return nil }
        let end = text.byteCount - rest
        let values = values.span
        // Into memory of the stack first: an array that is made with room for what comes looks its own type up each time.
        return unsafe withUnsafeTemporaryAllocation(byteCount: end / 4 * 3 + 3, alignment: 1) { room in
            var written = 0
            // Bits of all values together: a digit's is below 64, so that one look at the end finds what is none.
            var seen: UInt8 = 0
            var position = 0
            while position < end {
                let four = unsafe UInt32(littleEndian: text.unsafeLoadUnaligned(fromByteOffset: position, as: UInt32.self))
                let (a, b) = (values[Int(four & 0xFF)], values[Int(four >> 8 & 0xFF)])
                let (c, d) = (values[Int(four >> 16 & 0xFF)], values[Int(four >> 24)])
                seen |= a | b | c | d
                unsafe room[written] = a << 2 | b >> 4
                unsafe room[written + 1] = b << 4 | c >> 2
                unsafe room[written + 2] = c << 6 | d
                position += 4
                written += 3
            }
            // The last group: 12 bits for one octet, 18 for two; what is over must be zero.
            var bits: UInt32 = 0
            for offset in 0..<rest {
                let value = values[Int(text.byte(at: end + offset))]
                seen |= value
                bits = bits << 6 | UInt32(value)
            }
            let over = UInt32(rest) * 6 % 8
            guard seen < 64, bits & ((1 << over) - 1) == 0 else { return nil }
            for index in 0..<max(rest - 1, 0) {
                unsafe room[written] = UInt8(truncatingIfNeeded: bits >> (over + UInt32(rest - 2 - index) * 8))
                written += 1
            }
            return unsafe Array(UnsafeRawBufferPointer(rebasing: room[..<written]))
        }
    }

    /// What each octet is worth as a digit; 64 for what is none. A table, since the digits of a token are as good as random and a
    /// processor that has to guess their class guesses wrong half the time.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 64, count: 256)
        for value in UInt8(0)..<64 { values[Int(Base64URL.digit(UInt32(value)))] = value }
        return values
    }()

    /// The octets of RFC 4648 §4 with padding, for Basic credentials; nil if they aren't that.
    public static func decodePadded(_ text: some Collection<UInt8>) -> [UInt8]? {
        var body = Array(text)
        guard body.count % 4 == 0 else { return nil }
        while body.last == 0x3D, text.count - body.count < 2 { body.removeLast() }
        guard !body.contains(0x2D), !body.contains(0x5F) else { return nil }
        return decode(body.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 })
    }
}

extension Base64URL {
    /// `octets` without padding.
    public static func encode(_ octets: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(octets.count * 4 / 3 + 2)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for octet in octets {
            bits = bits << 8 | UInt32(octet)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(digit(bits >> count & 63))
            }
            bits &= 1 << count - 1
        }
        if count > 0 { text.append(digit(bits << (6 - count) & 63)) }
        return text
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        switch UInt8(truncatingIfNeeded: value) {
        case let value where value < 26: value + 0x41
        case let value where value < 52: value - 26 + 0x61
        case let value where value < 62: value - 52 + 0x30
        case 62: 0x2D
        default: 0x5F
        }
    }
}
