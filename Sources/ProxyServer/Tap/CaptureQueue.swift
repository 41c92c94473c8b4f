import Glibc

/// The bounded store of chunks between the workers and the capture's thread.
///
/// A worker fills a chunk of its own and hands it over whole, so the lock is taken once for hundreds of records and held for a few
/// instructions. There are at most `limit` chunks: when the disk is slow they are all full, a worker gets none, and what it would have
/// recorded is dropped and counted. Chunks are used again, so a steady stream allocates nothing.
///
/// A condition variable needs pthread's own mutex, as in the log's queue.
final class CaptureQueue: @unchecked Sendable {
    // Sendable by hand: everything below is read and written under `lock` only, but for the pointers, which never change.
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let wake: UnsafeMutablePointer<pthread_cond_t>
    private let done: UnsafeMutablePointer<pthread_cond_t>
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
        lock = .allocate(capacity: 1)
        wake = .allocate(capacity: 1)
        done = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(wake, &attributes)
        pthread_cond_init(done, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        for chunk in free { chunk.deallocate() }
        for chunk in full { chunk.start.deallocate() }
        pthread_cond_destroy(wake)
        pthread_cond_destroy(done)
        pthread_mutex_destroy(lock)
        wake.deallocate()
        done.deallocate()
        lock.deallocate()
    }

    // MARK: The workers' side

    /// An empty chunk, or nil when all are full.
    func takeEmpty() -> UnsafeMutableRawPointer? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        if let chunk = free.popLast() { return chunk }
        guard made < limit, !isFinished else { return nil }
        made += 1
        return .allocate(byteCount: CaptureQueue.chunkSize, alignment: 16)
    }

    /// Hands a chunk to the capture's thread.
    func put(_ chunk: Chunk) {
        pthread_mutex_lock(lock)
        full.append(chunk)
        let wasEmpty = full.count == 1
        pthread_mutex_unlock(lock)
        if wasEmpty { pthread_cond_signal(wake) }
    }

    /// Asks the thread to end and waits until it has written what is there, or until so many nanoseconds have passed.
    func stop(within nanoseconds: UInt64) -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        stopping = true
        pthread_cond_signal(wake)
        var until = CaptureQueue.monotonic(after: nanoseconds)
        while !isFinished {
            if pthread_cond_timedwait(done, lock, &until) == ETIMEDOUT { break }
        }
        return isFinished
    }

    // MARK: The thread's side

    /// Waits for chunks, at most for `nanoseconds`, and moves all of them to `chunks`; whether the end was asked for.
    func take(into chunks: inout [Chunk], within nanoseconds: UInt64) -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        var until = CaptureQueue.monotonic(after: nanoseconds)
        while full.isEmpty, !stopping {
            if pthread_cond_timedwait(wake, lock, &until) == ETIMEDOUT { break }
        }
        chunks.append(contentsOf: full)
        full.removeAll(keepingCapacity: true)
        return stopping
    }

    func giveBack(_ chunk: Chunk) {
        pthread_mutex_lock(lock)
        free.append(chunk.start)
        pthread_mutex_unlock(lock)
    }

    /// Nothing more is read. False if chunks came in since.
    func finish() -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        guard full.isEmpty else { return false }
        isFinished = true
        pthread_cond_broadcast(done)
        return true
    }

    private static func monotonic(after nanoseconds: UInt64) -> timespec {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        let sum = UInt64(time.tv_nsec) + nanoseconds % 1_000_000_000
        time.tv_sec += Int(clamping: nanoseconds / 1_000_000_000 + sum / 1_000_000_000)
        time.tv_nsec = Int(sum % 1_000_000_000)
        return time
    }
}
