/// What one message may cost where RFC 6455 is enforced (§10.4).
public struct MessageLimits: Sendable, Hashable {
    /// The most payload bytes of a message, inflated where it is compressed.
    public var size: UInt64
    /// The most frames of a message, empty ones included.
    public var fragments: UInt64
    /// How far a compressed message may inflate; its own `size` is ignored for the one above.
    public var inflation: Inflater.Limits

    public init(size: UInt64 = 16 << 20, fragments: UInt64 = 131_072, inflation: Inflater.Limits = .init()) {
        self.size = size
        self.fragments = fragments
        self.inflation = inflation
        self.inflation.size = size
    }

    /// The most payload bytes on the wire of a compressed message: its size and what DEFLATE adds to what it can't
    /// compress. Without it, a message of empty blocks would have no end.
    var compressedSize: UInt64 {
        let (sum, overflow) = size.addingReportingOverflow(size / 8 + 1024)
        return overflow ? .max : sum
    }
}
