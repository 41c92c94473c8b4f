public import Wire

/// Which names are asked for, for whose sake, and when each is due. Pure: the time is the caller's.
///
/// Several users (workers) share it. Each says which endpoints it needs, all of them at a time, and a name that nobody needs any more is
/// forgotten: a process that is reloaded for years asks for what its configuration has and its sessions use, and for nothing else.
public struct NameCalendar: Sendable {
    private struct Entry: Sendable {
        var endpoint: Endpoint
        var due: Timestamp
    }

    private var entries: [Entry] = []
    private var needs: [Int: Set<Endpoint>] = [:]

    public init() {}

    /// What `user` needs from now on, in place of what it needed before; whether something is among it that nobody has asked for yet. That
    /// is due at once.
    public mutating func need(_ endpoints: [Endpoint], for user: Int) -> Bool {
        needs[user] = Set(endpoints)
        entries.removeAll { entry in !needs.values.contains { $0.contains(entry.endpoint) } }
        var known = Set(entries.map(\.endpoint))
        let count = entries.count
        for endpoint in endpoints where known.insert(endpoint).inserted { entries.append(Entry(endpoint: endpoint, due: .zero)) }
        return entries.count > count
    }

    /// Whether somebody needs it.
    public func isNeeded(_ endpoint: Endpoint) -> Bool { needs.values.contains { $0.contains(endpoint) } }

    /// The name whose turn is longest overdue, or else comes next.
    public var next: (endpoint: Endpoint, due: Timestamp)? {
        entries.min { $0.due < $1.due }.map { ($0.endpoint, $0.due) }
    }

    /// A name was asked for and is due again at `due`; false if nobody needs it any more.
    public mutating func asked(_ endpoint: Endpoint, again due: Timestamp) -> Bool {
        guard let place = entries.firstIndex(where: { $0.endpoint == endpoint }) else { return false }
        entries[place].due = due
        return true
    }

    /// Has a name asked for by `soon` at the latest.
    public mutating func hurry(_ endpoint: Endpoint, by soon: Timestamp) {
        guard let place = entries.firstIndex(where: { $0.endpoint == endpoint }) else { return }
        entries[place].due = min(entries[place].due, soon)
    }
}
