package import Wire

/// The order of what ended a session: at most sixteen events in one word, read in place.
package struct SessionEvents: Sendable, Hashable, RandomAccessCollection {
    private var word: UInt64 = 0
    private var filled: UInt8 = 0

    package enum Kind: UInt8, Sendable, Hashable {
        case closeFrame, fin, reset, timeout, local, fault
    }

    package init() {}

    /// Appends; what comes after sixteen events is dropped.
    package mutating func append(_ kind: Kind, _ side: Side) {
        guard filled < 16 else { return }
        word |= UInt64(kind.rawValue << 1 | side.rawValue) << (UInt64(filled) * 4)
        filled += 1
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { Int(filled) }

    package subscript(index: Int) -> (kind: Kind, side: Side) {
        let nibble = UInt8(truncatingIfNeeded: word >> (UInt64(index) * 4)) & 15
        return (Kind(rawValue: nibble >> 1) ?? .fault, nibble & 1 == 0 ? .downstream : .upstream)
    }

    /// What began the end: the first event that is no fault.
    package var firstEnd: (kind: Kind, side: Side)? { first { $0.kind != .fault } }
}
