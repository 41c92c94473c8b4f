import ProxyCore
import Testing

/// One look after the other; what is told are the comings and goings since the process began.
@Suite struct TrimTimingTests {
    private func looks(_ changes: [UInt64]) -> [UInt64] {
        var timing = TrimTiming()
        return changes.filter { timing.look(changes: $0) }
    }

    @Test func `pages go back once, when a crowd has come and only a few follow`() {
        #expect(looks([0, 4000, 8000, 8003, 8003, 8010]) == [8003])
    }

    @Test func `as long as many come and go, nothing is given back that will be needed at once`() {
        let busy = (1...100).map { UInt64($0) * 50 }
        #expect(looks(busy) == [])
        #expect(looks(busy + [5000]) == [5000])
    }

    @Test func `single connections add up to a crowd`() {
        #expect(looks((1...512).map { UInt64($0) }) == [256, 512])
    }
}
