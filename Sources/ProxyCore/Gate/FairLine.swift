// Those who wait for something slow that serves one after the other.
//
// Theory of operation. Everybody is given a turn: the present one, or the one behind the last that the same client has in the line. Who has
// the least turn is served first, and of one turn whoever came first. So of each client one is served before the second of any, and a client
// that brings many waits for itself and not for others. Nobody knows which clients belong together: who has many addresses has many turns, and all
// whose address isn't known have the turns of one.

/// A bounded line in which each client has its turn. A value: whoever shares it guards it.
public struct FairLine<Client: Hashable & Sendable, Waiter: Sendable>: Sendable {
    private struct Place: Sendable {
        let client: Client?
        let turn: UInt64
        let waiter: Waiter
    }

    private let capacity: Int
    private let share: Int
    /// In the order in which they are served.
    private var places: [Place] = []
    /// Of whoever was served last.
    private var turn: UInt64 = 0

    /// - Parameters:
    ///   - capacity: how many wait at most
    ///   - share: how many of one client, once half of the places are taken: the other half is for those who have few
    public init(capacity: Int, share: Int) {
        self.capacity = capacity
        self.share = share
    }

    public var count: Int { places.count }

    /// Takes a place; false if the line is full, or half full and the client has its share of it. Those without a client take turns as
    /// one: a steady flow of them would have the present turn for ever, and nobody's second question would be served. They have no share: behind
    /// a proxy that hides who they are there are many.
    public mutating func append(_ waiter: Waiter, of client: Client?) -> Bool {
        guard places.count < capacity else { return false }
        var own = turn
        var held = 0
        for place in places where place.client == client {
            held += 1
            own = max(own, place.turn + 1)
        }
        guard client == nil || held < share || places.count < capacity / 2 else { return false }
        let index = places.firstIndex { $0.turn > own } ?? places.endIndex
        places.insert(Place(client: client, turn: own, waiter: waiter), at: index)
        return true
    }

    /// Whose turn it is; nil if nobody waits.
    public mutating func next() -> Waiter? {
        guard !places.isEmpty else { return nil }
        let first = places.removeFirst()
        turn = first.turn
        return first.waiter
    }

    public mutating func removeAll() { places = [] }
}
