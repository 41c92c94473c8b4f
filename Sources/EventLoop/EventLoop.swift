import CIOUring
import CLinux
// One thread, one ring.
//
// Theory of operation. A loop owns descriptors, buffers and timers, and knows nothing of what the bytes mean. Its owner drives it
// in turns:
//
//     loop.wait(until: deadline)                 // hands over what was queued, and waits
//     while let event = loop.next() { … }        // takes what has happened, one completion at a time
//
// and answers completions with calls (`send`, `startReceiving`, `connect`, `close` …) that never block and never call back. With
// io_uring such a call queues an operation, and all of a turn's operations go to the kernel together in the next `wait`. With
// epoll a call acts at once, and `next` does the reading.
//
// Ownership of bytes: a received chunk belongs to the completion's receiver, who sends it on or releases it. A sent chunk belongs
// to the loop until the peer has taken it. What the peer doesn't take at once stays in place as long as buffers
// are plentiful, and moves to a right-sized block of its own when they are not, so that slow readers
// can't drain the loop.
//
// Stale completions: user data carries the connection's slot and generation; a slot is not reused before all operations
// of its tenant have come back, and `ConnectionTable.live` refuses names of former tenants.
public import Wire

/// One event loop. Confined to the thread that created it; `waker` is the only thing that others may touch.
public final class EventLoop {
    /// Which of the kernel's interfaces does the work.
    public enum Backend: String, Sendable { case uring, epoll }

    public let backend: Backend
    /// The time of this turn; read once per `wait`.
    public private(set) var now: Timestamp
    public let waker: Waker

    var connections: ConnectionTable
    var buffers: BufferPool
    var sends: SendQueue
    var timers: TimerWheel
    var frugality: Frugality
    var listeners: [Listener] = []
    /// Completions that are ready to be handed out.
    var ready = CompletionQueue()
    /// What only one of the backends uses.
    var uring: UringState
    var epoll: EpollState
    /// Monotonic nanoseconds to Unix nanoseconds, measured once.
    private let epoch: UInt64

    /// - Parameters:
    ///   - backend: nil tries io_uring first and takes epoll where the kernel refuses it.
    ///   - given: made beforehand where other threads must know it before the loop runs; a loop belongs to the thread that makes it.
    ///   - maximumConnections: slots to reserve (56 bytes of address space each).
    ///   - memory: what it may take for bytes on their way.
    public init(
        backend wanted: Backend?, waker given: Waker? = nil, maximumConnections: Int = 1 << 18, memory: LoopMemory = LoopMemory()
    ) throws(LoopFailure) {
        let monotonic = clinux_monotonic()
        epoch = clinux_realtime() &- monotonic
        now = Timestamp(nanoseconds: monotonic &+ epoch)
        guard let waker = given ?? Waker() else { throw LoopFailure(operation: "eventfd", errno: 24) }
        guard let connections = ConnectionTable(capacity: maximumConnections),
            let buffers = BufferPool(smallCount: 1024, largeCount: 32)
        else { throw LoopFailure(operation: "reserving buffers", errno: 12) }
        self.waker = waker
        self.connections = connections
        self.buffers = buffers
        sends = SendQueue(capacity: 256)
        timers = TimerWheel(now: now)
        frugality = Frugality(memory: memory)
        uring = UringState(buffers: memory.smallBuffers)
        epoll = EpollState()
        var refusal: Int32 = 0
        if wanted != .epoll, let ring = UringState.openRing(error: &refusal) {
            backend = .uring
            uring.ring = ring
            startUring()
        } else if wanted == .uring {
            throw LoopFailure(operation: "io_uring_setup", errno: refusal)
        } else {
            backend = .epoll
            try startEpoll()
        }
    }

    deinit {
        if let ring = uring.ring { ciouring_close(ring) }
        if epoll.descriptor >= 0 { _ = clinux_close(epoll.descriptor) }
        connections.forEachDescriptor { _ = clinux_close($0) }
        for listener in listeners where !listener.stopped { _ = clinux_close(listener.descriptor) }
        uring.completions.deallocate()
        uring.wakeBytes.deallocate()
        epoll.events.deallocate()
    }

    // MARK: The turn

    /// Hands over what was queued and waits until something has happened or `deadline` has passed.
    public func wait(until deadline: Timestamp = .never) {
        let next = min(deadline, timers.nextWakeup ?? .never)
        let span: UInt64
        if !ready.isEmpty || hasLocalWork || next <= now {
            span = 0
        } else {
            span = next == .never ? .max : (next - Timestamp(nanoseconds: clinux_monotonic() &+ epoch)).nanoseconds
        }
        switch backend {
        case .uring: waitUring(span)
        case .epoll: waitEpoll(span)
        }
        now = Timestamp(nanoseconds: clinux_monotonic() &+ epoch)
    }

    /// The next thing that has happened, or nil at the end of the turn.
    public func next() -> Completion? {
        if let completion = ready.pop() { return completion }
        switch backend {
        case .uring: advanceUring()
        case .epoll: advanceEpoll()
        }
        if let completion = ready.pop() { return completion }
        while let owner = timers.popExpired(now: now) {
            if owner & Listener.timerMark != 0 {
                resumeListener(tag: UInt32(truncatingIfNeeded: owner))
            } else {
                return .timer(owner: owner)
            }
        }
        return ready.pop()
    }

    // MARK: Timers

    /// Makes `timer(owner:)` come at `deadline`, or up to 8 ms later. The upper bit of `owner` is the loop's.
    public func schedule(owner: UInt64, at deadline: Timestamp) -> TimerID {
        precondition(owner & Listener.timerMark == 0, "EventLoop: the upper bit of a timer's owner is reserved")
        return timers.schedule(owner: owner, at: deadline)
    }

    /// Forgets a timer; one that has fired is left alone.
    public func cancel(_ timer: TimerID) { timers.cancel(timer) }

    // MARK: Figures

    /// Connections that are open, or being closed.
    public var connectionCount: Int { connections.count }

    /// Buffers that hold bytes at this moment.
    public var buffersInUse: Int { buffers.inUse - uring.provided }

    /// Buffers that exist.
    public var bufferCount: Int { frugality.memory.smallBuffers + frugality.memory.largeBuffers }

    private var hasLocalWork: Bool { backend == .epoll && (epoll.firstReady >= 0 || hasFedStarved) }

    // MARK: Chores

    /// Gives memory back that a rush of slow peers needed and nobody needs now. To be called about once a second.
    public func trimBuffers() {
        if backend == .uring {
            if !uring.ranDry, uring.targetSmall > uring.leastSmall {
                uring.targetSmall = max(uring.targetSmall / 2, uring.leastSmall)
            }
            uring.ranDry = false
        }
        buffers.giveBackUnused(keeping: min(BufferPool.reserve, frugality.memory.smallBuffers / 8))
    }
}

/// The environment refused what a loop needs.
public struct LoopFailure: Error, CustomStringConvertible {
    public let operation: String
    public let errno: Int32

    public init(operation: String, errno: Int32) {
        self.operation = operation
        self.errno = errno
    }

    public var description: String { "\(operation) failed: errno \(errno)" }
}
