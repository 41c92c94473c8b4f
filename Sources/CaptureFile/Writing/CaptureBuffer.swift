import Glibc
import Wire

/// Bytes that grow and are used again: what encoders write into, and a writer thread hands to the disk.
///
/// Whole sectors that stand elsewhere in memory can be inserted without being copied (`insert`): they belong between two bytes of the buffer, at a
/// place where both parts are whole sectors of the file, so that a gathering write past the page cache takes all of it as it lies.
public struct CaptureBuffer: ~Copyable {
    private(set) var base: UnsafeMutableRawPointer
    private var capacity: Int
    /// How many bytes are in it.
    public private(set) var count = 0
    /// What writing past the page cache wants of a piece that is gathered, on most disks; where it wants whole pages, `unit` says so.
    public static let sector = 512
    /// `sector` or `alignment`: where in the file inserted bytes begin.
    public var unit = CaptureBuffer.sector
    /// Sectors that stand elsewhere, in order, each with the place in the buffer in front of which they belong.
    private var inserts: [(place: Int, pages: UnsafeRawBufferPointer)] = []
    /// How many bytes stand elsewhere.
    public private(set) var inserted = 0

    /// Bytes that the buffer holds and that were inserted.
    public var total: Int { count + inserted }

    /// How its memory is aligned: what writing past the page cache wants.
    public static let alignment = 4096

    public init(capacity: Int = 1 << 16) {
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

    /// The bytes, valid for the call; of a buffer without inserted pages.
    public borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        precondition(inserts.isEmpty, "CaptureBuffer: its bytes don't stand in one place")
        return body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// A copy of the bytes, and of those that were inserted.
    public borrowing func copied() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        forEachPiece(from: 0, to: count) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Hands out the buffer's bytes from one place to another, and in order what is inserted between them.
    public borrowing func forEachPiece(from start: Int, to end: Int, _ take: (UnsafeRawBufferPointer) -> Void) {
        var offset = start
        for (place, pages) in inserts where place >= start && place <= end {
            if place > offset { take(UnsafeRawBufferPointer(start: base + offset, count: place - offset)) }
            take(pages)
            offset = place
        }
        if end > offset { take(UnsafeRawBufferPointer(start: base + offset, count: end - offset)) }
    }

    /// Forgets the bytes, and keeps the room.
    public mutating func clear() {
        count = 0
        forgetInserts()
    }

    /// Forgets the first bytes and all that was inserted; what stands behind them becomes the beginning.
    public mutating func dropFirst(_ dropped: Int) {
        precondition(dropped <= count, "CaptureBuffer: more bytes are to go than there are")
        precondition((inserts.last?.place ?? 0) <= dropped, "CaptureBuffer: inserted pages would be lost")
        count -= dropped
        if dropped > 0 { base.copyMemory(from: base + dropped, byteCount: count) }
        forgetInserts()
    }

    private mutating func forgetInserts() {
        inserts.removeAll(keepingCapacity: true)
        inserted = 0
    }

    // MARK: Pages that stand elsewhere

    /// A block that says nothing, of a type for local use (draft-ietf-opsawg-pcapng §10.1), so that every reader skips it.
    private static let filler: UInt32 = 0x8000_4748

    /// Fills up so that a page of the file ends.
    public mutating func fillPage() { fill(before: 0, CaptureBuffer.alignment) }

    /// Fills up so that after `headers` more bytes a unit ends.
    mutating func fill(before headers: Int) { fill(before: headers, unit) }

    private mutating func fill(before headers: Int, _ unit: Int) {
        var gap = -(total + headers) & (unit - 1)
        guard gap > 0 else { return }
        // Shorter than a block can be.
        if gap < 12 { gap += unit }
        let block = reserve(gap)
        block.initializeMemory(as: UInt8.self, repeating: 0, count: gap)
        block.storeBytes(of: CaptureBuffer.filler.littleEndian, as: UInt32.self)
        block.storeBytes(of: UInt32(gap).littleEndian, toByteOffset: 4, as: UInt32.self)
        block.storeBytes(of: UInt32(gap).littleEndian, toByteOffset: gap - 4, as: UInt32.self)
        count += gap
    }

    /// Puts whole sectors before the byte at `place`, which begins one and has no others behind it; they have to stay where they are
    /// until the buffer forgets them.
    mutating func insert(_ pages: UnsafeRawBufferPointer, at place: Int) {
        precondition(
            (place | pages.count) & (CaptureBuffer.sector - 1) == 0 && place > inserts.last?.place ?? 0,
            "CaptureBuffer: sectors can't stand at \(place)")
        inserts.append((place, pages))
        inserted += pages.count
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
    /// is looked for has to stand in it. A block that goes over `place` may have pages inserted; the border counts those before it.
    ///
    /// - Parameter place: a byte of the buffer that isn't before the last inserted pages.
    public borrowing func border(notBehind place: Int) -> (offset: Int, packets: (downstream: UInt64, upstream: UInt64)) {
        var offset = count
        var elsewhere = inserted
        var packets: (downstream: UInt64, upstream: UInt64) = (0, 0)
        while offset > place {
            var length = Int(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: offset - 4, as: UInt32.self)))
            // The last pages are this block's, if it isn't whole behind them.
            if let last = inserts.last, elsewhere == inserted, offset - length < last.place {
                length -= last.pages.count
                elsewhere -= last.pages.count
            }
            precondition(length >= 12 && length <= offset, "CaptureBuffer: the bytes before \(offset) are no whole block")
            offset -= length
            guard base.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian == 0x0000_0006 else { continue }
            if base.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self) == 0 {
                packets.downstream += 1
            } else {
                packets.upstream += 1
            }
        }
        return (offset + elsewhere, packets)
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
