public import Wire

/// Recognises timers, limits and restarts from the ends of many sessions. Time comes with each end; memory is bounded.
///
/// Per route and endpoint the latest ends are kept, as four numbers each. Those that the upstream began without a close frame are compared: when at
/// least three, and most of them, share the silence before the end, a timer on silence is known; when they share the age and not the
/// silence, a limit on age; when several of different ages end within a second, something ended them together. Sessions that never spoke have
/// silence and age in common, so that the two can't be told apart by them: the pattern says so.
public struct EndPatterns: Sendable {
    /// Ends that are kept of each place, and places.
    static let ends = 64
    static let places = 64
    /// From how many on something is shared.
    static let fewest = 3
    fileprivate static let shortest = TimeSpan.milliseconds(1500)
    private static let instant = TimeSpan.seconds(1)

    struct End: Sendable {
        let session: SessionID
        let at: Timestamp
        let facts: EndFacts
    }

    private struct Place: Sendable, Hashable {
        let route: String
        let endpoint: String
    }

    private struct Ring: Sendable {
        var ends: [End] = []
        var stacks: [Stack] = []
        var patterns: [EndPattern] = []
        var last = Timestamp.zero
    }

    private var rings: [Place: Ring] = [:]

    public init() {}

    /// What is known by now, the most telling first.
    public var patterns: [EndPattern] { rings.values.flatMap { $0.patterns }.sorted { $0.matching > $1.matching } }

    /// A session ended.
    ///
    /// - Returns: the patterns that it belongs to, and the sessions that belong to each.
    public mutating func ended(
        _ session: SessionID, _ facts: EndFacts, route: String, endpoint: String, at now: Timestamp
    ) -> [(pattern: EndPattern, sessions: [SessionID])] {
        let place = Place(route: route, endpoint: endpoint)
        if rings[place] == nil, rings.count >= EndPatterns.places, let eldest = rings.min(by: { $0.value.last < $1.value.last }) {
            rings[eldest.key] = nil
        }
        var ring = rings[place] ?? Ring()
        rings[place] = nil
        let end = End(session: session, at: now, facts: facts)
        ring.last = now
        for stack in [facts.hop, facts.stack].compactMap({ $0 }) where !ring.stacks.contains(stack) && ring.stacks.count < 4 {
            ring.stacks.append(stack)
        }
        if ring.ends.count == EndPatterns.ends { ring.ends.removeFirst() }
        ring.ends.append(end)
        defer { rings[place] = ring }
        guard end.facts.wasCut else { return [] }
        let found = EndPatterns.find(ring.ends, place.route, place.endpoint, ring.stacks)
        ring.patterns = found.map { $0.pattern }
        return found.filter { $0.sessions.contains(session) }
    }

    // MARK: Finding

    private static func find(
        _ ends: [End], _ route: String, _ endpoint: String, _ stacks: [Stack]
    ) -> [(pattern: EndPattern, sessions: [SessionID])] {
        let cuts = ends.filter { $0.facts.wasCut }
        guard cuts.count >= fewest, let last = cuts.last else { return [] }
        var found: [(pattern: EndPattern, sessions: [SessionID])] = []
        func add(
            _ kind: EndPattern.Kind, _ cluster: Cluster, silent: Side? = nil, isAmbiguous: Bool = false, timers: [KnownTimer] = []
        ) {
            found.append(
                (
                    EndPattern(
                        kind: kind, route: route, endpoint: endpoint, span: cluster.center, spread: cluster.spread,
                        matching: cluster.members.count, total: ends.count, silent: silent, isAmbiguous: isAmbiguous, known: timers),
                    cluster.members.map { cuts[$0].session }
                ))
        }

        let recent = cuts.indices.filter { last.at - cuts[$0].at <= instant }
        let ages = recent.map { cuts[$0].facts.age }
        if recent.count >= fewest, let youngest = ages.min(), let eldest = ages.max(), youngest + .seconds(2) < eldest {
            let first = recent.map { cuts[$0].at }.min() ?? last.at
            add(.instant, Cluster(members: recent, center: .zero, spread: last.at - first))
        }

        let age = cluster(cuts.map { $0.facts.age })
        let both = cluster(cuts.map { min($0.facts.upstreamIdle, $0.facts.downstreamIdle) })
        let upstream = cluster(cuts.map { $0.facts.upstreamIdle })
        // Some timers count one side's bytes only; then the other side's chatter spreads the silence of both.
        let (silence, silent): (Cluster?, Side?) =
            (upstream?.members.count ?? 0) > (both?.members.count ?? 0) ? (upstream, .upstream) : (both, nil)
        if let silence {
            let agesFit = age.map { $0.members.count >= silence.members.count } ?? false
            add(
                .silence, silence, silent: silent, isAmbiguous: agesFit,
                timers: KnownTimer.all(.silence, near: silence.center, seen: stacks))
        } else if let age {
            add(.age, age, timers: KnownTimer.all(.age, near: age.center, seen: stacks))
        }
        return found
    }

