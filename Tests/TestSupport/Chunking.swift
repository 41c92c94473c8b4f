/// The ways in which every decoder is fed the same bytes: whole, one by one, and cut at random places.
///
/// A decoder passes if each feeding gives the same events. The random cuts come from a seed, so that a failure
/// can be repeated; `description` says which one it was.
package struct Chunking: Sendable, CustomStringConvertible {
    package let description: String
    private let cuts: @Sendable (Int) -> [Int]

    package static let whole = Chunking(description: "whole") { _ in [] }
    package static let byteByByte = Chunking(description: "byte by byte") { Array(stride(from: 1, to: $0, by: 1)) }

    package static func random(seed: UInt64) -> Chunking {
        Chunking(description: "random cuts, seed \(seed)") { count in
            var random = SplitMix64(seed: seed)
            var cuts: [Int] = []
            var position = 0
            while position < count {
                position += Int(random.next() % 17) + 1
                if position < count { cuts.append(position) }
            }
            return cuts
        }
    }

    package static let all: [Chunking] = [whole, byteByByte] + (1...8).map { random(seed: UInt64($0)) }

    /// `bytes` in pieces, in order.
    package func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        let edges = [0] + cuts(bytes.count) + [bytes.count]
        return zip(edges, edges.dropFirst()).map { bytes[$0..<$1] }
    }
}

/// A small reproducible generator (SplitMix64) for property tests.
package struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
