import ProxyCore
import TestSupport
import Testing
import Wire

/// Rendezvous hashing, and what weights do to all policies.
struct HashingTests {
    private typealias Candidate = EndpointPicker.Candidate

    private func cluster(_ count: Int) -> [Candidate] {
        (0..<count).map { Candidate(identity: KeyHash.of(Array("http://10.0.0.\($0):8000".utf8))) }
    }

    private func place(_ key: Int, _ candidates: [Candidate]) -> Int? {
        var cursor: UInt32 = 0
        return EndpointPicker.pick(
            .hash, among: candidates, cursor: &cursor, random: 0, key: KeyHash.of(Array("key \(key)".utf8)))
    }

    @Test func `keys spread evenly, and each stays where it is`() {
        let candidates = cluster(5)
        var counts = [Int](repeating: 0, count: 5)
        for key in 0..<10_000 { if let index = place(key, candidates) { counts[index] += 1 } }
        #expect(counts.allSatisfy { (1800...2200).contains($0) }, "\(counts)")
        #expect((0..<100).allSatisfy { place($0, candidates) == place($0, candidates) })
    }

    @Test func `when one goes, only its keys move, and they spread over all others`() {
        let all = cluster(5)
        var fewer = all
        fewer[2].isUsable = false
        var moved = [Int](repeating: 0, count: 5)
        for key in 0..<5000 {
            let (before, after) = (place(key, all), place(key, fewer))
            if before != 2 { #expect(before == after) } else if let after { moved[after] += 1 }
        }
        #expect(moved[2] == 0 && [0, 1, 3, 4].allSatisfy { moved[$0] > 180 }, "\(moved)")
    }

    @Test func `the order of the endpoints doesn't matter`() {
        let all = cluster(4)
        for key in 0..<200 {
            let a = place(key, all).map { all[$0].identity }
            let b = place(key, all.reversed()).map { Array(all.reversed())[$0].identity }
            #expect(a == b)
        }
    }

    @Test func `a key comes to a warming endpoint once, and stays`() {
        var candidates = cluster(3)
        var home = [Int?](repeating: nil, count: 600)
        var moves = [Int](repeating: 0, count: 600)
        var shares: [Int] = []
        for weight in stride(from: UInt16(16), through: 256, by: 16) {
            candidates[1].weight = weight
            for key in 0..<600 {
                let index = place(key, candidates)
                if let known = home[key], known != index { moves[key] += 1 }
                home[key] = index
            }
            shares.append(home.count { $0 == 1 })
        }
        #expect(moves.allSatisfy { $0 <= 1 })
        #expect(shares == shares.sorted() && shares[0] < 40 && shares[15] > 150, "\(shares)")
    }

    @Test func `a request without a key goes to one of two`() {
        var cursor: UInt32 = 0
        let candidates = [Candidate(sessions: 9), Candidate(sessions: 1)]
        #expect(EndpointPicker.pick(.hash, among: candidates, cursor: &cursor, random: 77) == 1)
    }

    @Test func `hashes are the same on every machine`() {
        #expect(KeyHash.of([UInt8]()) == 0xEFD0_1F60_BA99_2926)
        #expect(KeyHash.of(Array("a".utf8)) != KeyHash.of(Array("b".utf8)))
    }

    @Test func `a warming endpoint gets its share of turns and no more`() {
        let candidates = [Candidate(), Candidate(weight: 64), Candidate()]
        var random = SplitMix64(seed: 3)
        var cursor: UInt32 = 0
        var hits = [0, 0, 0]
        for _ in 0..<3000 {
            if let index = EndpointPicker.pick(.roundRobin, among: candidates, cursor: &cursor, random: random.next()) {
                hits[index] += 1
            }
        }
        // A quarter of the turns that it would have.
        #expect((240...440).contains(hits[1]) && hits[0] > 1000 && hits[2] > 1000, "\(hits)")
    }

    @Test func `a warming endpoint alone gets everything`() {
        var cursor: UInt32 = 0
        for policy in BalancingPolicy.allCases {
            #expect(
                EndpointPicker.pick(policy, among: [Candidate(weight: 1)], cursor: &cursor, random: .max, key: 1) == 0)
        }
    }

    @Test func `a warming endpoint counts as fuller than it is`() {
        var cursor: UInt32 = 0
        let candidates = [Candidate(sessions: 10), Candidate(sessions: 3, weight: 64)]
        #expect(EndpointPicker.pick(.leastSessions, among: candidates, cursor: &cursor, random: 0) == 0)
        cursor = 0
        let emptier = [Candidate(sessions: 10), Candidate(sessions: 1, weight: 64)]
        #expect(EndpointPicker.pick(.leastSessions, among: emptier, cursor: &cursor, random: 0) == 1)
    }
}
