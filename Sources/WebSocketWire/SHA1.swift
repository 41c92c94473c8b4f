/// SHA-1 (FIPS 180-4 §6.1) of short inputs, for the accept key alone: it guards against accidents, not against attackers.
///
/// Everything lives in the struct, so that a handshake costs no allocation.
struct SHA1 {
    private var state: InlineArray<5, UInt32> = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    private var block = InlineArray<64, UInt8>(repeating: 0)
    private var filled = 0
    private var total: UInt64 = 0

    /// Takes the next byte.
    mutating func append(_ byte: UInt8) {
        block[filled] = byte
        filled += 1
        total += 1
        if filled == 64 {
            compress()
            filled = 0
        }
    }

    /// Ends the input and gives the digest.
    mutating func finish() -> InlineArray<20, UInt8> {
        let bits = total &* 8
        block[filled] = 0x80
        for index in filled + 1..<64 { block[index] = 0 }
        if filled >= 56 {
            compress()
            for index in 0..<56 { block[index] = 0 }
        }
        for index in 56..<64 { block[index] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * (63 - index))) }
        compress()
        var digest = InlineArray<20, UInt8>(repeating: 0)
        for index in 0..<20 {
            digest[index] = UInt8(truncatingIfNeeded: state[index / 4] >> UInt32(24 - 8 * (index % 4)))
        }
        return digest
    }

    private mutating func compress() {
        var schedule = InlineArray<80, UInt32>(repeating: 0)
        for index in 0..<16 {
            let place = index * 4
            schedule[index] =
                UInt32(block[place]) << 24 | UInt32(block[place + 1]) << 16
                | UInt32(block[place + 2]) << 8 | UInt32(block[place + 3])
        }
        for index in 16..<80 {
            let mixed = schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14] ^ schedule[index - 16]
            schedule[index] = SHA1.rotate(mixed, 1)
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        @inline(__always) func round(_ choice: UInt32, _ constant: UInt32, _ word: UInt32) {
            let next = SHA1.rotate(a, 5) &+ choice &+ e &+ constant &+ word
            (e, d, c, b, a) = (d, c, SHA1.rotate(b, 30), a, next)
        }
        for index in 0..<20 { round(b & c | ~b & d, 0x5A82_7999, schedule[index]) }
        for index in 20..<40 { round(b ^ c ^ d, 0x6ED9_EBA1, schedule[index]) }
        for index in 40..<60 { round(b & c | b & d | c & d, 0x8F1B_BCDC, schedule[index]) }
        for index in 60..<80 { round(b ^ c ^ d, 0xCA62_C1D6, schedule[index]) }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
    }

    private static func rotate(_ value: UInt32, _ bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
}
