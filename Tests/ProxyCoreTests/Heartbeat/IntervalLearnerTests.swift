import Diagnosis
import TestSupport
import Testing
import WebSocketWire
import Wire

@testable import ProxyCore

@Suite struct IntervalLearnerTests {
    private func at(_ milliseconds: UInt64) -> Timestamp { Timestamp(nanoseconds: 1_000_000_000_000) + .milliseconds(milliseconds) }

    /// A session that spoke once and ended after that much silence.
    private func record(
        silence: UInt64, side: Side = .upstream, _ end: TransportEnd = .finished, close: Bool = false
    ) -> SessionRecord {
        var analyzer = SessionAnalyzer(openedAt: at(0), compression: false)
        let text = bytes(0x81, 2, "hi")
        _ = analyzer.relayed(.serverToClient, text.span.bytes, at: at(100))
        if close {
            let frame = bytes(0x88, 2, 0x03, 0xE9)
            _ = analyzer.relayed(.serverToClient, frame.span.bytes, at: at(100 + silence))
        }
        analyzer.ended(side, end, at: at(100 + silence))
        return analyzer.report(at: at(100 + silence))
    }

    @Test(arguments: [Side.downstream, .upstream])
    func `three deaths of one silence are a timer, and pings come before it`(side: Side) {
        var learner = IntervalLearner()
        #expect(learner.ended(record(silence: 10_000, side: side)) == nil)
        #expect(learner.ended(record(silence: 10_050, side: side, .reset(errno: 104))) == nil)
        let lesson = learner.ended(record(silence: 10_000, side: side))
        #expect(lesson?.interval == .seconds(7))
        #expect(lesson?.before == .seconds(25))
        #expect(lesson?.silence == .seconds(10))
        #expect(lesson?.sessions == 3)
        #expect(learner.interval == .seconds(7))
    }

    @Test func `people leave after silences of all lengths, and nothing is learnt`() {
        var learner = IntervalLearner()
        for silence in [2500, 4000, 6000, 9000, 12_000, 15_000, 18_000, 22_000, 3300, 5000] as [UInt64] {
            #expect(learner.ended(record(silence: silence)) == nil)
        }
        #expect(learner.interval == .seconds(25))
    }

    @Test func `ends that no timer makes teach nothing`() {
        var learner = IntervalLearner()
        for _ in 0..<5 {
            #expect(learner.ended(record(silence: 10_000, close: true)) == nil, "a close frame")
            #expect(learner.ended(record(silence: 500)) == nil, "too short")
            #expect(learner.ended(record(silence: 40_000)) == nil, "longer than we let it get")
            #expect(learner.ended(record(silence: 10_000, .timedOut(.idle))) == nil, "our own timer")
            #expect(learner.ended(record(silence: 10_000, .local(.drain))) == nil, "our own doing")
        }
    }

    @Test func `it gets shorter again and never longer`() {
        var learner = IntervalLearner()
        for _ in 0..<3 { _ = learner.ended(record(silence: 20_000)) }
        #expect(learner.interval == .seconds(14))
        for _ in 0..<3 { _ = learner.ended(record(silence: 20_000)) }
        #expect(learner.interval == .seconds(14))
        for _ in 0..<3 { _ = learner.ended(record(silence: 5000)) }
        #expect(learner.interval == .milliseconds(3500))
    }
}
