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
        var isWhole = false
        let values = values.span
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: end / 4 * 3 + max(rest - 1, 0)) { room, written in
            // Bits of all values together: a digit's is below 64, so that one look at the end finds what is none.
            var seen: UInt32 = 0
            func digits(_ position: Int, _ count: Int) -> UInt32 {
                var bits: UInt32 = 0
                for offset in 0..<count {
                    let value = UInt32(values[Int(text.byte(at: position + offset))])
                    seen |= value
                    bits = bits << 6 | value
                }
                return bits
            }
            for position in stride(from: 0, to: end, by: 4) {
                let bits = digits(position, 4)
                unsafe room[written] = UInt8(truncatingIfNeeded: bits >> 16)
                unsafe room[written + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                unsafe room[written + 2] = UInt8(truncatingIfNeeded: bits)
                written += 3
            }
            // The last group: 12 bits for one octet, 18 for two; what is over must be zero.
            let over = UInt32(rest) * 6 % 8
            let bits = digits(end, rest)
            for index in 0..<max(rest - 1, 0) {
                unsafe room[written] = UInt8(truncatingIfNeeded: bits >> (over + UInt32(rest - 2 - index) * 8))
                written += 1
            }
            isWhole = seen < 64 && bits & ((1 << over) - 1) == 0
        }
        return isWhole ? octets : nil
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
