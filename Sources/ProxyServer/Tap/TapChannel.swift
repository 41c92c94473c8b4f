import CLinux
import CaptureFile
import Synchronization
import Wire

/// A worker's way to the capture's thread: the chunk that it is filling.
///
/// Confined to its worker. A chunk is handed over when it is full, or `linger` after its first record, at the end of a turn. While there is no empty
/// chunk, records are refused, and whoever wanted to write them counts what is lost.
///
///     chunk   records ──►     ◄── pages
///
/// Records are laid from the front. Whole sectors of long ones are laid from the back, where the disk takes them from without another copy.
final class TapChannel {
    private let queue: CaptureQueue
    private var start: UnsafeMutableRawPointer?
    private var count = 0
    /// Where the pages begin.
    private var top = CaptureQueue.chunkSize
    /// Whole units of so many bytes are laid apart.
    private var unit = CaptureBuffer.sector
    /// When what has gathered is to be handed over; `never` while there is nothing.
    private(set) var due = Timestamp.never
    /// What was refused since it was last told.
    private(set) var loss = Loss()
    private var nextKey: UInt64

    /// How long records may gather.
    static let linger = TimeSpan.milliseconds(20)
    /// Bytes of one record at most; longer ones are written in pieces.
    static let piece = 60 << 10
    /// From how many bytes on whole sectors are laid apart.
    static let paged = 4 << 10

    struct Loss {
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        /// The first sessions that lost something.
        var sessions: [SessionID] = []
        var sessionCount = 0

        mutating func add(_ session: SessionID, bytes count: Int) {
            packets &+= 1
            bytes &+= UInt64(count)
        }

        mutating func name(_ session: SessionID) {
            sessionCount += 1
            if sessions.count < 8 { sessions.append(session) }
        }
    }

    init(queue: CaptureQueue, worker: Int) {
        self.queue = queue
        nextKey = UInt64(worker) << 48
    }

    deinit { if let start { queue.put(CaptureQueue.Chunk(start: start, count: count)) } }

    /// A name for the next tapped connection.
    func makeKey() -> UInt64 {
        nextKey &+= 1
        return nextKey
    }

    /// Room for a record, its header written; nil if there is none.
    @inline(__always)
    func reserve(_ record: TapRecord) -> UnsafeMutableRawPointer? {
        let size = record.size
        if start == nil || top - count < size {
            guard exchange() else { return nil }
        }
        guard let start else { return nil }
        if count == 0 { due = record.time + TapChannel.linger }
        let place = record.write(to: start + count)
        count += size
        return place
    }

    /// Appends a record that lies elsewhere, header and all.
    func append(_ record: UnsafeRawPointer, size: Int, at time: Timestamp) -> Bool {
        if start == nil || top - count < size {
            guard exchange() else { return false }
        }
        guard let start else { return false }
        if count == 0 { due = time + TapChannel.linger }
        (start + count).copyMemory(from: record, byteCount: size)
        count += size
        return true
    }

    /// Appends bytes of a stream, their whole sectors apart, and tells how many it took: at most `piece`, none where there is no room.
    ///
    /// - Parameter record: what is to be said of them; lengths are put in.
    func append(paging record: TapRecord, _ bytes: UnsafeRawPointer, _ length: Int) -> Int {
        // Room for what isn't laid apart, and enough of what is.
        if start == nil || top - count < TapRecord.headerSize + TapPages.size + CaptureBuffer.alignment + TapChannel.paged {
            guard exchange() else { return 0 }
        }
        guard let start else { return 0 }
        let length = min(length, TapChannel.piece)
        var rest = length & (unit - 1)
        var whole = length - rest
        var record = record
        record.flags.insert(.paged)
        record.kept = TapPages.size + rest
        let room = (top - count - record.size) & ~(unit - 1)
        if room < whole {
            // What doesn't fit any more goes into the next chunk.
            whole = room
            rest = 0
            record.kept = TapPages.size
        }
        record.length = whole + rest
        if count == 0 { due = record.time + TapChannel.linger }
        top -= whole
        let place = record.write(to: start + count)
        count += record.size
        TapPages(place: top, count: whole, sum: clinux_copy_and_sum(start + top, bytes, whole)).write(to: place)
        (place + TapPages.size).copyMemory(from: bytes + whole, byteCount: rest)
        return whole + rest
    }

    /// Hands over what has gathered.
    func handOver() {
        due = .never
        guard let full = start, count > 0 else { return }
        queue.put(CaptureQueue.Chunk(start: full, count: count))
        start = nil
        count = 0
        top = CaptureQueue.chunkSize
    }

    func lose(_ session: SessionID, bytes: Int) { loss.add(session, bytes: bytes) }

    func nameLoss(_ session: SessionID) { loss.name(session) }

    /// What was refused, to be told once.
    func takeLoss() -> Loss {
        defer { loss = Loss() }
        return loss
    }

    @inline(never)
    private func exchange() -> Bool {
        handOver()
        start = queue.takeEmpty()
        unit = queue.unit.load(ordering: .relaxed)
        return start != nil
    }
}
