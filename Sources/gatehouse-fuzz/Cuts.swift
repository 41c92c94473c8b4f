/// Two ways to cut an input, drawn from the input itself, so that a finding repeats.
enum Cuts {
    /// The input in one piece.
    static func whole(_ bytes: [UInt8]) -> [[UInt8]] { bytes.isEmpty ? [] : [bytes] }

    /// The input in pieces of one to sixteen bytes, now and then a longer one.
    static func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
        var seed = UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.last ?? 0)
        var pieces: [[UInt8]] = []
        var position = 0
        while position < bytes.count {
            // A linear congruential step is random enough for places to cut.
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let length = seed >> 60 == 0 ? 300 : Int(seed >> 33 % 16) + 1
            let end = min(position + length, bytes.count)
            pieces.append(Array(bytes[position..<end]))
            position = end
        }
        return pieces
    }
}
