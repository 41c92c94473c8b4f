import ProxyCore
import Testing

@Suite struct TrimTimingTests {
    @Test func `pages go back once, when a crowd has come and nobody follows`() {
        var timing = TrimTiming()
        #expect(!timing.look(changes: 0))
        #expect(!timing.look(changes: 4000), "it is coming")
        #expect(!timing.look(changes: 8000))
        #expect(timing.look(changes: 8003), "a few always come")
        #expect(!timing.look(changes: 8003))
        #expect(!timing.look(changes: 8010))
    }

    @Test func `as long as many come and go, nothing is given back that will be needed at once`() {
        var timing = TrimTiming()
        for second in 1...100 as ClosedRange<UInt64> { #expect(!timing.look(changes: second * 50)) }
        #expect(timing.look(changes: 5000))
    }

    @Test func `single connections add up to a crowd`() {
        var timing = TrimTiming()
        let trims = (1...512).filter { timing.look(changes: UInt64($0)) }
        #expect(trims == [256, 512])
    }
}
