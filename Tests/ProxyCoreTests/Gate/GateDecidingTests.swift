import Testing

@testable import ProxyCore

/// A gate before and after a reload.
@Suite struct GateDecidingTests {
    private func gate(place: Int, accepted: String = "a token") -> Gate {
        var rule = AuthenticationRule(sources: [.bearer], accepted: accepted)
        rule.store = place
        return Gate(authentication: rule)
    }

    @Test func `checks that have moved in their list are the same checks`() {
        var asked: [[Int]] = []
        let decides = gate(place: 3).decides(like: gate(place: 1)) {
            asked.append([$0, $1])
            return true
        }
        #expect(decides && asked == [[1, 3]])
    }

    /// - Parameter same: Whether the lists hold the same checks at their places.
    private func decides(_ gate: Gate, like earlier: Gate, same: Bool) -> Bool {
        gate.decides(like: earlier) { _, _ in same }
    }

    @Test func `other checks at the same place are other checks`() {
        #expect(!decides(gate(place: 1), like: gate(place: 1), same: false))
        let one = gate(place: 1)
        #expect(!decides(one, like: one, same: false))
    }

    @Test func `another rule is another gate, whatever is checked`() {
        #expect(!decides(gate(place: 1), like: gate(place: 1, accepted: "a static key"), same: true))
        #expect(!decides(gate(place: 1), like: Gate(), same: true))
        #expect(!decides(Gate(), like: gate(place: 1), same: true))
        #expect(!decides(Gate(coversRequests: true), like: Gate(), same: true))
        #expect(decides(Gate(), like: Gate(), same: false))
    }
}
