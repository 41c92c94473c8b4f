import CLinux

/// The loop's receive and scratch buffers, in two sizes, reserved once and touched only when used.
///
/// No buffer belongs to a connection. A receive takes one, the bytes stay in it until they have been sent, and then it goes back. Small
/// buffers (64 KiB) serve nearly everything; a side whose receives fill them gets large ones (512 KiB), which halves
/// the cost of megabyte messages. Free buffers lie on a stack, so that the one used last, whose lines are still in the
/// cache, is used next.
///
/// A buffer has a count of owners (not atomic: one loop, one thread), since one receive may be sent on in several slices.
struct BufferPool: ~Copyable {
    static let smallSize = 64 << 10
    static let largeSize = 512 << 10

    let smallCount: Int
    let largeCount: Int
    private let memory: UnsafeMutableRawPointer
    private let byteCount: Int
    private let owners: UnsafeMutablePointer<UInt16>
    private var freeSmall: [Int32]
    private var freeLarge: [Int32]
    /// How many free small buffers, from the stack's bottom, hold no pages; and the fewest free ones since the last look.
    private var untouchedSmall: Int
    private var fewestFreeSmall: Int

    /// Reserves address space only; nil where the kernel refuses even that.
    init?(smallCount: Int, largeCount: Int) {
        self.smallCount = smallCount
        self.largeCount = largeCount
        byteCount = smallCount * BufferPool.smallSize + largeCount * BufferPool.largeSize
        guard let memory = clinux_reserve(byteCount) else { return nil }
        self.memory = memory
        owners = .allocate(capacity: smallCount + largeCount)
        owners.initialize(repeating: 0, count: smallCount + largeCount)
        freeSmall = (0..<Int32(smallCount)).reversed()
        freeLarge = (Int32(smallCount)..<Int32(smallCount + largeCount)).reversed()
        untouchedSmall = smallCount
        fewestFreeSmall = smallCount
    }

    deinit {
        clinux_unreserve(memory, byteCount)
        owners.deallocate()
    }

    /// First byte of a buffer.
    func start(_ buffer: Int32) -> UnsafeMutableRawPointer {
        let index = Int(buffer)
        precondition(index >= 0 && index < smallCount + largeCount, "BufferPool: no such buffer")
        return index < smallCount
            ? memory + index * BufferPool.smallSize
            : memory + smallCount * BufferPool.smallSize + (index - smallCount) * BufferPool.largeSize
    }

    func isLarge(_ buffer: Int32) -> Bool { Int(buffer) >= smallCount }

    var availableSmall: Int { freeSmall.count }
    var availableLarge: Int { freeLarge.count }

    /// Buffers that are neither free nor (io_uring) with the kernel are counted by the caller of this figure.
    var inUse: Int { smallCount + largeCount - freeSmall.count - freeLarge.count }

    /// A free small buffer with one owner, or nil when the pool is dry.
    mutating func takeSmall() -> Int32? {
        guard let buffer = freeSmall.popLast() else { return nil }
        fewestFreeSmall = min(fewestFreeSmall, freeSmall.count)
        owners[Int(buffer)] = 1
        return buffer
    }

    /// A free large buffer with one owner, or nil when there is none.
    mutating func takeLarge() -> Int32? {
        guard let buffer = freeLarge.popLast() else { return nil }
        owners[Int(buffer)] = 1
        return buffer
    }

    /// Makes the buffer, which the kernel has just filled, somebody's.
    mutating func claim(_ buffer: Int32) { owners[Int(buffer)] = 1 }

    mutating func retain(_ buffer: Int32) {
        precondition(owners[Int(buffer)] > 0, "BufferPool: retain of a free buffer")
        owners[Int(buffer)] += 1
    }

    /// Gives up one ownership; true when it was the last, and the buffer is the caller's to recycle.
    mutating func release(_ buffer: Int32) -> Bool {
        precondition(owners[Int(buffer)] > 0, "BufferPool: release of a free buffer")
        owners[Int(buffer)] -= 1
        return owners[Int(buffer)] == 0
    }

    /// Gives the pages of small buffers back that nobody took since the last call.
    ///
    /// The stack's bottom up to its lowest level since then was not needed; of that, all but a reserve goes back. What lies
    /// below `untouchedSmall` has none to give.
    ///
    /// - Parameter reserve: free buffers that keep their pages all the same.
    mutating func giveBackUnused(keeping reserve: Int) {
        untouchedSmall = min(untouchedSmall, fewestFreeSmall)
        let keep = max(untouchedSmall, fewestFreeSmall - reserve)
        while untouchedSmall < keep {
            clinux_give_back(start(freeSmall[untouchedSmall]), BufferPool.smallSize)
            untouchedSmall += 1
        }
        fewestFreeSmall = freeSmall.count
    }

    /// Free buffers that keep their pages where memory is plentiful.
    static let reserve = 64

    /// Puts a buffer without owners on its stack.
    mutating func recycle(_ buffer: Int32) {
        if isLarge(buffer) { freeLarge.append(buffer) } else { freeSmall.append(buffer) }
    }
}
