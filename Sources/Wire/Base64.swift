/// Base64 (RFC 4648) of what is read or written once: files, and what is looked at after a failure.
///
/// Tokens on their way to a backend are read by `Base64URL` of ProxyCore instead, which takes one spelling for each sequence of octets and
/// is made for speed. Here a sequence may be spelled with padding or without, and bits that are left over are not looked at.
public enum Base64 {
    /// Which digits stand for 62 and 63.
    public enum Alphabet: Sendable {
        /// `+` and `/` (§4).
        case standard
        /// `-` and `_` (§5).
        case url
        /// All four, for what was written by somebody who may have mistaken one for the other.
        case either
    }

    /// The bytes that `text` spells, or nil if it spells none.
    public static func decode(_ text: some BidirectionalCollection<UInt8>, _ alphabet: Alphabet = .standard) -> [UInt8]? {
        var digits = text[...]
        while digits.last == 0x3D { digits.removeLast() }
        let (count, padding) = (digits.count, text.count - digits.count)
        // A single digit has too few bits for a byte.
        guard count % 4 != 1, padding == 0 || (padding < 3 && (count + padding) % 4 == 0) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 3 / 4)
        var word: UInt32 = 0
        var bits: UInt32 = 0
        for digit in digits {
            guard let value = value(of: digit, alphabet) else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        return bytes
    }

    /// `bytes` in the standard alphabet, with padding.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var place = 0
        while place < bytes.count {
            let count = min(bytes.count - place, 3)
            var word: UInt32 = 0
            for index in 0..<3 { word = word << 8 | (index < count ? UInt32(bytes[place + index]) : 0) }
            for index in 0..<4 {
                text.append(index <= count ? digit(UInt8(truncatingIfNeeded: word >> UInt32(18 - 6 * index) & 63)) : 0x3D)
            }
            place += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func value(of digit: UInt8, _ alphabet: Alphabet) -> UInt8? {
        switch digit {
        case 0x41...0x5A: digit - 0x41
        case 0x61...0x7A: digit - 0x61 + 26
        case 0x30...0x39: digit - 0x30 + 52
        case 0x2B where alphabet != .url: 62
        case 0x2F where alphabet != .url: 63
        case 0x2D where alphabet != .standard: 62
        case 0x5F where alphabet != .standard: 63
        default: nil
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: value + 0x41
        case 26..<52: value - 26 + 0x61
        case 52..<62: value - 52 + 0x30
        case 62: 0x2B
        default: 0x2F
        }
    }
}
