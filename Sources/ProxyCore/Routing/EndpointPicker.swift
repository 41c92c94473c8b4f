/// The choice of an endpoint, as a function of what is passed in.
///
/// The caller keeps what a policy has to remember (`cursor`) and draws what it leaves to chance (`random`), so that a
/// test can say both. Endpoints that were tried already for this session, or are known to be down, are marked as
/// unusable and never chosen.
package enum EndpointPicker {
    /// What is known of one endpoint at the moment of the choice.
    package struct Candidate: Sendable, Hashable {
        /// Live sessions and requests that it serves from here.
        package var sessions: UInt32
        /// Whether it may be chosen.
        package var isUsable: Bool

        @inlinable package init(sessions: UInt32 = 0, isUsable: Bool = true) {
            self.sessions = sessions
            self.isUsable = isUsable
        }
    }

    /// The index of the endpoint to use, or nil if none is usable.
    ///
    /// - Parameters:
    ///   - cursor: Where the last choice stood; starts anywhere, and is moved on by policies that take turns.
    ///   - random: Fresh random bits for each choice.
    package static func pick(
        _ policy: BalancingPolicy, among candidates: borrowing [Candidate], cursor: inout UInt32, random: UInt64
    ) -> Int? {
        switch policy {
        case .roundRobin: next(candidates, &cursor)
        case .leastSessions: fewest(candidates, &cursor)
        case .randomOfTwo: fewerOfTwo(candidates, random)
        }
    }

    /// The first usable one behind the cursor.
    private static func next(_ candidates: borrowing [Candidate], _ cursor: inout UInt32) -> Int? {
        let count = candidates.count
        for step in 0..<count {
            let index = (Int(cursor) % count + step) % count
            if candidates[index].isUsable {
                cursor = UInt32(truncatingIfNeeded: (index + 1) % count)
                return index
            }
        }
        return nil
    }

    /// The least loaded one; equals take turns, so that an idle cluster isn't served by its first endpoint alone.
    private static func fewest(_ candidates: borrowing [Candidate], _ cursor: inout UInt32) -> Int? {
        let count = candidates.count
        var best: Int?
        for step in 0..<count {
            let index = (Int(cursor) % count + step) % count
            guard candidates[index].isUsable else { continue }
            if let known = best, candidates[known].sessions <= candidates[index].sessions { continue }
            best = index
        }
        if let best { cursor = UInt32(truncatingIfNeeded: (best + 1) % count) }
        return best
    }

    /// Two different usable ones, each pair equally likely; of them the less loaded, the first drawn on a tie.
    private static func fewerOfTwo(_ candidates: borrowing [Candidate], _ random: UInt64) -> Int? {
        var usable = 0
        for index in 0..<candidates.count where candidates[index].isUsable { usable += 1 }
        guard usable > 0 else { return nil }
        let first = draw(random & 0xFFFF_FFFF, below: usable)
        guard usable > 1, let a = nth(first, candidates) else { return nth(first, candidates) }
        let step = 1 + draw(random >> 32, below: usable - 1)
        guard let b = nth((first + step) % usable, candidates) else { return a }
        return candidates[b].sessions < candidates[a].sessions ? b : a
    }

    /// 32 random bits scaled to 0 ..< `bound`.
    private static func draw(_ bits: UInt64, below bound: Int) -> Int {
        Int(truncatingIfNeeded: (bits &* UInt64(UInt32(truncatingIfNeeded: bound))) >> 32)
    }

    private static func nth(_ wanted: Int, _ candidates: borrowing [Candidate]) -> Int? {
        var left = wanted
        for index in 0..<candidates.count where candidates[index].isUsable {
            if left == 0 { return index }
            left -= 1
        }
        return nil
    }
}
