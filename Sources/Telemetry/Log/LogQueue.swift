import CLinux

/// The bounded buffer between the workers and the writer thread: two blocks of bytes and one lock.
///
/// Workers append whole lines to the front block; the writer swaps the blocks and writes the back one without the
/// lock. The lock is thus held for one copy or one swap, never for a system call, so no worker ever waits for the
/// log's file, pipe or terminal. A line that finds no room is dropped and counted.
///
/// Signals are rare on purpose: only the line that finds the writer asleep wakes it, and it lets `linger` go by before it
/// takes the block, so that a busy second costs a hundred writes and not one a line. After a batch it lingers once more
/// before it goes to sleep: while lines keep coming, nobody wakes anybody.
final class LogQueue: @unchecked Sendable {
    // Sendable by hand: everything below is read and written under `lock` only, but for the pointers, which never change.
    private let lock = QueueLock()
    private let blocks: (UnsafeMutableRawPointer, UnsafeMutableRawPointer)
    private let capacity: Int
    /// Bytes at the beginning of a block that stay with us for good: a whole number of pages of any size in use.
    private static let kept = 64 << 10

    private var frontIsFirst = true
    private var front: (bytes: Int, lines: UInt64) = (0, 0)
    /// The largest batch since memory was last given back.
    private var largest = 0
    private var lost: UInt64 = 0
    private var hurry = false
    /// The writer sleeps until a line comes.
    private var isAsleep = false
    /// The batch before had lines, so more of them are likely.
    private var isBusy = false
    private var reopenAsked = false
    private var stopping = false
    private var isFinished = false

    /// What the writer takes out at once.
    struct Batch {
        var bytes: UnsafeRawBufferPointer
        var lines: UInt64
        /// Lines lost since the process began.
        var lost: UInt64
        var reopen: Bool
        var stopping: Bool
    }

    init(capacity: Int) {
        self.capacity = capacity
        // Untouched pages cost nothing: a quiet log never has more than its first few.
        guard let first = clinux_reserve(capacity), let second = clinux_reserve(capacity) else {
            preconditionFailure("LogQueue: no address space for \(capacity) bytes")
        }
        blocks = (first, second)
    }

    deinit {
        clinux_unreserve(blocks.0, capacity)
        clinux_unreserve(blocks.1, capacity)
    }

    // MARK: The workers' side

    /// Appends one line, or counts it as lost. Never waits for more than another copy.
    func append(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let source = line.baseAddress, line.count > 0 else { return true }
        lock.lock()
        guard line.count <= capacity - front.bytes, !isFinished else {
            lost &+= 1
            lock.unlock()
            return false
        }
        let block = frontIsFirst ? blocks.0 : blocks.1
        (block + front.bytes).copyMemory(from: source, byteCount: line.count)
        front.bytes += line.count
        front.lines &+= 1
        // Half full: the writer should not linger any more.
        let urgent = !hurry && front.bytes > capacity / 2
        if urgent { hurry = true }
        let wakes = isAsleep || urgent
        isAsleep = false
        lock.unlock()
        if wakes { lock.wake() }
        return true
    }

    /// Lines lost since the process began.
    var lostLines: UInt64 {
        lock.lock()
        defer { lock.unlock() }
        return lost
    }

    func askReopen() {
        lock.lock()
        reopenAsked = true
        lock.unlock()
        lock.wake()
    }

    /// Asks the writer to end and waits until it has written what is there, or until `deadline`.
    func stop(deadline: UInt64) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        stopping = true
        lock.wake()
        while !isFinished, lock.waitForDone(until: deadline) {}
        return isFinished
    }

    // MARK: The writer's side

    /// Waits for lines (then for `linger` more), and takes them all.
    ///
    /// The batch's bytes are the writer's until its next call.
    func take(linger: UInt64) -> Batch {
        lock.lock()
        defer { lock.unlock() }
        if isBusy { gather(linger) }
        if front.bytes == 0, !stopping, !reopenAsked {
            while front.bytes == 0, !stopping, !reopenAsked { waitForLines() }
            gather(linger)
        }
        let block = frontIsFirst ? blocks.0 : blocks.1
        let batch = Batch(
            bytes: UnsafeRawBufferPointer(start: block, count: front.bytes), lines: front.lines, lost: lost,
            reopen: reopenAsked, stopping: stopping)
        largest = max(largest, front.bytes)
        isBusy = front.bytes > 0
        frontIsFirst.toggle()
        front = (0, 0)
        hurry = false
        reopenAsked = false
        return batch
    }

    /// Lets lines come together for a while, unless there is a reason not to.
    private func gather(_ linger: UInt64) {
        guard linger > 0 else { return }
        let until = QueueLock.deadline(after: linger)
        while !hurry, !stopping, !reopenAsked, lock.waitForWake(until: until) {}
    }

    /// Waits for the first line. What a burst has touched of the blocks goes back to the system once it has been quiet for a second.
    private func waitForLines() {
        isAsleep = true
        defer { isAsleep = false }
        guard largest > LogQueue.kept else {
            lock.waitForWake()
            return
        }
        guard !lock.waitForWake(until: QueueLock.deadline(after: 1_000_000_000)), front.bytes == 0 else { return }
        for block in [blocks.0, blocks.1] { clinux_give_back(block + LogQueue.kept, capacity - LogQueue.kept) }
        largest = 0
    }

    /// Counts lines that were taken and could not be written.
    func countLost(_ lines: UInt64) {
        lock.lock()
        lost &+= lines
        lock.unlock()
    }

    /// Whether `stop` was called: waits for a pipe end then.
    var isStopping: Bool {
        lock.lock()
        defer { lock.unlock() }
        return stopping
    }

    /// The writer's last word. False if lines came in since it looked: then it has to write these first.
    func finish() -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard front.bytes == 0 else { return false }
        isFinished = true
        lock.tellDone()
        return true
    }
}
