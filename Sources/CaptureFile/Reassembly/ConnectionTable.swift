/// The connections that are open at a time, found by their key: a slab of slots, and an open-addressed index into it.
///
/// Bounded: when all slots are taken, a hand goes round and lets go the first that is over, or else the first that was silent since the hand
/// last passed (the second chance algorithm), which is the eldest without a list to keep in order for every packet.
struct ConnectionTable: ~Copyable {
    private(set) var slots: UnsafeMutablePointer<ConnectionSlot>
    /// The two directions of each slot, `a` first.
    private(set) var halves: UnsafeMutablePointer<HalfStream>
    private var index: UnsafeMutablePointer<Int32>
    private var mask: Int
    /// Slots that are made; the ones behind were never used.
    private var made = 0
    private var free: [Int32] = []
    private let limit: Int
    private var hand = 0
    private let seed: UInt64
    /// The slot of the last packet: packets come in bursts.
    private var last = -1

    private static let empty: Int32 = -1

    init(limit: Int, seed: UInt64) {
        self.limit = max(limit, 2)
        self.seed = seed
        var size = 64
        while size < self.limit * 2 { size *= 2 }
        mask = size - 1
        // Pages of either are only touched once they are used.
        slots = .allocate(capacity: self.limit)
        halves = .allocate(capacity: self.limit * 2)
        index = .allocate(capacity: size)
        index.initialize(repeating: ConnectionTable.empty, count: size)
    }

    deinit {
        slots.deallocate()
        halves.deallocate()
        index.deallocate()
    }

    /// How many connections are held.
    var count: Int { made - free.count }

    /// All slots that were ever made, free ones included.
    var range: Range<Int> { 0..<made }

    /// The slot of `key`, or nil.
    @inline(__always)
    mutating func find(_ key: ConnectionKey) -> Int? {
        if last >= 0, slots[last].state != .free, slots[last].key == key { return last }
        let hash = key.hash(seed: seed)
        var place = Int(hash) & mask
        while true {
            let slot = index[place]
            if slot == ConnectionTable.empty { return nil }
            if slots[Int(slot)].hash == hash, slots[Int(slot)].key == key {
                last = Int(slot)
                return last
            }
            place = (place + 1) & mask
        }
    }

    /// Whether a slot must be let go before one can be added.
    var isFull: Bool { free.isEmpty && made == limit }

    /// The slot that is to be let go.
    mutating func eldest() -> Int {
        while true {
            hand = hand + 1 < made ? hand + 1 : 0
            if slots[hand].state == .over { return hand }
            if !slots[hand].isRecent { return hand }
            slots[hand].isRecent = false
        }
    }

    /// A slot for a key that isn't there yet; the table must not be full.
    mutating func add(_ key: ConnectionKey, number: UInt64, at time: UInt64) -> Int {
        let slot: Int
        if let reused = free.popLast() {
            slot = Int(reused)
        } else {
            slot = made
            made += 1
        }
        let hash = key.hash(seed: seed)
        (slots + slot).initialize(
            to: ConnectionSlot(key: key, hash: hash, state: .followed, number: number, firstSeen: time, lastSeen: time))
        (halves + slot * 2).initialize(repeating: HalfStream(), count: 2)
        var place = Int(hash) & mask
        while index[place] != ConnectionTable.empty { place = (place + 1) & mask }
        index[place] = Int32(slot)
        last = slot
        return slot
    }

    /// Gives a slot back; the entries behind its place move up, so that searches stay short.
    mutating func remove(_ slot: Int) {
        var place = Int(slots[slot].hash) & mask
        while index[place] != Int32(slot) { place = (place + 1) & mask }
        var hole = place
        while true {
            place = (place + 1) & mask
            let moved = index[place]
            if moved == ConnectionTable.empty { break }
            let home = Int(slots[Int(moved)].hash) & mask
            // It may move if its home doesn't lie between the hole and its place.
            if (place - home) & mask >= (place - hole) & mask {
                index[hole] = moved
                hole = place
            }
        }
        index[hole] = ConnectionTable.empty
        slots[slot].state = .free
        free.append(Int32(slot))
        if last == slot { last = -1 }
    }
}
