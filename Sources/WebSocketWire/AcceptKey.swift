import Wire

/// The proof that a server read the opening handshake as one (RFC 6455 §1.3, §4.2.2): the base64 form of the SHA-1
/// of the client's key and a fixed text.
public struct AcceptKey: Sendable {
    /// The 28 characters of `Sec-WebSocket-Accept`, ASCII.
    public let characters: InlineArray<28, UInt8>

    /// The answer to a key, the bytes of its field value without surrounding blanks.
    ///
    /// Any key has an answer; whether it is a valid one says `isValid(key:)`.
    public init(key: RawSpan) {
        var digest = SHA1()
        var offset = 0
        while offset + 4 <= key.byteCount {
            digest.append(
                word: UInt32(key.byte(at: offset)) << 24 | UInt32(key.byte(at: offset + 1)) << 16
                    | UInt32(key.byte(at: offset + 2)) << 8 | UInt32(key.byte(at: offset + 3)))
            offset += 4
        }
        if offset == key.byteCount {
            for index in 0..<9 { digest.append(word: AcceptKey.suffix[index]) }
        } else {
            // No valid key has this length.
            while offset < key.byteCount {
                digest.append(key.byte(at: offset))
                offset += 1
            }
            for index in 0..<36 {
                digest.append(UInt8(truncatingIfNeeded: AcceptKey.suffix[index >> 2] >> UInt32(24 - 8 * (index & 3))))
            }
        }
        characters = AcceptKey.base64(digest.finish())
    }

    /// The accept key as text.
    public var text: String {
        String(decoding: (0..<28).map { characters[$0] }, as: UTF8.self)
    }

    /// Whether `accept` is the answer to `key`, byte by byte; allocates nothing.
    ///
    /// Both are field values without surrounding blanks. Base64 has upper and lower case, so case counts.
    public static func verify(_ accept: RawSpan, key: RawSpan) -> Bool {
        guard accept.byteCount == 28 else { return false }
        let expected = AcceptKey(key: key)
        var difference: UInt8 = 0
        for offset in 0..<28 { difference |= accept.byte(at: offset) ^ expected.characters[offset] }
        return difference == 0
    }

    /// Whether `key` is what a client must send: 16 bytes in base64, so 22 characters of its alphabet and "==" (§4.1).
    ///
    /// The four bits of the 22nd character that carry nothing are not judged: decoders ignore them, and RFC 4648 §3.5
    /// leaves it to them.
    public static func isValid(key: RawSpan) -> Bool {
        guard key.byteCount == 24, key.byte(at: 22) == 0x3D, key.byte(at: 23) == 0x3D else { return false }
        for offset in 0..<22 {
            switch key.byte(at: offset) {
            case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2B, 0x2F: continue
            default: return false
            }
        }
        return true
    }

    /// The 24 characters of `Sec-WebSocket-Key` for a nonce of 16 random bytes that the caller drew.
    public static func key(nonce: InlineArray<16, UInt8>) -> [UInt8] {
        var characters: [UInt8] = []
        characters.reserveCapacity(24)
        for group in stride(from: 0, to: 15, by: 3) {
            let bits = UInt32(nonce[group]) << 16 | UInt32(nonce[group + 1]) << 8 | UInt32(nonce[group + 2])
            for shift in [18, 12, 6, 0] as [UInt32] { characters.append(character(bits >> shift)) }
        }
        let bits = UInt32(nonce[15]) << 16
        return characters + [character(bits >> 18), character(bits >> 12), 0x3D, 0x3D]
    }

    /// `258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, the text that every handshake appends to its key, in words of four octets.
    private static var suffix: InlineArray<9, UInt32> {
        [
            0x3235_3845, 0x4146_4135, 0x2D45_3931, 0x342D_3437, 0x4441_2D39, 0x3543_412D, 0x4335_4142, 0x3044_4338, 0x3542_3131,
        ]
    }

    /// Base64 of a digest: six whole groups of three bytes, and one of two.
    private static func base64(_ digest: InlineArray<20, UInt8>) -> InlineArray<28, UInt8> {
        var characters = InlineArray<28, UInt8>(repeating: 0x3D)
        for group in 0..<7 {
            let place = group * 3
            let third: UInt8 = place + 2 < 20 ? digest[place + 2] : 0
            let bits = UInt32(digest[place]) << 16 | UInt32(digest[place + 1]) << 8 | UInt32(third)
            characters[group * 4] = character(bits >> 18)
            characters[group * 4 + 1] = character(bits >> 12)
            characters[group * 4 + 2] = character(bits >> 6)
            if group < 6 { characters[group * 4 + 3] = character(bits) }
        }
        return characters
    }

    /// The character of the lower six bits (RFC 4648 §4).
    private static func character(_ bits: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: bits & 63)
        return switch value {
        case 0..<26: 0x41 + value
        case 26..<52: 0x61 + value - 26
        case 52..<62: 0x30 + value - 52
        case 62: 0x2B
        default: 0x2F
        }
    }
}
