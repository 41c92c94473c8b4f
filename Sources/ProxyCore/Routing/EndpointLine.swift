// Requests that wait for an endpoint, in the order in which they came.
//
// Theory of operation. While nobody is there, one at a time is let try (a scout), with pauses that grow to a quarter of a second: a
// backend that is just coming up is not greeted by a thousand refused connections a second. When a scout gets through, two may follow,
// then four, and so on at short intervals, so that a backend of which nobody knows what it can take isn't run over by all who
// waited. The first failure makes it one again. Who waits leaves at its deadline, whatever the pace.
//
// It keeps entries and says which of them may try; whether they are still there only their owner knows.
public import Wire

/// See above. Pure: `Entry` is whatever the owner knows a request by.
public struct EndpointLine<Entry: Sendable>: Sendable {
    /// What one who waits is known by, and when its time is over.
    private struct Place: Sendable {
        var entry: Entry
        var number: UInt64
        var deadline: Timestamp
    }

    /// In the order of their numbers.
    private var places: [Place] = []
    /// Of the next one who comes.
    private var nextNumber: UInt64 = 0
    private var batch = 1
    private var pause = EndpointLine.shortest
    private var nextTry = Timestamp.zero
    /// One of those who were let try last has failed already, and speaks for all of them.
    private var hasFailed = false

    private static var shortest: TimeSpan { .milliseconds(20) }
    private static var longest: TimeSpan { .milliseconds(250) }
    private static var largestBatch: Int { 256 }

    public init() {}

    public var isEmpty: Bool { places.isEmpty }
    public var count: Int { places.count }

    /// Comes to the end of the line; the number of its place, by which it may come back to it.
    public mutating func join(_ entry: Entry, until deadline: Timestamp, now: Timestamp) -> UInt64 {
        if places.isEmpty {
            // The first one has just failed to get through.
            batch = 1
            pause = EndpointLine.shortest
            nextTry = now + pause
        }
        defer { nextNumber &+= 1 }
        places.append(Place(entry: entry, number: nextNumber, deadline: deadline))
        return nextNumber
    }

    /// One who was let try comes back, to the place that it had: before all who came after it, and behind those who came before it and
    /// are back already.
    public mutating func comeBack(_ entry: Entry, to number: UInt64, until deadline: Timestamp) {
        let place = places.firstIndex { $0.number > number } ?? places.count
        places.insert(Place(entry: entry, number: number, deadline: deadline), at: place)
    }

    /// One who was let try got through.
    public mutating func succeeded() {
        batch = min(batch * 2, EndpointLine.largestBatch)
        pause = EndpointLine.shortest
    }

    /// One who was let try did not.
    public mutating func failed(now: Timestamp) {
        batch = 1
        guard !hasFailed else { return }
        hasFailed = true
        pause = min(TimeSpan(nanoseconds: pause.nanoseconds * 2), EndpointLine.longest)
        nextTry = now + pause
    }

    /// Those who may try now, the eldest first.
    public mutating func due(now: Timestamp) -> [Entry] {
        guard !places.isEmpty, now >= nextTry else { return [] }
        nextTry = now + pause
        hasFailed = false
        let count = min(batch, places.count)
        defer { places.removeFirst(count) }
        return places[..<count].map(\.entry)
    }

    /// Those whose time is over.
    public mutating func expired(now: Timestamp) -> [Entry] {
        guard places.contains(where: { $0.deadline <= now }) else { return [] }
        let over = places.filter { $0.deadline <= now }.map(\.entry)
        places.removeAll { $0.deadline <= now }
        return over
    }

    /// Forgets those who are not there any more.
    public mutating func removeAll(where isGone: (Entry) -> Bool) { places.removeAll { isGone($0.entry) } }
}
