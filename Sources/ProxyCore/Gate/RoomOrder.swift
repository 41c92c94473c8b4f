// Whose turn it is among those who wait for room, over all workers.
//
// Theory of operation. Who comes draws a ticket on its route; tickets are tried in their order, whatever worker holds them. Whoever finds no room
// stops the route: those behind would take what is its due. But whoever finds its own limit full (an address, a user) stands aside, until
// it gets in or gives up, because nothing that those behind take is anything that it could have had.
//
// A worker tries its own people as far as it is their turn, and then wakes the worker whose turn it is next; so the order
// costs a message where it changes from one to another, and nothing where nobody waits.

/// See above. A value: whoever shares it guards it.
public struct RoomOrder: Sendable {
    /// A place in the order.
    public struct Ticket: Sendable, Hashable {
        public let route: String
        fileprivate let number: UInt64
    }

    private struct Place: Sendable {
        let number: UInt64
        let worker: Int
        var standsAside = false
    }

    /// By route, in the order of arrival.
    private var lines: [String: [Place]] = [:]
    private var next: UInt64 = 0

    public init() {}

    /// Goes to the end of the route's line.
    public mutating func join(_ route: String, worker: Int) -> Ticket {
        next += 1
        lines[route, default: []].append(Place(number: next, worker: worker))
        return Ticket(route: route, number: next)
    }

    public mutating func leave(_ ticket: Ticket) {
        lines[ticket.route]?.removeAll { $0.number == ticket.number }
        if lines[ticket.route]?.isEmpty == true { lines[ticket.route] = nil }
    }

    /// Whether `ticket` may try: everybody before it stands aside.
    public func isTurn(_ ticket: Ticket) -> Bool {
        for place in lines[ticket.route] ?? [] {
            if place.number >= ticket.number { return place.number == ticket.number }
            if !place.standsAside { return false }
        }
        return false
    }

    /// `ticket` has tried in vain; whether its own limit is what is full.
    public mutating func tried(_ ticket: Ticket, ownLimit: Bool) {
        guard let index = lines[ticket.route]?.firstIndex(where: { $0.number == ticket.number }) else { return }
        lines[ticket.route]?[index].standsAside = ownLimit
    }

    /// The worker of whoever's turn it is to be let in; nil if nobody waits on the route, or all stand aside.
    public func turn(on route: String) -> Int? { lines[route]?.first { !$0.standsAside }?.worker }

    /// How many wait on a route.
    public func count(on route: String) -> Int { lines[route]?.count ?? 0 }
}
