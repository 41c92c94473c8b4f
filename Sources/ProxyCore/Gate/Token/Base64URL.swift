import Wire

/// Base64url without padding (RFC 7515 §2), strictly: one text for each sequence of octets.
package enum Base64URL {
    /// The octets that `text` encodes; nil for padding, `+` and `/`, blanks, an impossible length, or bits left over that aren't zero
    /// (threat B8: else one signature would have many spellings).
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let copy = text.withContiguousStorageIfAvailable { unsafe decode(UnsafeRawBufferPointer($0).bytes) }
        if let copy { return copy }
        let array = Array(text)
        return decode(unsafe array.span.bytes)
    }

    private static func decode(_ text: RawSpan) -> [UInt8]? {
        guard text.byteCount % 4 != 1 else { return nil }
        let count = text.byteCount / 4 * 3 + max(text.byteCount % 4 - 1, 0)
        var isWhole = false
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: count) { room, written in
            var bits: UInt32 = 0
            var held = 0
            for position in 0..<text.byteCount {
                guard let value = value(text.byte(at: position)) else { return }
                bits = bits << 6 | UInt32(value)
                held += 6
                guard held >= 8 else { continue }
                held -= 8
                unsafe room[written] = UInt8(truncatingIfNeeded: bits >> UInt32(held))
                written += 1
                bits &= (1 << UInt32(held)) - 1
            }
            isWhole = bits == 0
        }
        return isWhole ? octets : nil
    }

    @inline(__always)
    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x61...0x7A: byte - 0x61 + 26
        case 0x41...0x5A: byte - 0x41
        case 0x30...0x39: byte - 0x30 + 52
        case 0x2D: 62
        case 0x5F: 63
        default: nil
        }
    }

    /// The octets of RFC 4648 §4 with padding, for Basic credentials; nil if they aren't that.
    package static func decodePadded(_ text: some Collection<UInt8>) -> [UInt8]? {
        var body = Array(text)
        guard body.count % 4 == 0 else { return nil }
        while body.last == 0x3D, text.count - body.count < 2 { body.removeLast() }
        guard !body.contains(0x2D), !body.contains(0x5F) else { return nil }
        return decode(body.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 })
    }
}

extension Base64URL {
    /// `octets` without padding.
    package static func encode(_ octets: [UInt8]) -> [UInt8] {
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
