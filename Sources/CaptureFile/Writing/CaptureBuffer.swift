import Glibc
import Wire

/// Bytes that grow and are used again: what encoders write into, and a writer thread hands to the disk.
package struct CaptureBuffer: ~Copyable {
    private(set) var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// How many bytes are in it.
    package private(set) var count = 0

    /// How its memory is aligned: what writing past the page cache wants.
    package static let alignment = 4096

    package init(capacity: Int = 1 << 16) {
        self.capacity = max(capacity, 256)
        base = CaptureBuffer.room(self.capacity)
    }

    /// Room for so many bytes; of 2 MiB on in huge pages where the kernel has some, since writing past the page cache costs by the page.
    private static func room(_ size: Int) -> UnsafeMutableRawPointer {
        guard size >= hugePage else { return .allocate(byteCount: size, alignment: alignment) }
        let room = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: hugePage)
        _ = madvise(room, size & ~(hugePage - 1), MADV_HUGEPAGE)
        return room
    }

    private static let hugePage = 2 << 20

    deinit { base.deallocate() }

    /// The bytes, valid for the call.
    package borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// A copy of the bytes.
    package borrowing func copied() -> [UInt8] { [UInt8](UnsafeRawBufferPointer(start: base, count: count)) }

    /// Forgets the bytes, and keeps the room.
    package mutating func clear() { count = 0 }

    /// Forgets the first bytes; what stands behind them becomes the beginning.
    package mutating func dropFirst(_ dropped: Int) {
        precondition(dropped <= count, "CaptureBuffer: more bytes are to go than there are")
        count -= dropped
        if dropped > 0 { base.copyMemory(from: base + dropped, byteCount: count) }
    }

    /// Room for `more` bytes; where the next one goes.
    @inline(__always)
    mutating func reserve(_ more: Int) -> UnsafeMutableRawPointer {
        if capacity - count < more { grow(more) }
        return base + count
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let size = max(capacity * 2, count + more)
        let larger = CaptureBuffer.room(size)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
        capacity = size
    }

    /// The last border between blocks that isn't behind `place`, and the packets whose blocks stand behind it, by interface.
    ///
    /// Every block tells its length at its end, so this walks from the last byte back. The buffer has to end with a whole block, and the border that
    /// is looked for has to stand in it.
    package borrowing func border(notBehind place: Int) -> (offset: Int, packets: (downstream: UInt64, upstream: UInt64)) {
        var offset = count
        var packets: (downstream: UInt64, upstream: UInt64) = (0, 0)
        while offset > place {
            let length = Int(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset - 4, as: UInt32.self)))
            precondition(length >= 12 && length <= offset, "CaptureBuffer: the bytes before \(offset) are no whole block")
            offset -= length
            guard base.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian == 0x0000_0006 else { continue }
            if base.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self) == 0 {
                packets.downstream += 1
            } else {
                packets.upstream += 1
            }
        }
        return (offset, packets)
    }

    /// Counts bytes that were put into reserved room.
    @inline(__always) mutating func advance(_ more: Int) { count += more }

    // Numbers of the pcapng blocks, little-endian.

    mutating func put16(_ value: UInt16) {
        reserve(2).storeBytes(of: value.littleEndian, as: UInt16.self)
        count += 2
    }

    mutating func put32(_ value: UInt32) {
        reserve(4).storeBytes(of: value.littleEndian, as: UInt32.self)
        count += 4
    }

    mutating func put64(_ value: UInt64) {
        reserve(8).storeBytes(of: value.littleEndian, as: UInt64.self)
        count += 8
    }

    /// Bytes, then zeros up to a multiple of four.
    mutating func putPadded(_ bytes: RawSpan) {
        let padded = (bytes.byteCount + 3) & ~3
        let place = reserve(padded)
        bytes.withUnsafeBytes { source in
            if let from = source.baseAddress { place.copyMemory(from: from, byteCount: source.count) }
        }
        (place + bytes.byteCount).initializeMemory(as: UInt8.self, repeating: 0, count: padded - bytes.byteCount)
        count += padded
    }

    /// An option of a block: code, length, padded value. Longer values than an option may have are cut.
    mutating func putOption(_ code: UInt16, _ value: [UInt8]) {
        let value = value.prefix(Int(UInt16.max) & ~3)
        put16(code)
        put16(UInt16(value.count))
        putPadded(Array(value).span.bytes)
    }

    /// Sets the 32-bit number at `offset`.
    mutating func set32(_ value: UInt32, at offset: Int) {
        (base + offset).storeBytes(of: value.littleEndian, as: UInt32.self)
    }
}
