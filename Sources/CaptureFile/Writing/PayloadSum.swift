/// What bytes add to the checksum of a segment that carries them: worked out once where they stand in the conversations of both sides.
public struct PayloadSum: Sendable {
    private(set) var checksum: InternetChecksum

    public init(_ bytes: RawSpan) {
        var checksum = InternetChecksum()
        bytes.withUnsafeBytes { if let from = $0.baseAddress { checksum.add(from, $0.count) } }
        self.checksum = checksum
    }

    /// The sum of bytes, the first of which were added up while they were copied: an even number of them, by 32-bit words as they lie in memory.
    public init(words sum: UInt64, _ rest: RawSpan) {
        self.init(rest)
        checksum.add(words: sum)
    }
}
