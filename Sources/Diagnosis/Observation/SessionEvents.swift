package import Wire

/// The order of what ended a session: at most sixteen events in one word.
package struct SessionEvents: Sendable, Hashable {
    private var word: UInt64 = 0
    package private(set) var count: UInt8 = 0

    package enum Kind: UInt8, Sendable, Hashable {
        case closeFrame, fin, reset, timeout, local, fault
    }

    package init() {}

    /// Appends; what comes after sixteen events is dropped.
    package mutating func append(_ kind: Kind, _ side: Side) {
        guard count < 16 else { return }
        word |= UInt64(kind.rawValue << 1 | side.rawValue) << (UInt64(count) * 4)
        count += 1
    }

    package subscript(index: Int) -> (kind: Kind, side: Side) {
        let nibble = UInt8(truncatingIfNeeded: word >> (UInt64(index) * 4)) & 15
        return (Kind(rawValue: nibble >> 1) ?? .fault, nibble & 1 == 0 ? .downstream : .upstream)
    }

    /// All of them, in order.
    package var all: [(kind: Kind, side: Side)] { (0..<Int(count)).map { self[$0] } }

    package var isEmpty: Bool { count == 0 }
}
