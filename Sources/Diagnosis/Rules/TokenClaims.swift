/// The times in the payload of a JSON Web Token (RFC 7519 §4.1): read, never verified, never kept.
struct TokenClaims {
    var expires: UInt64?
    var notBefore: UInt64?

    /// Reads the token that begins at `range`, or gives nil if it is none.
    init?(_ bytes: [UInt8], _ range: Range<Int>) {
        let range = range.clamped(to: 0..<bytes.count)
        guard let firstDot = range.first(where: { bytes[$0] == 0x2E }) else { return nil }
        let rest = firstDot + 1..<range.upperBound
        let end = rest.first { bytes[$0] == 0x2E } ?? rest.upperBound
        guard end > firstDot + 1, end - firstDot < 8192, let payload = TokenClaims.base64(bytes, firstDot + 1..<end),
            payload.first == 0x7B
        else {
            return nil
        }
        expires = TokenClaims.number("\"exp\"", payload)
        notBefore = TokenClaims.number("\"nbf\"", payload)
    }

    private static func number(_ name: StaticString, _ json: [UInt8]) -> UInt64? {
        guard let start = json.find(name, in: 0..<json.count) else { return nil }
        var position = start + name.utf8CodeUnitCount
        while position < json.count, json[position] == 0x20 || json[position] == 0x3A { position += 1 }
        var value: UInt64 = 0
        var digits = 0
        while position < json.count, digits < 15, (0x30...0x39).contains(json[position]) {
            value = value * 10 + UInt64(json[position] - 0x30)
            position += 1
            digits += 1
        }
        return digits > 0 ? value : nil
    }

    /// Base64url without padding (RFC 4648 §5).
    private static func base64(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(range.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for index in range {
            let value: UInt8
            switch bytes[index] {
            case 0x41...0x5A: value = bytes[index] - 0x41
            case 0x61...0x7A: value = bytes[index] - 0x61 + 26
            case 0x30...0x39: value = bytes[index] - 0x30 + 52
            case 0x2D, 0x2B: value = 62
            case 0x5F, 0x2F: value = 63
            case 0x3D: continue
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return output
    }
}
