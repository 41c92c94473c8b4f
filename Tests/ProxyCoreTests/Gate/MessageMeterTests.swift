import ProxyCore
import Testing
import Wire

@Suite struct MessageMeterTests {
    private func at(_ milliseconds: UInt64) -> Timestamp { .zero + .seconds(1000) + .milliseconds(milliseconds) }

    @Test func `a second's worth may come at once, and then as many as the rate gives`() {
        var meter = MessageMeter(perSecond: 10, waits: false)
        #expect(meter.reached(10, now: at(0)) == .within)
        #expect(meter.reached(10, now: at(0)) == .within, "no new message, no cost")
        #expect(meter.reached(11, now: at(99)) == .exceeded)
        var steady = MessageMeter(perSecond: 10, waits: false)
        for count in 1...1000 { #expect(steady.reached(UInt64(count), now: at(UInt64(count) * 100)) == .within) }
    }

    @Test func `what came too much is waited for, all of it and no more`() {
        var meter = MessageMeter(perSecond: 10, waits: true)
        #expect(meter.reached(30, now: at(0)) == .wait(until: at(2000)))
        // Bytes that were under way already add to the debt.
        #expect(meter.reached(31, now: at(0)) == .wait(until: at(2100)))
        #expect(meter.reached(32, now: at(2100)) == .wait(until: at(2200)), "no burst is left")
        #expect(meter.reached(42, now: at(10_000)) == .within, "a quiet time gives it back")
        #expect(meter.reached(43, now: at(10_000)) == .wait(until: at(10_100)))
    }

    @Test(arguments: [1, 3, 7, 999_999, 1_000_000])
    func `no rate and no number of messages traps`(_ rate: Int) {
        for waits in [false, true] {
            var meter = MessageMeter(perSecond: rate, waits: waits)
            #expect(meter.reached(UInt64(rate), now: at(0)) == .within)
            #expect(meter.reached(.max, now: at(0)) != .within)
            #expect(meter.reached(5, now: at(1)) == .within, "a count that went back is none")
            _ = meter.reached(.max, now: .never)
        }
        #expect(MessageMeter(perSecond: -5, waits: true).perSecond == 1)
    }
}
