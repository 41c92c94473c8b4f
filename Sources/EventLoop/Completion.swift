import Wire

/// What a loop reports: always something that has happened, never that something might now be possible.
///
/// `owner` is the number that the connection was given at its start; it leads to whatever the composition keeps
/// for it, without a look-up. Every case is trivial: handing a completion on copies a few words.
public enum Completion {
    /// A connection was accepted by the listener with this tag. It doesn't receive yet.
    case accepted(listener: UInt32, ConnectionID)
    /// Accepting failed (EMFILE, ENFILE, ENOBUFS …); the loop pauses this listener for a moment by itself.
    case acceptFailed(listener: UInt32, errno: Int32)
    /// A connection that `connect` began is established.
    case connected(ConnectionID, owner: UInt64)
    /// Bytes arrived. The receiver owns the chunk: it sends it on or releases it.
    case received(ConnectionID, owner: UInt64, Chunk)
    /// FIN: the peer sends nothing more. All its bytes were reported before.
    case finished(ConnectionID, owner: UInt64)
    /// The transport failed (refused, RST, unreachable …). Nothing more comes; the connection is still to be closed.
    case failed(ConnectionID, owner: UInt64, errno: Int32)
    /// The peer doesn't accept all that was sent: what is left is queued. Stop feeding it.
    case blocked(ConnectionID, owner: UInt64)
    /// All that was queued after `blocked` (or after `notifyWhenSent`) has been taken.
    case drained(ConnectionID, owner: UInt64)
    /// A timer fired.
    case timer(owner: UInt64)
    /// Another thread called `Waker.wake`.
    case woken
}

/// A connection of one loop: a slot of its table and the generation that tells the slot's tenants apart.
public struct ConnectionID: Hashable, Sendable {
    public let slot: UInt32
    public let generation: UInt32

    @inlinable public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    /// A name that no connection ever has.
    @inlinable public static var none: ConnectionID { ConnectionID(slot: .max, generation: 0) }

    @inlinable public var isNone: Bool { slot == .max }

    @inlinable public static func == (a: ConnectionID, b: ConnectionID) -> Bool { a.slot == b.slot && a.generation == b.generation }
}

/// Bytes in one of the loop's buffers, owned by whoever holds the chunk, until it is sent or released.
///
/// A plain value, so that it costs nothing to pass on; the price is that ownership is a rule and not a proof:
/// each chunk is given to exactly one `send` or `release`. `retain` makes one more owner.
public struct Chunk {
    /// First byte. Valid while the buffer is owned.
    public var start: UnsafeMutableRawPointer
    /// Bytes from `start`.
    public var count: Int
    /// The buffer's number in its pool.
    public let buffer: Int32

    @inlinable public init(start: UnsafeMutableRawPointer, count: Int, buffer: Int32) {
        self.start = start
        self.count = count
        self.buffer = buffer
    }

    /// The bytes, for reading.
    @inlinable public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// The bytes, for writing.
    @inlinable public var mutableBytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    /// The same ownership over fewer bytes: `range` counts from this chunk's first byte.
    @inlinable public func narrowed(to range: Range<Int>) -> Chunk {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "Chunk: range outside the chunk")
        return Chunk(start: start + range.lowerBound, count: range.count, buffer: buffer)
    }
}
