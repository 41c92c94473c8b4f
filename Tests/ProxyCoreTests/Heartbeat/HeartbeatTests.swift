import Diagnosis
import Testing
import Wire

@testable import ProxyCore

/// Dialogues: times in, decisions out.
@Suite struct HeartbeatTests {
    private static let timing = HeartbeatTiming(interval: .seconds(20), timeout: .seconds(5))

    private func at(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: 1_000_000_000_000 + UInt64(seconds * 1_000_000_000)) }

    private func heartbeat(
        _ policy: HeartbeatPolicy = HeartbeatPolicy(), nonce: UInt64 = 7, beating: SelfBeating? = nil
    ) -> Heartbeat { Heartbeat(policy, nonce: nonce, selfBeating: beating) }

    private func seconds(_ time: Timestamp) -> Double { (time - at(0)).seconds }

    /// Asks a silent side: gives the payload.
    private func ask(_ heartbeat: inout Heartbeat, _ side: Side, at time: Double, heard: Double) -> UInt64? {
        guard heartbeat.check(side, now: at(time), heard: at(heard), reachable: true, Self.timing) == .ping else { return nil }
        return heartbeat.asked(side, now: at(time))
    }

    @Test(arguments: [Side.downstream, .upstream], UInt64(1)...20)
    func `a silent side is asked within the last quarter of the interval`(side: Side, nonce: UInt64) {
        var heartbeat = heartbeat(nonce: nonce)
        let due = heartbeat.deadline(side, heard: at(0), Self.timing)
        #expect((15.0...20).contains(seconds(due)))
        #expect(heartbeat.check(side, now: at(14.9), heard: at(0), reachable: true, Self.timing) == .none)
        #expect(heartbeat.check(side, now: due, heard: at(0), reachable: true, Self.timing) == .ping)
        #expect(heartbeat.isDue(side))
        #expect(heartbeat.check(side, now: due, heard: at(0), reachable: true, Self.timing) == .none, "one ping at a time")
        _ = heartbeat.asked(side, now: due)
        #expect(heartbeat.awaitsPong(side) && !heartbeat.awaitsPong(side.opposite))
    }

    @Test func `whatever the moment of the ping, a dead side is found at interval and timeout`() {
        for nonce in UInt64(0)..<50 {
            var heartbeat = heartbeat(nonce: nonce)
            let due = heartbeat.deadline(.downstream, heard: at(0), Self.timing)
            #expect(heartbeat.check(.downstream, now: due, heard: at(0), reachable: true, Self.timing) == .ping)
            _ = heartbeat.asked(.downstream, now: due)
            #expect(heartbeat.deadline(.downstream, heard: at(0), Self.timing) == at(25))
            #expect(heartbeat.check(.downstream, now: at(24.9), heard: at(0), reachable: true, Self.timing) == .none)
            #expect(heartbeat.check(.downstream, now: at(25), heard: at(0), reachable: true, Self.timing) == .dead)
        }
    }

    @Test func `sessions of one instant are asked over a quarter of the interval, evenly`() {
        var perTenth = [Int](repeating: 0, count: 10)
        for nonce in UInt64(0)..<9000 {
            let due = heartbeat(nonce: nonce &* 0xD129_0A5F_33C1_77A5).deadline(.upstream, heard: at(0), Self.timing)
            perTenth[min(9, Int((seconds(due) - 15) * 2))] += 1
        }
        #expect(perTenth.allSatisfy { (700...1100).contains($0) }, "\(perTenth)")
    }

    @Test(arguments: UInt64(1)...20)
    func `a side that did nothing but answer is asked at the interval, one that spoke anew within its last quarter`(nonce: UInt64)
        throws
    {
        var heartbeat = heartbeat(nonce: nonce)
        let payload = try #require(ask(&heartbeat, .upstream, at: 20, heard: 0))
        // The pong takes less than a step of the grid: the next ping stands at the interval exactly, and so do all after it.
        let pong = at(20.01)
        #expect(heartbeat.claim(.upstream, payload, now: pong) != nil)
        #expect(Self.timing.moment(heartbeat.deadline(.upstream, heard: pong, Self.timing)) == at(40))
        #expect(heartbeat.check(.upstream, now: at(39.7), heard: pong, reachable: true, Self.timing) == .none)
        let spoke = heartbeat.deadline(.upstream, heard: at(20.02), Self.timing)
        #expect((35.02...40.02).contains(seconds(spoke)))
        #expect(heartbeat.check(.upstream, now: at(40), heard: pong, reachable: true, Self.timing) == .ping)
        _ = heartbeat.asked(.upstream, now: at(40))
        #expect(heartbeat.deadline(.upstream, heard: pong, Self.timing) == at(45.01), "dead at interval and timeout from the pong")
    }

    @Test func `a byte after the ping is a sign of life, and the pong is still ours when it comes`() throws {
        var heartbeat = heartbeat()
        let payload = try #require(ask(&heartbeat, .downstream, at: 20, heard: 0))
        #expect(heartbeat.check(.downstream, now: at(26), heard: at(20.5), reachable: true, Self.timing) == .none)
        #expect(heartbeat.deadline(.downstream, heard: at(20.5), Self.timing) >= at(35.5))
        #expect(heartbeat.awaitsPong(.downstream))
        #expect(heartbeat.claim(.downstream, payload, now: at(27)) == Heartbeat.Answer(roundTrip: .seconds(7)))
        #expect(!heartbeat.awaitsPong(.downstream))
    }

    @Test func `a pong counts once, for its side, and only for what was asked`() throws {
        var heartbeat = heartbeat()
        let payload = try #require(ask(&heartbeat, .upstream, at: 20, heard: 0))
        #expect(heartbeat.claim(.downstream, payload, now: at(20.1)) == nil, "the other side's")
        #expect(heartbeat.claim(.upstream, payload &+ 1, now: at(20.1)) == nil)
        #expect(heartbeat.claim(.upstream, payload, now: at(20.25)) == Heartbeat.Answer(roundTrip: .milliseconds(250)))
        #expect(heartbeat.claim(.upstream, payload, now: at(20.3)) == nil, "a second time")
        #expect(heartbeat.facts(.upstream)?.pongs == 1)
    }

    @Test func `pings differ by number, side and session`() {
        var payloads: Set<UInt64> = []
        for nonce in UInt64(0)..<20 {
            var heartbeat = heartbeat(nonce: nonce)
            for number in 0..<10 {
                for side in Side.allCases { payloads.insert(heartbeat.asked(side, now: at(Double(number)))) }
            }
        }
        #expect(payloads.count == 400)
    }

    @Test func `of several pings the last may be answered alone, and an older one late`() throws {
        var heartbeat = heartbeat()
        let first = try #require(ask(&heartbeat, .downstream, at: 20, heard: 0))
        // It speaks, and doesn't answer: after another silence it is asked again.
        let second = try #require(ask(&heartbeat, .downstream, at: 42, heard: 22))
        #expect(first != second)
        var other = heartbeat
        #expect(
            heartbeat.claim(.downstream, first, now: at(43)) == Heartbeat.Answer(roundTrip: nil),
            "ours, but of which time is not known")
        #expect(heartbeat.awaitsPong(.downstream))
        #expect(heartbeat.claim(.downstream, second, now: at(43)) == Heartbeat.Answer(roundTrip: .seconds(1)))
        #expect(other.claim(.downstream, second, now: at(43)) != nil)
        #expect(!other.awaitsPong(.downstream))
        #expect(other.claim(.downstream, first, now: at(44)) == nil)
    }

    @Test func `silence of our own making kills nobody`() throws {
        var heartbeat = heartbeat()
        #expect(heartbeat.check(.upstream, now: at(20), heard: at(0), reachable: false, Self.timing) == .none)
        #expect(heartbeat.deadline(.upstream, heard: at(0), Self.timing) == at(21))
        #expect(ask(&heartbeat, .upstream, at: 21, heard: 0) != nil)
        // Asked, and then we stop taking its bytes.
        #expect(heartbeat.check(.upstream, now: at(26), heard: at(0), reachable: false, Self.timing) == .none)
        #expect(
            heartbeat.check(.upstream, now: at(27), heard: at(0), reachable: true, Self.timing) == .ping, "asked anew, not dead")
        _ = heartbeat.asked(.upstream, now: at(27))
        #expect(heartbeat.check(.upstream, now: at(32), heard: at(0), reachable: true, Self.timing) == .dead)
        var resumed = self.heartbeat()
        _ = ask(&resumed, .upstream, at: 20, heard: 0)
        resumed.excuse(.upstream)
        #expect(resumed.check(.upstream, now: at(40), heard: at(0), reachable: true, Self.timing) == .ping)
    }

    @Test func `only the sides that were named are asked, and none that was retired`() {
        var heartbeat = heartbeat(HeartbeatPolicy(pingsClient: false))
        #expect(heartbeat.deadline(.downstream, heard: at(0), Self.timing) == .never)
        #expect(heartbeat.check(.downstream, now: at(99), heard: at(0), reachable: true, Self.timing) == .none)
        #expect(heartbeat.facts(.downstream) == nil)
        heartbeat.retire(.upstream)
        #expect(heartbeat.deadline(.upstream, heard: at(0), Self.timing) == .never)
    }

    @Test func `a side that beats by itself gets a quarter more, until it fails to`() {
        var heartbeat = heartbeat(beating: .sockJS)
        #expect(heartbeat.deadline(.downstream, heard: at(0), Self.timing) <= at(20), "SockJS's client says nothing")
        #expect(heartbeat.deadline(.upstream, heard: at(0), Self.timing) == at(25))
        // Its beat comes at 24 s, every time: never asked.
        for round in 1...10 {
            let heard = Double(round) * 24
            #expect(heartbeat.check(.upstream, now: at(heard + 23.9), heard: at(heard), reachable: true, Self.timing) == .none)
        }
        #expect(heartbeat.check(.upstream, now: at(265), heard: at(240), reachable: true, Self.timing) == .ping)
        _ = heartbeat.asked(.upstream, now: at(265))
        #expect(heartbeat.deadline(.upstream, heard: at(266), Self.timing) <= at(286), "from then on like any other")
    }

    @Test func `round trips are told as the last, the middle and the longest`() {
        var times = RoundTrips()
        #expect(times.last == nil && times.median == nil && times.longest == nil)
        for milliseconds in [900, 10, 30, 20, 50, 40, 60, 70] as [UInt64] { times.add(.milliseconds(milliseconds)) }
        #expect(times.last == .milliseconds(70))
        #expect(times.median == .milliseconds(40))
        #expect(times.longest == .milliseconds(900))
    }

    @Test func `what is due is done on a grid, never early and at most a quarter of a second late`() {
        for milliseconds in [0, 1, 249, 250, 251, 7777] as [UInt64] {
            let deadline = Timestamp(nanoseconds: 1_000_000_000_000) + .milliseconds(milliseconds)
            let moment = HeartbeatTiming(interval: .seconds(25), timeout: .seconds(10)).moment(deadline)
            #expect(moment >= deadline && moment - deadline < .milliseconds(250))
            #expect(moment.nanoseconds % 250_000_000 == 0)
            let short = HeartbeatTiming(interval: .milliseconds(640), timeout: .seconds(1)).moment(deadline)
            #expect(short >= deadline && short - deadline < .milliseconds(10))
        }
        #expect(Self.timing.moment(.never) == .never)
    }

    @Test func `an idle session pays little for it`() {
        #expect(MemoryLayout<Heartbeat>.size <= 200, "\(MemoryLayout<Heartbeat>.size)")
    }
}
