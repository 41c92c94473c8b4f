import CLinux
import EventLoop
import Wire

/// All sessions of a worker, in slots that never move and are reused.
///
/// Address space for the limit is reserved at start and touched slot by slot. A session that is over stays in its slot until
/// the end of the turn, so that a function that is still working on it never finds another one in its place.
struct SessionTable: ~Copyable {
    let capacity: Int
    private let slots: UnsafeMutablePointer<Session>
    private(set) var used = 0
    private var free: [UInt32] = []
    private var over: [UInt32] = []
    private(set) var count = 0

    init?(capacity: Int) {
        self.capacity = capacity
        guard let memory = clinux_reserve(capacity * MemoryLayout<Session>.stride) else { return nil }
        slots = memory.bindMemory(to: Session.self, capacity: capacity)
    }

    deinit {
        for slot in 0..<used { (slots + slot).deinitialize(count: 1) }
        clinux_unreserve(slots, capacity * MemoryLayout<Session>.stride)
    }

    /// The session in a slot that is known to be in use.
    func session(_ slot: UInt32) -> UnsafeMutablePointer<Session> {
        precondition(Int(slot) < used, "SessionTable: no such slot")
        return slots + Int(slot)
    }

    /// A session for a new downstream connection, or nil when the table is full.
    mutating func insert(
        id: SessionID, downstream: ConnectionID, listener: UInt16, now: Timestamp
    ) -> UnsafeMutablePointer<Session>? {
        let slot: UInt32
        let isNew: Bool
        if let reused = free.popLast() {
            slot = reused
            isNew = false
        } else {
            guard used < capacity else { return nil }
            slot = UInt32(used)
            used += 1
            isNew = true
        }
        let session = Session(
            id: id, slot: slot, phase: .readingHead, listener: listener, downstream: downstream, acceptedAt: now)
        if isNew { (slots + Int(slot)).initialize(to: session) } else { slots[Int(slot)] = session }
        count += 1
        return slots + Int(slot)
    }

    /// Marks the session as over; its slot is released by `releaseOver`.
    mutating func end(_ session: UnsafeMutablePointer<Session>) {
        precondition(session.pointee.phase != .over && session.pointee.phase != .free, "SessionTable: ended twice")
        session.pointee.phase = .over
        over.append(session.pointee.slot)
        count -= 1
    }

    /// At the end of a turn: lets go of what sessions that are over still hold.
    mutating func releaseOver() {
        guard !over.isEmpty else { return }
        for slot in over {
            let session = session(slot)
            session.pointee.phase = .free
            session.pointee.exchange = nil
            session.pointee.facts = nil
            session.pointee.downstreamTLS = nil
            session.pointee.upstreamTLS = nil
            session.pointee.analyzer = nil
            session.pointee.special = nil
            session.pointee.heartbeat = nil
            session.pointee.hold = nil
            session.pointee.tap = nil
            free.append(slot)
        }
        over.removeAll(keepingCapacity: true)
    }

    /// The session in a slot, if one is in use there. Who walks over all slots asks for one at a time, so that what it does
    /// to a session may end it.
    func active(_ slot: Int) -> UnsafeMutablePointer<Session>? {
        guard slot < used, slots[slot].phase != .free, slots[slot].phase != .over else { return nil }
        return slots + slot
    }
}
