import ProxyCore
import TestSupport
import Testing

struct EndpointPickerTests {
    private typealias Candidate = EndpointPicker.Candidate

    @Test func `round robin takes turns and leaves out what is not usable`() {
        let candidates = [Candidate(), Candidate(isUsable: false), Candidate()]
        var cursor: UInt32 = 0
        let picks = (0..<5).map { _ in EndpointPicker.pick(.roundRobin, among: candidates, cursor: &cursor, random: 0) }
        #expect(picks == [0, 2, 0, 2, 0])
    }

    @Test func `a cursor from anywhere is inside`() {
        var cursor = UInt32.max
        #expect(EndpointPicker.pick(.roundRobin, among: [Candidate(), Candidate()], cursor: &cursor, random: 0) == 1)
    }

    @Test func `least sessions finds the emptiest and takes turns among equals`() {
        var cursor: UInt32 = 0
        let uneven = [Candidate(sessions: 4), Candidate(sessions: 1), Candidate(sessions: 2)]
        #expect(EndpointPicker.pick(.leastSessions, among: uneven, cursor: &cursor, random: 0) == 1)
        let even = [Candidate](repeating: Candidate(), count: 3)
        cursor = 0
        let picks = (0..<4).map { _ in EndpointPicker.pick(.leastSessions, among: even, cursor: &cursor, random: 0) }
        #expect(picks == [0, 1, 2, 0])
    }

    @Test func `of two at random the emptier one is taken`() {
        let candidates = [Candidate(sessions: 9), Candidate(sessions: 1)]
        var random = SplitMix64(seed: 1)
        var cursor: UInt32 = 0
        for _ in 0..<50 {
            #expect(EndpointPicker.pick(.randomOfTwo, among: candidates, cursor: &cursor, random: random.next()) == 1)
        }
    }

    @Test func `two at random reaches every usable one and no other`() {
        let candidates = (0..<5).map { Candidate(isUsable: $0 != 3) }
        var random = SplitMix64(seed: 2)
        var cursor: UInt32 = 0
        var hits = [Int](repeating: 0, count: 5)
        for _ in 0..<4000 {
            if let index = EndpointPicker.pick(.randomOfTwo, among: candidates, cursor: &cursor, random: random.next()) {
                hits[index] += 1
            }
        }
        #expect(hits[3] == 0)
        #expect([0, 1, 2, 4].allSatisfy { hits[$0] > 800 }, "\(hits)")
    }

    @Test(arguments: BalancingPolicy.allCases)
    func `nothing usable gives nothing`(_ policy: BalancingPolicy) {
        var cursor: UInt32 = 7
        #expect(EndpointPicker.pick(policy, among: [], cursor: &cursor, random: .max) == nil)
        #expect(EndpointPicker.pick(policy, among: [Candidate(isUsable: false)], cursor: &cursor, random: .max) == nil)
        #expect(
            EndpointPicker.pick(
                policy, among: [Candidate(isUsable: false), Candidate()], cursor: &cursor, random: .max) == 1)
    }
}
