// What a loop may take for bytes on their way.
//
// Theory of operation. Bytes that a peer takes at once cost nothing that lasts. What a peer doesn't take stays in its receive
// buffer while those are plentiful, and moves to a block of its own when they are not. The blocks of all slow peers together have two
// bounds. Above the first (`frugalFrom`) the loop is frugal: it receives a page at a time and one receive a turn, so that a session that
// turns out to be blocked holds some kilobytes in place of half a megabyte. The second (`heldLimit`) is for the composition to keep:
// beyond it sessions are to be ended, those first that hold the most.
//
// All of it is a share of the memory there is. With plenty of that nothing differs from a loop without bounds.

/// How much memory one loop may take for bytes on their way.
public struct LoopMemory: Sendable, Hashable {
    /// Receive buffers of 64 KiB that receives and slow peers may take; at most 1024.
    public var smallBuffers = 1024
    /// Receive buffers of 512 KiB; at most 32.
    public var largeBuffers = 32
    /// Bytes in blocks of slow peers above which the loop receives by the page.
    public var frugalFrom = Int.max
    /// Bytes in blocks of slow peers above which sessions should be ended.
    public var heldLimit = Int.max
    /// Bytes that the kernel may take of a connection before they can be sent on; nil for as many as it likes.
    public var unsentInKernel: UInt32?

    /// Without bounds.
    public init() {}

    /// The part of one of `workers` loops in `limit` bytes: a quarter of its share for receive buffers, and up to three eighths for slow peers.
    public init(limit: UInt64, workers: Int) {
        let share = Int(clamping: limit / UInt64(max(workers, 1)))
        while smallBuffers > LoopMemory.fewestSmall,
            smallBuffers * BufferPool.smallSize + largeBuffers * BufferPool.largeSize > share / 4
        {
            smallBuffers /= 2
            largeBuffers = max(largeBuffers / 2, 1)
        }
        frugalFrom = share / 8
        heldLimit = share / 8 * 3
        if share < LoopMemory.plenty { unsentInKernel = UInt32(max(share / 2048, 64 << 10)) }
    }

    private static let fewestSmall = 32
    /// A share from which on the kernel may buffer as it likes.
    private static let plenty = 1 << 30
}