    private struct Cluster {
        /// Places in the list of cuts.
        let members: [Int]
        let center: TimeSpan
        let spread: TimeSpan
    }

    /// The largest group of values that lie together, if it holds most of them.
    private static func cluster(_ values: [TimeSpan]) -> Cluster? {
        let sorted = values.indices.filter { values[$0] >= shortest }.sorted { values[$0] < values[$1] }
        var best = 0..<0
        var start = 0
        for end in sorted.indices {
            while values[sorted[end]].nanoseconds - values[sorted[start]].nanoseconds > width(values[sorted[start]]) { start += 1 }
            if end + 1 - start > best.count { best = start..<end + 1 }
        }
        // Most of all cuts, or it is chance.
        guard best.count >= fewest, best.count * 5 >= values.count * 3 else { return nil }
        let center = values[sorted[best.lowerBound + (best.count - 1) / 2]]
        let spread = max(
            center.nanoseconds - values[sorted[best.lowerBound]].nanoseconds,
            values[sorted[best.upperBound - 1]].nanoseconds - center.nanoseconds)
        return Cluster(members: best.map { sorted[$0] }, center: center, spread: TimeSpan(nanoseconds: spread))
    }

    /// How far apart the values of one timer may lie: sweeps of a second are common, and long timers are coarser.
    private static func width(_ span: TimeSpan) -> UInt64 { max(600_000_000, min(span.nanoseconds / 50, 5_000_000_000)) }
}

extension TimeSpan {
    fileprivate static func + (a: TimeSpan, b: TimeSpan) -> TimeSpan { TimeSpan(nanoseconds: a.nanoseconds &+ b.nanoseconds) }
}

/// What is kept of every session's end, also of those that ended well: a few words.
public struct EndFacts: Sendable, Hashable {
    /// From the 101 to the first end of a side.
    public var age: TimeSpan
    public var upstreamIdle: TimeSpan
    public var downstreamIdle: TimeSpan
    /// The upstream's transport ended first, and no close frame says why.
    public var wasCut: Bool
    public var stack: Stack?
    public var hop: Stack?

    public init(_ record: SessionRecord) {
        age = record.endedAfter
        upstreamIdle = record.upstream.idle
        downstreamIdle = record.downstream.idle
        wasCut = record.wasCutByServer
        stack = record.stack
        hop = record.hop
    }

    /// Whether the end can bear on a timer or limit: it was cut, or it lived longer than the shortest of them.
    public var bearsOnTimers: Bool { wasCut || age >= EndPatterns.shortest }
}

extension SessionRecord {
    /// Whether the upstream's transport ended first, without a close frame and without our doing.
    public var wasCutByServer: Bool {
        guard let first = events.firstEnd else { return false }
        return first.side == .upstream && (first.kind == .fin || first.kind == .reset) && !upstream.sentClose
    }

    /// Whether the upstream began to end it, with a close frame or without.
    var wasEndedByServer: Bool {
        guard let first = events.firstEnd else { return false }
        return first.side == .upstream && first.kind != .local && first.kind != .timeout
    }
}
