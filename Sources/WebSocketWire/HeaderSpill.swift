import Wire

/// The bytes of a header that a buffer cut, inside the parser's own storage.
@usableFromInline struct HeaderSpill: Sendable {
    private(set) var bytes = InlineArray<14, UInt8>(repeating: 0)
    /// How many bytes came: 0 … 14.
    private(set) var count: UInt8 = 0

    init() {}

    subscript(_ index: Int) -> UInt8 { bytes[index] }

    /// Takes one more byte. A header has at most fourteen, and is read when it is complete.
    mutating func append(_ byte: UInt8) {
        precondition(count < 14, "HeaderSpill: a header has at most fourteen bytes")
        bytes[Int(count)] = byte
        count += 1
    }

    /// The header, once its last byte came.
    var header: FrameHeader? {
        guard count >= 2, Int(count) == FrameHeader.length(secondByte: bytes[1]) else { return nil }
        return unsafe FrameHeader.read(bytes.span.bytes, at: 0)
    }
}
