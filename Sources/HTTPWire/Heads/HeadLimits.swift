/// What a head may measure before it is refused (RFC 6585 §5, RFC 9110 §15.5.15).
public struct HeadLimits: Sendable, Hashable {
    /// Octets of the whole head with its empty line; the scanner enforces it while the head arrives. → 431
    public var head: Int
    /// Octets of the request target. → 414
    public var target: Int
    /// Octets of one field line. → 431
    public var fieldLine: Int
    /// Number of field lines. → 431
    public var fieldCount: Int

    @inlinable public init(
        head: Int = 32 << 10, target: Int = 8 << 10, fieldLine: Int = 16 << 10, fieldCount: Int = 128
    ) {
        self.head = head
        self.target = target
        self.fieldLine = fieldLine
        self.fieldCount = fieldCount
    }

    @inlinable public static var `default`: HeadLimits { HeadLimits() }
}
