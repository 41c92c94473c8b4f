/// Those of one worker who wait for room under a limit, in the order in which they came. Whose turn it is among all says `RoomOrder`.
public struct RoomLine<Waiter: Sendable>: Sendable {
    private var waiters: [Waiter] = []

    public init() {}

    public var isEmpty: Bool { waiters.isEmpty }
    public var count: Int { waiters.count }

    /// The caller bounds the line, since it may be one of several.
    public mutating func append(_ waiter: Waiter) { waiters.append(waiter) }

    /// Everybody, in order, to let each try once. The line is empty while they do: what a trial sets off sees nobody waiting.
    public mutating func takeAll() -> [Waiter] {
        defer { waiters = [] }
        return waiters
    }

    /// Puts back who stays, in front of whoever came meanwhile.
    public mutating func putBack(_ stayed: [Waiter]) { waiters.insert(contentsOf: stayed, at: 0) }
}
