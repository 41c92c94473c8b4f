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
    private var made = 0
    private var stopping = false
    private var isFinished = false
    private let limit: Int

    static let chunkSize = 256 << 10

    /// Records that somebody filled in.
    struct Chunk {
        var start: UnsafeMutableRawPointer
        var count: Int
    }

    init(limit: Int = 64) {
        self.limit = limit
        free.reserveCapacity(limit)
        full.reserveCapacity(limit)
    }

    deinit {
        for chunk in free { chunk.deallocate() }
        for chunk in full { chunk.start.deallocate() }
    }

    // MARK: The workers' side

    /// An empty chunk, or nil when all are full.
    func takeEmpty() -> UnsafeMutableRawPointer? {
        lock.lock()
        defer { lock.unlock() }
        if let chunk = free.popLast() { return chunk }
        guard made < limit, !isFinished else { return nil }
        made += 1
        return .allocate(byteCount: CaptureQueue.chunkSize, alignment: 16)
    }

    /// Hands a chunk to the capture's thread.
    func put(_ chunk: Chunk) {
        lock.lock()
        full.append(chunk)
        let wasEmpty = full.count == 1
        lock.unlock()
        if wasEmpty { lock.wake() }
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

    /// Waits for chunks, at most for `nanoseconds`, and moves all of them to `chunks`; whether the end was asked for.
    func take(into chunks: inout [Chunk], within nanoseconds: UInt64) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        let until = QueueLock.deadline(after: nanoseconds)
        while full.isEmpty, !stopping, lock.waitForWake(until: until) {}
        chunks.append(contentsOf: full)
        full.removeAll(keepingCapacity: true)
        return stopping
    }

    func giveBack(_ chunk: Chunk) {
        lock.lock()
        free.append(chunk.start)
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
