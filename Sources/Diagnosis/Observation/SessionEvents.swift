public import Wire

/// The order of what ended a session: at most sixteen events in one word, read in place.
public struct SessionEvents: Sendable, Hashable, RandomAccessCollection {
    private var word: UInt64 = 0
    private var filled: UInt8 = 0

    public enum Kind: UInt8, Sendable, Hashable {
        case closeFrame, fin, reset, timeout, local, fault
    }

    public init() {}

    /// Appends; what comes after sixteen events is dropped.
    public mutating func append(_ kind: Kind, _ side: Side) {
        guard filled < 16 else { return }
        word |= UInt64(kind.rawValue << 1 | side.rawValue) << (UInt64(filled) * 4)
        filled += 1
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { Int(filled) }

    public subscript(index: Int) -> (kind: Kind, side: Side) {
        let nibble = UInt8(truncatingIfNeeded: word >> (UInt64(index) * 4)) & 15
        return (Kind(rawValue: nibble >> 1) ?? .fault, nibble & 1 == 0 ? .downstream : .upstream)
    }

    /// What began the end: the first event that is no fault.
    public var firstEnd: (kind: Kind, side: Side)? { first { $0.kind != .fault } }
}
