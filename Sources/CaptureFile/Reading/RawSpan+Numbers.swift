import Wire

/// Numbers in either byte order; callers have compared with `byteCount` before.
extension RawSpan {
    @inline(__always) func number32(at offset: Int, swapped: Bool) -> UInt32 {
        precondition(offset >= 0 && offset <= byteCount - 4, "RawSpan: 32-bit load outside the span")
        let value = unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self).littleEndian
        return swapped ? value.byteSwapped : value
    }

    @inline(__always) func number16(at offset: Int, swapped: Bool) -> UInt16 {
        swapped ? bigEndian16(at: offset) : bigEndian16(at: offset).byteSwapped
    }

    @inline(__always) func bigEndian32(at offset: Int) -> UInt32 { number32(at: offset, swapped: true) }
}
