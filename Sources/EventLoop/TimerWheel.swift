import Wire

/// A timer that was set; give it back to `cancel`.
public struct TimerID: Hashable, Sendable {
    @usableFromInline let node: Int32
    @usableFromInline let generation: UInt32

    @usableFromInline init(node: Int32, generation: UInt32) {
        self.node = node
        self.generation = generation
    }

    /// A timer that never was.
    @inlinable public static var none: TimerID { TimerID(node: -1, generation: 0) }

    @inlinable public static func == (a: TimerID, b: TimerID) -> Bool { a.node == b.node && a.generation == b.generation }
}

/// Coarse timers: a wheel of slots of eight milliseconds, each with a list of its timers.
///
/// Setting and cancelling cost a few memory accesses; time that passes costs a look at the slots it passes. A deadline beyond the
/// horizon (about 33 s) waits in the slot furthest away and is put in again when that comes. A timer fires at its deadline or up
/// to one slot later, never earlier. Owners that often move their deadline should let the timer fire and
/// set it again, instead of moving it each time.
struct TimerWheel: ~Copyable {
    static let tick: UInt64 = 8_000_000
    static let slotCount = 4096

    private struct Node {
        var next: Int32
        var previous: Int32
        var slot: Int32
        var generation: UInt32
        var owner: UInt64
        var deadline: UInt64
    }

    private var nodes: [Node] = []
    private var heads = [Int32](repeating: -1, count: slotCount)
    private var occupied = [UInt64](repeating: 0, count: slotCount / 64)
    private var firstFree: Int32 = -1
    /// The tick up to which all slots were looked at.
    private var position: UInt64
    private(set) var count = 0

    init(now: Timestamp) { position = now.nanoseconds / TimerWheel.tick }

    mutating func schedule(owner: UInt64, at deadline: Timestamp) -> TimerID {
        let index: Int32
        if firstFree >= 0 {
            index = firstFree
            firstFree = nodes[Int(index)].next
        } else {
            index = Int32(nodes.count)
            nodes.append(Node(next: -1, previous: -1, slot: -1, generation: 0, owner: 0, deadline: 0))
        }
        nodes[Int(index)].owner = owner
        nodes[Int(index)].deadline = deadline.nanoseconds
        link(index)
        count += 1
        return TimerID(node: index, generation: nodes[Int(index)].generation)
    }

    /// Forgets a timer; one that has fired or was cancelled is left alone.
    mutating func cancel(_ timer: TimerID) {
        guard timer.node >= 0, Int(timer.node) < nodes.count, nodes[Int(timer.node)].generation == timer.generation,
            nodes[Int(timer.node)].slot >= 0
        else { return }
        unlink(timer.node)
        release(timer.node)
    }

    /// The next owner whose deadline has passed, or nil when there is none (yet).
    mutating func popExpired(now: Timestamp) -> UInt64? {
        let target = now.nanoseconds / TimerWheel.tick
        while position < target {
            let slot = Int(position % UInt64(TimerWheel.slotCount))
            let head = heads[slot]
            guard head >= 0 else {
                position = min(target, nextOccupied(after: position) ?? target)
                continue
            }
            unlink(head)
            if nodes[Int(head)].deadline > now.nanoseconds {
                // It lay beyond the horizon: once more round. Its slot is ahead of `position`, so this ends.
                link(head)
                continue
            }
            let owner = nodes[Int(head)].owner
            release(head)
            return owner
        }
        return nil
    }

    /// When to look next, or nil if nothing is set.
    var nextWakeup: Timestamp? {
        guard count > 0 else { return nil }
        let slot = Int(position % UInt64(TimerWheel.slotCount))
        let at = heads[slot] >= 0 ? position : nextOccupied(after: position)
        return at.map { Timestamp(nanoseconds: ($0 + 1) * TimerWheel.tick) }
    }

    private mutating func link(_ index: Int32) {
        // Rounded up to the slot whose end lies at or after the deadline; at least the next one.
        let wanted = nodes[Int(index)].deadline / TimerWheel.tick
        let furthest = position + UInt64(TimerWheel.slotCount) - 1
        let slot = Int(min(max(wanted, position + 1), furthest) % UInt64(TimerWheel.slotCount))
        let head = heads[slot]
        nodes[Int(index)].slot = Int32(slot)
        nodes[Int(index)].previous = -1
        nodes[Int(index)].next = head
        if head >= 0 { nodes[Int(head)].previous = index }
        heads[slot] = index
        occupied[slot / 64] |= 1 << UInt64(slot % 64)
    }

    private mutating func unlink(_ index: Int32) {
        let node = nodes[Int(index)]
        if node.next >= 0 { nodes[Int(node.next)].previous = node.previous }
        if node.previous >= 0 {
            nodes[Int(node.previous)].next = node.next
        } else {
            heads[Int(node.slot)] = node.next
            if node.next < 0 { occupied[Int(node.slot) / 64] &= ~(1 << UInt64(node.slot % 64)) }
        }
        nodes[Int(index)].slot = -1
    }

    private mutating func release(_ index: Int32) {
        nodes[Int(index)].generation &+= 1
        nodes[Int(index)].next = firstFree
        firstFree = index
        count -= 1
    }

    /// The next tick after `tick` whose slot holds a timer, within one turn of the wheel.
    private func nextOccupied(after tick: UInt64) -> UInt64? {
        var ahead: UInt64 = 1
        while ahead < UInt64(TimerWheel.slotCount) {
            let slot = Int((tick + ahead) % UInt64(TimerWheel.slotCount))
            let word = occupied[slot / 64] >> UInt64(slot % 64)
            if word != 0 { return tick + ahead + UInt64(word.trailingZeroBitCount) }
            ahead += UInt64(64 - slot % 64)
        }
        return nil
    }
}
