import CLinux
import TestSupport
import Testing
import Wire

@testable import EventLoop

@Suite struct TimerWheelTests {
    private let tick = TimerWheel.tick

    private func at(_ milliseconds: UInt64) -> Timestamp { Timestamp(nanoseconds: 1_000_000_000_000 + milliseconds * 1_000_000) }

    @Test func `a timer fires at its deadline or up to two slots later, never earlier`() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<200 {
            let start = at(random.next() % 10_000)
            var wheel = TimerWheel(now: start)
            let deadline = start + .milliseconds(random.next() % 2000)
            _ = wheel.schedule(owner: 5, at: deadline)
            var now = start
            while wheel.popExpired(now: now) == nil {
                now = now + .milliseconds(1)
                guard now < deadline + .seconds(1) else { break }
            }
            #expect(now >= deadline)
            #expect((now - deadline).nanoseconds <= 2 * tick)
            #expect(wheel.count == 0)
        }
    }

    @Test func `a wheel that follows nextWakeup fires in time and does not spin`() {
        var wheel = TimerWheel(now: at(0))
        let deadline = at(100_000)
        _ = wheel.schedule(owner: 9, at: deadline)
        var wakeUps = 0
        var fired: Timestamp?
        while fired == nil, let next = wheel.nextWakeup, wakeUps < 100 {
            wakeUps += 1
            if wheel.popExpired(now: next) == 9 { fired = next }
        }
        #expect(fired.map { $0 >= deadline && ($0 - deadline).nanoseconds <= 2 * tick } ?? false)
        #expect(wakeUps < 10, "a deadline beyond the horizon is looked at once a turn of the wheel")
        #expect(wheel.nextWakeup == nil)
    }

    @Test func `a cancelled timer does not fire, and its name is worth nothing afterwards`() {
        var wheel = TimerWheel(now: at(0))
        let first = wheel.schedule(owner: 1, at: at(50))
        wheel.cancel(first)
        wheel.cancel(first)
        #expect(wheel.count == 0)
        #expect(wheel.nextWakeup == nil)
        _ = wheel.schedule(owner: 2, at: at(60))
        wheel.cancel(first)
        wheel.cancel(.none)
        #expect(wheel.popExpired(now: at(100)) == 2)
        #expect(wheel.popExpired(now: at(100)) == nil)
    }

    @Test func `a deadline in the past fires at the next tick, one that is never does not`() {
        var wheel = TimerWheel(now: at(1000))
        _ = wheel.schedule(owner: 3, at: .zero)
        _ = wheel.schedule(owner: 4, at: .never)
        #expect(wheel.popExpired(now: at(1016)) == 3)
        for minute in 1...30 as ClosedRange<UInt64> { #expect(wheel.popExpired(now: at(minute * 60_000)) == nil) }
        #expect(wheel.count == 1)
    }

    @Test func `a timer that is set after a long sleep, before the wheel has caught up, is kept`() {
        var wheel = TimerWheel(now: at(0))
        // Nothing was set for two minutes, so that the wheel's position is stale when this one is.
        _ = wheel.schedule(owner: 6, at: at(120_500))
        #expect(wheel.popExpired(now: at(120_000)) == nil)
        #expect(wheel.popExpired(now: at(120_499)) == nil)
        #expect(wheel.popExpired(now: at(120_516)) == 6)
    }

    @Test func `many timers, set and cancelled at random, fire each once and in their time`() {
        var random = SplitMix64(seed: 12)
        var wheel = TimerWheel(now: at(0))
        var deadlines: [UInt64: Timestamp] = [:]
        var names: [UInt64: TimerID] = [:]
        var now = at(0)
        var owner: UInt64 = 0
        var faults: [String] = []
        for step in 0..<20_000 {
            now = now + .milliseconds(random.next() % 50)
            while let fired = wheel.popExpired(now: now) {
                guard let deadline = deadlines.removeValue(forKey: fired) else {
                    faults.append("\(fired) fired twice or after its cancellation")
                    continue
                }
                names[fired] = nil
                if deadline > now { faults.append("\(fired) fired early") }
                if (now - deadline).nanoseconds > 50_000_000 + 2 * tick { faults.append("\(fired) fired late") }
            }
            if step < 15_000 {
                owner += 1
                let deadline = now + .milliseconds(random.next() % (step % 10 == 0 ? 90_000 : 3000))
                deadlines[owner] = deadline
                names[owner] = wheel.schedule(owner: owner, at: deadline)
            }
            if random.next() % 3 == 0, let victim = names.keys.first, let name = names.removeValue(forKey: victim) {
                wheel.cancel(name)
                deadlines[victim] = nil
            }
        }
        #expect(faults.isEmpty, "\(faults.prefix(3))")
        #expect(deadlines.isEmpty)
        #expect(wheel.count == 0)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a loop wakes for its timers`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let start = clinux_monotonic()
        test.turn()
        let cancelled = test.loop.schedule(owner: 1, at: test.loop.now + .milliseconds(20))
        _ = test.loop.schedule(owner: 2, at: test.loop.now + .milliseconds(40))
        test.loop.cancel(cancelled)
        // Without a deadline of the caller: only the timer can end the wait.
        while test.timers.isEmpty {
            test.loop.wait()
            while let completion = test.loop.next() {
                if case .timer(let owner) = completion { #expect(owner == 2); return check() }
            }
        }
        func check() { #expect(clinux_monotonic() - start >= 40_000_000) }
    }
}
