import CLinux
import CaptureFile
import Glibc

/// One file of a capture that is written: whole blocks, of which much goes past the page cache and a little through it.
///
/// A capture of a busy proxy is written once and read later, if at all, so copying it into the page cache costs as much as all else together. Where
/// the file system allows it (O_DIRECT), whatever comes in bulk goes from the buffer to the disk as it lies there, in whole pages; what is left behind
/// the last of them stays at the front of the buffer, and goes out with the next bulk, or through the page cache as soon as nothing more comes.
/// A trickle goes through the page cache at once, and so does everything where the disk falls behind (that is what the page cache is for) or where
/// the file system can't. Pages that were inserted into the buffer are gathered from where they stand.
///
///     file    0 ─────────────── base ── saved ─────┐
///     buffer                    0 ───── saved ──── count
///
/// `base` is a multiple of the page's size, so that page and place in memory fit. Whatever happens, `cutBack` leaves a file that ends with a whole block.
struct CaptureOutput: ~Copyable {
    private let descriptor: Int32
    /// Where the buffer's first byte stands in the file.
    private var base: UInt64 = 0
    /// How many of the buffer's first bytes are in the file already.
    private var saved = 0
    /// Where the last block ends that is in the file as a whole.
    private var whole: UInt64 = 0
    /// Packets whose blocks have not yet come wholly into the file.
    private var waiting: (downstream: UInt64, upstream: UInt64) = (0, 0)
    /// What is gathered for a write.
    private var pieces: [iovec] = []
    private var mayGoDirect = true
    private var isDirect = false
    /// The file has its places already and reads as zeros behind what was written, until it is closed.
    private var isLonger: Bool
    /// Past the page cache go pieces of whole pages only, not of whole sectors.
    private(set) var wantsPages = false

    /// From how many bytes on it is worth the while to go past the page cache.
    static let bulk = 256 << 10

    init(descriptor: Int32, isLonger: Bool = false) {
        self.descriptor = descriptor
        self.isLonger = isLonger
    }

    deinit {
        if isLonger { _ = ftruncate(descriptor, off_t(base) + off_t(saved)) }
        Glibc.close(descriptor)
    }

    /// Bytes of the file and of what waits for it.
    func size(with buffer: borrowing CaptureBuffer) -> UInt64 { base + UInt64(buffer.total) }

    /// How many bytes of the buffer are not in the file.
    func unsaved(_ buffer: borrowing CaptureBuffer) -> Int { buffer.total - saved }

    /// Whether bytes of the buffer are not in the file.
    func isBehind(_ buffer: borrowing CaptureBuffer) -> Bool { buffer.count > saved }

    /// Packets that came into the file and those that didn't: their sum is what was given since the last time.
    struct Written {
        var downstream: UInt64 = 0
        var upstream: UInt64 = 0
        var bytes = 0
    }

    /// Writes what is in the buffer: all of it, or whole pages where it is much.
    ///
    /// - Parameters:
    ///   - fresh: packets that were encoded since the last call.
    ///   - isLate: the disk can't follow; the page cache shall take it.
    /// - Returns: what is in the file now and wasn't before.
    /// - Throws: errno; the file has been cut back, and nothing of the buffer counts as written.
    mutating func write(
        _ buffer: inout CaptureBuffer, fresh: (downstream: UInt64, upstream: UInt64), isLate: Bool
    ) throws(CaptureFolder.Failure) -> Written {
        waiting.downstream &+= fresh.downstream
        waiting.upstream &+= fresh.upstream
        let page = CaptureBuffer.alignment
        var left: (downstream: UInt64, upstream: UInt64) = (0, 0)
        let before = whole
        // What was inserted needn't end with a page.
        if buffer.inserted > 0 { buffer.fillPage() }
        let pages = buffer.inserted > 0 ? buffer.count : buffer.count & ~(page - 1)
        if unsaved(buffer) >= CaptureOutput.bulk, !isLate, goDirect(true) {
            let border = buffer.border(notBehind: pages)
            try put(buffer, from: 0, to: pages)
            whole = base + UInt64(border.offset)
            left = border.packets
            drop(pages, of: &buffer, saving: pages)
        } else {
            _ = goDirect(false)
            try put(buffer, from: saved, to: buffer.count)
            whole = base + UInt64(buffer.total)
            drop(pages, of: &buffer, saving: buffer.count)
        }
        defer { waiting = left }
        return Written(
            downstream: waiting.downstream &- left.downstream, upstream: waiting.upstream &- left.upstream,
            bytes: Int(whole - before))
    }

