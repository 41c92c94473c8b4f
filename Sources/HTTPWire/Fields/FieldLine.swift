/// One field line of a head as byte ranges: 20 octets, no heap.
public struct FieldLine: Sendable, Hashable {
    @usableFromInline let nameStart: UInt32
    @usableFromInline let nameEnd: UInt32
    @usableFromInline let valueStart: UInt32
    @usableFromInline let valueEnd: UInt32
    /// Which field it is, if Gatehouse knows the name.
    public let known: KnownField
    /// Whether the line reads `name: value CRLF` with one blank and nothing odd, so that its octets may be copied
    /// as they are.
    public let isPlain: Bool

    init(name: Range<Int>, value: Range<Int>, known: KnownField, isPlain: Bool) {
        nameStart = UInt32(clamping: name.lowerBound)
        nameEnd = UInt32(clamping: name.upperBound)
        valueStart = UInt32(clamping: value.lowerBound)
        valueEnd = UInt32(clamping: value.upperBound)
        self.known = known
        self.isPlain = isPlain
    }

    /// The field name.
    @inlinable public var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }

    /// The field value without the blanks around it.
    @inlinable public var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
}
