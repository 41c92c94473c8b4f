// The choice of an endpoint, as a function of what is passed in.
//
// Theory of operation. The caller keeps what a policy has to remember (`cursor`) and draws what it leaves to chance (`random`), so
// that a test can say both. Endpoints that were tried already for this session, or are known to be down, are marked as unusable and
// never chosen.
//
// Hashing is by rendezvous: each endpoint gets a score from the key and its own identity, and the highest wins. It needs no ring, and
// so nothing to rebuild: when an endpoint goes, its keys alone move, evenly to all others, and when it comes back the same keys
// come back. Every choice looks at every endpoint, which for the dozens that a cluster has costs less than a ring's search.
//
// An endpoint that warms up has a weight below `Candidate.fullWeight`. Policies by turn or load let it be passed over by chance. With
// a key there is no chance: a key has a threshold of its own for each endpoint and comes to it once the weight has grown past that,
// so that each key moves once and not back and forth.

/// See above.
public enum EndpointPicker {
    /// What is known of one endpoint at the moment of the choice.
    public struct Candidate: Sendable, Hashable {
        /// Live sessions and requests that it serves from here.
        public var sessions: UInt32
        /// Whether it may be chosen.
        public var isUsable: Bool
        /// Its share of what it would get, of `fullWeight`; less while it warms up.
        public var weight: UInt16
        /// What tells it from others, for policies with a key: the hash of its name.
        public var identity: UInt64

        /// A share that is no share any more.
        @inlinable public static var fullWeight: UInt16 { 256 }

        @inlinable public init(
            sessions: UInt32 = 0, isUsable: Bool = true, weight: UInt16 = Candidate.fullWeight, identity: UInt64 = 0
        ) {
            self.sessions = sessions
            self.isUsable = isUsable
            self.weight = weight
            self.identity = identity
        }

        /// Sessions and the one to come, as if it had its full share: what loads are compared by.
        var load: UInt64 { (UInt64(sessions) + 1) * UInt64(Candidate.fullWeight) / UInt64(max(weight, 1)) }
    }

    /// The index of the endpoint to use, or nil if none is usable.
    ///
    /// - Parameters:
    ///   - cursor: Where the last choice stood; starts anywhere, and is moved on by policies that take turns.
    ///   - random: Fresh random bits for each choice.
    ///   - key: The hash of what the request is told apart by, for `hash`. A request without one goes to one of two at random.
    public static func pick(
        _ policy: BalancingPolicy, among candidates: borrowing [Candidate], cursor: inout UInt32, random: UInt64,
        key: UInt64? = nil
    ) -> Int? {
        switch policy {
        case .roundRobin: next(candidates, &cursor, random)
        case .leastSessions: fewest(candidates, &cursor)
        case .randomOfTwo: fewerOfTwo(candidates, random)
        case .hash: key.map { highest(candidates, $0) } ?? fewerOfTwo(candidates, random)
        }
    }

    /// The usable one with the highest score for `key`.
    public static func highest(_ candidates: borrowing [Candidate], _ key: UInt64) -> Int? {
        var best: (index: Int, score: UInt64)?
        var spare: (index: Int, score: UInt64)?
        for index in 0..<candidates.count where candidates[index].isUsable {
            let score = KeyHash.combined(key, candidates[index].identity)
            // The lowest bits decide whether it comes already, the rest which one wins.
            if UInt16(truncatingIfNeeded: score & 0xFF) < candidates[index].weight {
                if best.map({ score > $0.score }) ?? true { best = (index, score) }
            } else if spare.map({ score > $0.score }) ?? true {
                spare = (index, score)
            }
        }
        return (best ?? spare)?.index
    }

    /// The first usable one behind the cursor that isn't passed over.
    private static func next(_ candidates: borrowing [Candidate], _ cursor: inout UInt32, _ random: UInt64) -> Int? {
        let count = candidates.count
        var spare: Int?
        for step in 0..<count {
            let index = (Int(cursor) % count + step) % count
            guard candidates[index].isUsable else { continue }
            // Each place of the row takes other bits; beyond the eighth they repeat, which harms nobody.
            let chance = UInt16(truncatingIfNeeded: random >> UInt64(step % 8 * 8) & 0xFF)
            if chance < candidates[index].weight {
                cursor = UInt32(truncatingIfNeeded: (index + 1) % count)
                return index
            }
            if spare == nil { spare = index }
        }
        if let spare { cursor = UInt32(truncatingIfNeeded: (spare + 1) % count) }
        return spare
    }

    /// The least loaded one; equals take turns, so that an idle cluster isn't served by its first endpoint alone.
    private static func fewest(_ candidates: borrowing [Candidate], _ cursor: inout UInt32) -> Int? {
        let count = candidates.count
        var best: Int?
        for step in 0..<count {
            let index = (Int(cursor) % count + step) % count
            guard candidates[index].isUsable else { continue }
            if let known = best, candidates[known].load <= candidates[index].load { continue }
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
        return candidates[b].load < candidates[a].load ? b : a
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
