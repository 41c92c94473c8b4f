import CLinux

/// What the loop knows of one connection: 56 bytes, nothing on the heap.
struct ConnectionState {
    /// The composition's number for it.
    var owner: UInt64
    /// -1 while the slot is free.
    var descriptor: Int32
    /// Counts the slot's tenants, so that a late completion is recognised as stale. 24 bits.
    var generation: UInt32
    var flags: Flags
    /// Operations with the kernel (io_uring): the slot is not reused before they have all come back.
    var operations: Int32
    /// First and last pending send, -1 for none.
    var firstSend: Int32
    var lastSend: Int32
    /// Bytes that were sent by the composition and not yet taken by the peer.
    var queuedBytes: Int
    /// Receives in a row that filled (or, in large mode, did not nearly fill) their buffer.
    var fullReceives: Int32
    /// The next slot of the free list or of the ready list, -1 at its end.
    var next: Int32

    struct Flags: OptionSet {
        let rawValue: UInt32

        static let connecting = Flags(rawValue: 1 << 0)
        /// The composition wants bytes.
        static let wantsReceive = Flags(rawValue: 1 << 1)
        /// A receive is with the kernel (io_uring).
        static let receiveArmed = Flags(rawValue: 1 << 2)
        /// Its cancellation is on its way (io_uring).
        static let receiveCancelled = Flags(rawValue: 1 << 3)
        /// A send is with the kernel (io_uring).
        static let sendInFlight = Flags(rawValue: 1 << 4)
        /// The peer doesn't accept at present; `drained` follows.
        static let blocked = Flags(rawValue: 1 << 5)
        /// Report `drained` when the queue is empty, blocked or not.
        static let notifyWhenSent = Flags(rawValue: 1 << 6)
        /// FIN after the queue.
        static let finishRequested = Flags(rawValue: 1 << 7)
        /// Close after the queue.
        static let closeWhenSent = Flags(rawValue: 1 << 8)
        /// Closed by the composition; nothing is reported any more.
        static let closing = Flags(rawValue: 1 << 9)
        static let resetOnClose = Flags(rawValue: 1 << 10)
        /// Receives into large buffers.
        static let large = Flags(rawValue: 1 << 11)
        /// FIN or an error was seen: nothing more is received.
        static let ended = Flags(rawValue: 1 << 12)
        /// Readiness as last told (epoll).
        static let readable = Flags(rawValue: 1 << 13)
        static let writable = Flags(rawValue: 1 << 14)
        static let hungUp = Flags(rawValue: 1 << 15)
        static let inReadyList = Flags(rawValue: 1 << 16)
        static let starved = Flags(rawValue: 1 << 17)
        /// The transport's failure was reported. It may follow a FIN (`ended`), and comes once.
        static let failed = Flags(rawValue: 1 << 18)
        /// More is queued than a turn can send, though the peer takes it: `blocked` was reported, `drained` follows.
        static let overfull = Flags(rawValue: 1 << 19)
        /// A poll for the transport's failure is with the kernel (io_uring): receiving is or was paused.
        static let failureAwaited = Flags(rawValue: 1 << 20)
        /// Receives one buffer at a time (io_uring).
        static let bufferByBuffer = Flags(rawValue: 1 << 21)

        // Sets that the data path asks for, as numbers: a literal of several members would be an array first, on the heap
        // where nothing optimises it away.

        /// A receive can't be begun, or needn't.
        static let notToReceive = Flags(
            rawValue: receiveArmed.rawValue | ended.rawValue | closing.rawValue | connecting.rawValue | starved.rawValue)
        /// A failure is told already, or on its way.
        static let notToAwaitFailure = Flags(
            rawValue: failureAwaited.rawValue | failed.rawValue | closing.rawValue | connecting.rawValue)
        static let receiveOperation = Flags(rawValue: receiveArmed.rawValue | receiveCancelled.rawValue)
        static let readableAndWanted = Flags(rawValue: readable.rawValue | wantsReceive.rawValue)
        /// `blocked` was reported and `drained` wasn't yet.
        static let heldBack = Flags(rawValue: blocked.rawValue | overfull.rawValue)
        /// `drained` is owed.
        static let owesDrained = Flags(rawValue: heldBack.rawValue | notifyWhenSent.rawValue)
        /// Something is to be done when the queue is empty.
        static let waitsForQueue = Flags(rawValue: owesDrained.rawValue | finishRequested.rawValue | closeWhenSent.rawValue)
    }
}

/// All connections of a loop, in slots that never move.
///
/// The table reserves address space for its limit and touches it slot by slot, so that there is no growth to wait
/// for and no pointer to invalidate. A slot goes to the next tenant with a new generation.
struct ConnectionTable: ~Copyable {
    let capacity: Int
    private let slots: UnsafeMutablePointer<ConnectionState>
    private var used = 0
    private var firstFree: Int32 = -1
    private(set) var count = 0

    init?(capacity: Int) {
        self.capacity = capacity
        guard let memory = clinux_reserve(capacity * MemoryLayout<ConnectionState>.stride) else { return nil }
        slots = memory.bindMemory(to: ConnectionState.self, capacity: capacity)
    }

    deinit { clinux_unreserve(slots, capacity * MemoryLayout<ConnectionState>.stride) }

    /// The state in a slot that is known to be valid.
    func state(_ slot: UInt32) -> UnsafeMutablePointer<ConnectionState> {
        precondition(Int(slot) < used, "ConnectionTable: no such slot")
        return slots + Int(slot)
    }

    /// The state of `id`, or nil if its slot has another tenant by now or is being closed.
    func live(_ id: ConnectionID) -> UnsafeMutablePointer<ConnectionState>? {
        guard Int(id.slot) < used else { return nil }
        let state = slots + Int(id.slot)
        guard state.pointee.generation == id.generation, state.pointee.descriptor >= 0,
            !state.pointee.flags.contains(.closing)
        else { return nil }
        return state
    }

    /// A slot for `descriptor`, or nil when the table is full.
    mutating func insert(_ descriptor: Int32, owner: UInt64, flags: ConnectionState.Flags) -> ConnectionID? {
        let slot: Int
        if firstFree >= 0 {
            slot = Int(firstFree)
            firstFree = slots[slot].next
        } else {
            guard used < capacity else { return nil }
            slot = used
            used += 1
            slots[slot].generation = 1
        }
        let generation = slots[slot].generation
        slots[slot] = ConnectionState(
            owner: owner, descriptor: descriptor, generation: generation, flags: flags, operations: 0,
            firstSend: -1, lastSend: -1, queuedBytes: 0, fullReceives: 0, next: -1)
        count += 1
        return ConnectionID(slot: UInt32(slot), generation: generation)
    }

    /// The descriptors of all slots in use, for the end of the loop.
    func forEachDescriptor(_ body: (Int32) -> Void) {
        for slot in 0..<used where slots[slot].descriptor >= 0 { body(slots[slot].descriptor) }
    }

    /// Every slot in use.
    func forEachSlot(_ body: (UInt32, UnsafeMutablePointer<ConnectionState>) -> Void) {
        for slot in 0..<used where slots[slot].descriptor >= 0 { body(UInt32(slot), slots + slot) }
    }

    mutating func remove(_ slot: UInt32) {
        let state = state(slot)
        state.pointee.descriptor = -1
        state.pointee.generation = (state.pointee.generation &+ 1) & 0xFF_FFFF
        state.pointee.next = firstFree
        firstFree = Int32(slot)
        count -= 1
    }
}