    /// Whether no whole block is in the file.
    var isEmpty: Bool { whole == 0 }

    /// Packets that are lost with the present buffer.
    var lost: (downstream: UInt64, upstream: UInt64) { waiting }

    private mutating func drop(_ pages: Int, of buffer: inout CaptureBuffer, saving count: Int) {
        saved = count - pages
        base += UInt64(pages + buffer.inserted)
        buffer.dropFirst(pages)
    }

    /// Writes the buffer's bytes from one place to another, and what is inserted between them.
    private mutating func put(_ buffer: borrowing CaptureBuffer, from start: Int, to end: Int) throws(CaptureFolder.Failure) {
        pieces.removeAll(keepingCapacity: true)
        var gathered: [iovec] = []
        swap(&gathered, &pieces)
        buffer.forEachPiece(from: start, to: end) { piece in
            gathered.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: piece.baseAddress), iov_len: piece.count))
        }
        swap(&gathered, &pieces)
        let descriptor = descriptor
        var place = off_t(base) + off_t(start)
        var first = 0
        while first < pieces.count {
            let most = min(pieces.count - first, CaptureOutput.mostPieces)
            let wanted = pieces[first..<first + most].reduce(0) { $0 + $1.iov_len }
            let count = pieces.withUnsafeBufferPointer {
                pwritev(descriptor, $0.baseAddress.map { $0 + first }, Int32(most), place)
            }
            if count > 0 {
                // Past the page cache only whole pages may follow.
                let taken = isDirect && count < wanted ? count & ~(CaptureBuffer.alignment - 1) : count
                if isDirect, taken == 0 { _ = goDirect(false) }
                place += off_t(taken)
                advance(&first, by: taken)
            } else if errno == EINVAL, isDirect {
                // The file system has rules of its own: larger units, or others yet.
                let uneven = pieces[first...].contains { $0.iov_len & (CaptureBuffer.alignment - 1) != 0 }
                if uneven { wantsPages = true } else { mayGoDirect = false }
                _ = goDirect(false)
            } else if errno != EINTR {
                let failure = errno
                cutBack()
                throw CaptureFolder.Failure(operation: "write", errno: failure)
            }
        }
    }

    /// So many pieces does the kernel take at once (IOV_MAX).
    private static let mostPieces = 1024

    /// Steps over pieces that are written, and over the beginning of one.
    private mutating func advance(_ first: inout Int, by count: Int) {
        var left = count
        while left > 0, first < pieces.count {
            let step = min(left, pieces[first].iov_len)
            left -= step
            pieces[first].iov_base = pieces[first].iov_base.map { $0 + step }
            pieces[first].iov_len -= step
            if pieces[first].iov_len == 0 { first += 1 }
        }
    }

    private mutating func goDirect(_ wanted: Bool) -> Bool {
        if wanted != isDirect, mayGoDirect || !wanted {
            if clinux_set_direct(descriptor, wanted) == 0 { isDirect = wanted } else { mayGoDirect = false }
        }
        return isDirect
    }

    /// What stands behind the last whole block goes.
    private mutating func cutBack() {
        _ = goDirect(false)
        _ = ftruncate(descriptor, off_t(whole))
        isLonger = false
    }
}
