import Testing
import Wire

@testable import ProxyCore

@Suite struct HoldTests {
    private static let start = Timestamp(nanoseconds: 5_000_000_000)

    private func at(_ milliseconds: UInt64) -> Timestamp { HoldTests.start + .milliseconds(milliseconds) }

    private func hold(attempts: Int = 3, deadline: TimeSpan = .seconds(30)) -> Hold {
        var policy = HoldPolicy()
        policy.attempts = attempts
        policy.deadline = deadline
        return Hold(policy, now: at(0))
    }

    @Test func `a lost backend is sought after the back-off, and the session goes on`() {
        var hold = hold()
        #expect(hold.deadline == .never)
        #expect(hold.lost(now: at(0), random: 100_000_000) == .wait)
        #expect(hold.deadline == at(200), "half of 200 ms, and all of the other half was drawn")
        #expect(hold.deadlinePassed(now: at(199)) == .wait)
        #expect(hold.deadlinePassed(now: at(200)) == .connect)
        #expect(hold.state == .connecting(attempt: 1))
        #expect(hold.resumed(now: at(230)) == .milliseconds(230))
        #expect(hold.isConnected && !hold.isAway)
    }

    @Test func `each wait is twice as long, and half of it is drawn`() {
        for (random, expected) in [(UInt64(0), [100, 200, 400]), (UInt64.max, [])] as [(UInt64, [UInt64])] {
            var hold = hold()
            var now = at(0)
            _ = hold.lost(now: now, random: random)
            var waits: [UInt64] = []
            for _ in 0..<3 {
                waits.append((hold.deadline - now).nanoseconds / 1_000_000)
                now = hold.deadline
                _ = hold.deadlinePassed(now: now)
                _ = hold.failed(now: now, random: random)
            }
            if !expected.isEmpty { #expect(waits == expected) }
            for (wait, whole) in zip(waits, [200, 400, 800] as [UInt64]) { #expect(wait >= whole / 2 && wait <= whole) }
        }
    }

    @Test func `waits end at backoff_max`() {
        var hold = hold(attempts: 20, deadline: .seconds(10_000))
        var now = at(0)
        _ = hold.lost(now: now, random: 0)
        for _ in 0..<19 {
            #expect(hold.deadline - now <= .seconds(5))
            now = hold.deadline
            _ = hold.deadlinePassed(now: now)
            #expect(hold.failed(now: now, random: now.nanoseconds) == .wait)
        }
    }

    @Test func `attempts are bounded`() {
        var hold = hold(attempts: 2)
        _ = hold.lost(now: at(0), random: 0)
        _ = hold.deadlinePassed(now: at(1000))
        #expect(hold.failed(now: at(1000), random: 0) == .wait)
        #expect(hold.deadlinePassed(now: at(2000)) == .connect)
        #expect(hold.failed(now: at(2000), random: 0) == .giveUp(.attempts))
        #expect(hold.state == .gaveUp(.attempts))
        #expect(hold.failed(now: at(2001), random: 0) == .none)
        #expect(hold.lost(now: at(2001), random: 0) == .none)
        #expect(HoldEnd.attempts.closeCode == 1013)
    }

    @Test func `a failure that would repeat itself ends it at once`() {
        var hold = hold()
        _ = hold.lost(now: at(0), random: 0)
        _ = hold.deadlinePassed(now: at(1000))
        #expect(hold.failed(final: .refused, now: at(1001), random: 0) == .giveUp(.refused))
        #expect(HoldEnd.refused.closeCode == 1012)
    }

    @Test func `an attempt that hangs is ended by the deadline, and none begins behind it`() {
        var hanging = hold(deadline: .seconds(1))
        _ = hanging.lost(now: at(0), random: 0)
        _ = hanging.deadlinePassed(now: at(200))
        #expect(hanging.deadline == at(1000))
        #expect(hanging.deadlinePassed(now: at(999)) == .none)
        #expect(hanging.deadlinePassed(now: at(1000)) == .giveUp(.deadline))
        var late = hold(deadline: .milliseconds(350))
        _ = late.lost(now: at(0), random: 0)
        _ = late.deadlinePassed(now: at(200))
        #expect(late.failed(now: at(200), random: 0) == .giveUp(.deadline), "the next attempt would come at 400 ms")
    }

    @Test func `only a connection that lasts makes the attempts count anew`() {
        var hold = hold(attempts: 2)
        _ = hold.lost(now: at(0), random: 0)
        _ = hold.deadlinePassed(now: at(500))
        _ = hold.resumed(now: at(500))
        #expect(hold.lost(now: at(1000), random: 0) == .wait)
        #expect(hold.attempts == 2)
        _ = hold.deadlinePassed(now: at(2000))
        _ = hold.resumed(now: at(2000))
        #expect(hold.lost(now: at(7000), random: 0) == .wait, "it lasted 5 s")
        #expect(hold.attempts == 1)
    }
}
