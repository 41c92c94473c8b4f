import CaptureFile
import Glibc
import Synchronization
import Telemetry

/// The bounded store of chunks between the workers and the capture's thread.
///
/// A worker fills a chunk of its own and hands it over whole, so the lock is taken once for hundreds of records and held for a few
/// instructions. There are at most `limit` chunks: when the disk is slow they are all full, a worker gets none, and what it would have
/// recorded is dropped and counted. Chunks are used again, so a steady stream allocates nothing.
final class CaptureQueue: @unchecked Sendable {
    // Sendable by hand: everything below is read and written under `lock` only, but for the pointers, which never change.
    private let lock = QueueLock()
    private var free: [UnsafeMutableRawPointer] = []
    private var full: [Chunk] = []
    /// Where chunks are cut from: huge pages where the kernel has some, since the disk takes pages out of them.
    private var slabs: [UnsafeMutableRawPointer] = []
    private var made = 0
    /// How many full chunks the thread waits for.
    private var wanted = 1
    private var stopping = false
    private var isFinished = false
    private let limit: Int

    /// What of long records is laid apart: whole units of so many bytes.
    let unit = Atomic(CaptureBuffer.sector)

    static let chunkSize = 256 << 10
    private static let slabSize = 2 << 20

    /// Records that somebody filled in.
    struct Chunk {
        var start: UnsafeMutableRawPointer
        var count: Int
    }

    init(limit: Int = 128) {
        self.limit = limit
        free.reserveCapacity(limit)
        full.reserveCapacity(limit)
    }

    deinit { for slab in slabs { slab.deallocate() } }

    // MARK: The workers' side

    /// An empty chunk, or nil when all are full.
    func takeEmpty() -> UnsafeMutableRawPointer? {
        lock.lock()
        defer { lock.unlock() }
        if let chunk = free.popLast() { return chunk }
        guard made < limit, !isFinished else { return nil }
        defer { made += 1 }
        let place = made * CaptureQueue.chunkSize % CaptureQueue.slabSize
        if place == 0 {
            let slab = UnsafeMutableRawPointer.allocate(byteCount: CaptureQueue.slabSize, alignment: CaptureQueue.slabSize)
            _ = madvise(slab, CaptureQueue.slabSize, MADV_HUGEPAGE)
            slabs.append(slab)
        }
        return slabs.last.map { $0 + place }
    }

    /// Hands a chunk to the capture's thread.
    func put(_ chunk: Chunk) {
        lock.lock()
        full.append(chunk)
        let isEnough = full.count == wanted
        lock.unlock()
        if isEnough { lock.wake() }
    }

    /// Asks the thread to end and waits until it has written what is there, or until so many nanoseconds have passed.
    func stop(within nanoseconds: UInt64) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        stopping = true
        lock.wake()
        let until = QueueLock.deadline(after: nanoseconds)
        while !isFinished, lock.waitForDone(until: until) {}
        return isFinished
    }

    // MARK: The thread's side

    /// Waits for so many chunks, at most for `nanoseconds`, and moves all that there are to `chunks`; whether the end was asked for.
    ///
    /// - Parameter wanted: at least one. Waking costs both sides, so who is in no hurry waits for more.
    func take(into chunks: inout [Chunk], atLeast wanted: Int = 1, within nanoseconds: UInt64) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        let until = QueueLock.deadline(after: nanoseconds)
        self.wanted = max(1, min(wanted, limit / 4))
        while full.count < self.wanted, !stopping, lock.waitForWake(until: until) {}
        chunks.append(contentsOf: full)
        full.removeAll(keepingCapacity: true)
        return stopping
    }

    /// How many full chunks nobody has taken.
    var waiting: Int {
        lock.lock()
        defer { lock.unlock() }
        return full.count
    }

    func giveBack(_ chunks: [Chunk]) {
        guard !chunks.isEmpty else { return }
        lock.lock()
        for chunk in chunks { free.append(chunk.start) }
        lock.unlock()
    }

    /// Nothing more is read. False if chunks came in since.
    func finish() -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard full.isEmpty else { return false }
        isFinished = true
        lock.tellDone()
        return true
    }
}
