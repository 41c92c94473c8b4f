/// SHA-1 (FIPS 180-4 §6.1) of short inputs, for the accept key alone: it guards against accidents, not against attackers.
///
/// Everything lives in the struct, so that a handshake costs no allocation. The block is kept as the words that it is
/// computed with.
struct SHA1 {
    private var state: InlineArray<5, UInt32> = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    private var block = InlineArray<16, UInt32>(repeating: 0)
    /// Octets in the block, and in all blocks before it.
    private var filled = 0
    private var total: UInt64 = 0

    /// Takes the next octet.
    mutating func append(_ byte: UInt8) {
        block[filled >> 2] |= UInt32(byte) << UInt32(24 - 8 * (filled & 3))
        advance(1)
    }

    /// Takes the next four octets, the first of them highest; all before them came in fours.
    mutating func append(word: UInt32) {
        precondition(filled & 3 == 0, "SHA1: a word in the middle of another")
        block[filled >> 2] = word
        advance(4)
    }

    private mutating func advance(_ count: Int) {
        filled += count
        total += UInt64(count)
        if filled == 64 { compress() }
    }

    /// Ends the input and gives the digest.
    mutating func finish() -> InlineArray<20, UInt8> {
        let bits = total &* 8
        block[filled >> 2] |= 0x80 << UInt32(24 - 8 * (filled & 3))
        if filled >= 56 { compress() }
        block[14] = UInt32(truncatingIfNeeded: bits >> 32)
        block[15] = UInt32(truncatingIfNeeded: bits)
        compress()
        var digest = InlineArray<20, UInt8>(repeating: 0)
        for index in 0..<20 {
            digest[index] = UInt8(truncatingIfNeeded: state[index >> 2] >> UInt32(24 - 8 * (index & 3)))
        }
        return digest
    }

    /// Works the block into the state and empties it.
    private mutating func compress() {
        var schedule = InlineArray<80, UInt32>(repeating: 0)
        for index in 0..<16 { schedule[index] = block[index] }
        for index in 16..<80 {
            let mixed = schedule[index - 3] ^ schedule[index - 8] ^ schedule[index - 14] ^ schedule[index - 16]
            schedule[index] = SHA1.rotate(mixed, 1)
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        // Five rounds at a time bring each variable back to its place, so that none is ever moved.
        @inline(__always) func rounds(
            _ all: Range<Int>, _ constant: UInt32, _ choice: (UInt32, UInt32, UInt32) -> UInt32
        ) {
            @inline(__always) func round(
                _ a: UInt32, _ b: inout UInt32, _ c: UInt32, _ d: UInt32, _ e: inout UInt32, _ word: UInt32
            ) {
                e = e &+ SHA1.rotate(a, 5) &+ choice(b, c, d) &+ constant &+ word
                b = SHA1.rotate(b, 30)
            }
            var index = all.lowerBound
            while index < all.upperBound {
                round(a, &b, c, d, &e, schedule[index])
                round(e, &a, b, c, &d, schedule[index + 1])
                round(d, &e, a, b, &c, schedule[index + 2])
                round(c, &d, e, a, &b, schedule[index + 3])
                round(b, &c, d, e, &a, schedule[index + 4])
                index += 5
            }
        }
        rounds(0..<20, 0x5A82_7999) { b, c, d in d ^ (b & (c ^ d)) }
        rounds(20..<40, 0x6ED9_EBA1) { b, c, d in b ^ c ^ d }
        rounds(40..<60, 0x8F1B_BCDC) { b, c, d in (b & c) | (d & (b | c)) }
        rounds(60..<80, 0xCA62_C1D6) { b, c, d in b ^ c ^ d }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
        block = InlineArray(repeating: 0)
        filled = 0
    }

    private static func rotate(_ value: UInt32, _ bits: UInt32) -> UInt32 { value << bits | value >> (32 - bits) }
}
