/// A position in bytes that somebody else owns: what every decoder reads from.
///
/// The cursor can't outlive the bytes (the compiler proves it), so a decoder that needs something later must
/// copy it, which makes every copy visible. Reading past the end gives nil, never a trap.
public struct ByteCursor: ~Escapable {
    /// All the bytes, the ones before `offset` included.
    public let bytes: RawSpan
    /// The next byte to read: 0 … `bytes.byteCount`.
    public var offset: Int

    /// Begins at the first of `bytes`.
    @inlinable
    @_lifetime(copy bytes)
    public init(_ bytes: RawSpan) {
        self.bytes = bytes
        self.offset = 0
    }

    /// How many bytes are left.
    @inlinable public var remaining: Int { bytes.byteCount - offset }

    /// Whether nothing is left.
    @inlinable public var isAtEnd: Bool { offset == bytes.byteCount }

    /// The byte that lies `ahead` bytes after the next one, without reading it.
    @inlinable public func peek(_ ahead: Int = 0) -> UInt8? {
        guard ahead >= 0, ahead < remaining else { return nil }
        return bytes.byte(at: offset + ahead)
    }

    /// Reads one byte.
    @inlinable public mutating func next() -> UInt8? {
        guard offset < bytes.byteCount else { return nil }
        defer { offset += 1 }
        return bytes.byte(at: offset)
    }

    /// Steps over at most `count` bytes and says over how many.
    @inlinable public mutating func skip(_ count: Int) -> Int {
        let taken = min(max(count, 0), remaining)
        offset += taken
        return taken
    }
}

extension RawSpan {
    /// The byte at `offset`.
    ///
    /// - Precondition: `offset` lies inside the span. Callers that walk untrusted input compare with `byteCount`
    ///   first; the check here is for the broken invariant.
    @inlinable public func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount, "RawSpan: byte offset outside the span")
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// Whether both hold the same bytes; compared eight at a time, where `==` of two arrays goes one by one.
    @inlinable public func isSame(as other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        var offset = 0
        while offset <= byteCount - 8 {
            guard
                unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
                    == other.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
            else { return false }
            offset += 8
        }
        while offset < byteCount {
            guard byte(at: offset) == other.byte(at: offset) else { return false }
            offset += 1
        }
        return true
    }

    /// The big-endian 16-bit number at `offset`, which must lie inside the span with its two bytes.
    @inlinable public func bigEndian16(at offset: Int) -> UInt16 {
        precondition(offset >= 0 && offset <= byteCount - 2, "RawSpan: 16-bit load outside the span")
        return unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
    }

    /// The big-endian 64-bit number at `offset`, which must lie inside the span with its eight bytes.
    @inlinable public func bigEndian64(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= byteCount - 8, "RawSpan: 64-bit load outside the span")
        return unsafe UInt64(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// A copy of the bytes, for evidence that outlives them.
    public func copied() -> [UInt8] {
        unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// A copy of `range`, cut to what is there.
    public func copied(_ range: Range<Int>) -> [UInt8] {
        unsafe withUnsafeBytes { bytes in
            unsafe [UInt8](bytes[range.clamped(to: 0..<bytes.count)])
        }
    }
}
