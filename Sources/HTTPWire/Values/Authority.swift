/// `host [":" port]` as it stands in `Host`, in an absolute target and in `X-Forwarded-Host`, without userinfo.
///
/// Narrower than RFC 3986 §3.2.2: a name is made of letters, digits, `-`, `.` and `_` with no empty label (one trailing
/// dot is allowed), or it is an IPv6 literal in brackets. Percent escapes, sub-delims, zones and IPvFuture are legal in
/// URIs, name no host on the Internet, and have served attacks; so they are refused.
public struct Authority: Sendable, Hashable {
    /// The name or address, brackets included.
    public let host: Range<Int>
    /// The port, or nil if there is none.
    public let port: UInt16?

    /// Whether the host is an IPv6 literal in brackets.
    public let isBracketed: Bool

    /// The authority that the octets of `range` spell, or nil if they spell none.
    public init?(_ bytes: [UInt8], _ range: Range<Int>) {
        let range = range.clamped(to: 0..<bytes.count)
        guard let first = range.first, range.count <= 262 else { return nil }
        var position = first
        if bytes[first] == 0x5B {
            position += 1
            let inside = position
            while position < range.upperBound, Authority.isAddressCharacter(bytes[position]) { position += 1 }
            guard position < range.upperBound, bytes[position] == 0x5D, position - inside >= 2 else { return nil }
            guard bytes[inside..<position].contains(0x3A), position - inside <= 45 else { return nil }
            position += 1
            isBracketed = true
        } else {
            var label = 0
            while position < range.upperBound, bytes[position] != 0x3A {
                let byte = bytes[position]
                if byte == 0x2E {
                    guard label > 0 else { return nil }
                    label = 0
                } else {
                    guard byte.isLetter || byte.isDigit || byte == 0x2D || byte == 0x5F, label < 63 else { return nil }
                    label += 1
                }
                position += 1
            }
            guard position > first, position - first <= 254 else { return nil }
            isBracketed = false
        }
        host = first..<position
        guard position < range.upperBound else {
            port = nil
            return
        }
        let digits = position + 1..<range.upperBound
        guard bytes[position] == 0x3A, (1...5).contains(digits.count) else { return nil }
        var number = 0
        for offset in digits {
            guard bytes[offset].isDigit else { return nil }
            number = number * 10 + Int(bytes[offset] - 0x30)
        }
        guard number <= 65_535 else { return nil }
        port = UInt16(number)
    }

    private static func isAddressCharacter(_ byte: UInt8) -> Bool {
        byte.hexadecimalValue != nil || byte == 0x3A || byte == 0x2E
    }
}
