/// Those who wait for room under a limit, in the order in which they came.
///
/// Who comes while others of its route wait goes behind them, whatever room there is at that moment: else those who wait would be
/// passed by for ever. Somebody whose own limit is full (an address, a user) doesn't hold up those behind.
package struct RoomLine<Waiter: Sendable>: Sendable {
    private struct Entry: Sendable {
        let route: String
        let waiter: Waiter
    }

    private var entries: [Entry] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var count: Int { entries.count }

    /// Whether anybody waits on `route`.
    package func waits(on route: String) -> Bool { entries.contains { $0.route == route } }

    /// The caller bounds the line, since it may be one of several.
    package mutating func append(_ waiter: Waiter, on route: String) { entries.append(Entry(route: route, waiter: waiter)) }

    /// Everybody, in order, to let each try once. The line is empty while they do: what a trial sets off sees nobody waiting.
    package mutating func takeAll() -> [(route: String, waiter: Waiter)] {
        defer { entries = [] }
        return entries.map { ($0.route, $0.waiter) }
    }

    /// Puts back who stays, in front of whoever came meanwhile.
    package mutating func putBack(_ stayed: [(route: String, waiter: Waiter)]) {
        entries.insert(contentsOf: stayed.map { Entry(route: $0.route, waiter: $0.waiter) }, at: 0)
    }
}
