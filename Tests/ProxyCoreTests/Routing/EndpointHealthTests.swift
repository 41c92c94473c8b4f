import ProxyCore
import TestSupport
import Testing
import Wire

struct EndpointHealthTests {
    private func at(_ seconds: UInt64) -> Timestamp { Timestamp(nanoseconds: 1_000_000_000_000 + seconds * 1_000_000_000) }
    private let rule = HealthRule(failures: 3, ejection: .seconds(10), longestEjection: .seconds(35))
    private let checked = HealthRule(check: .init(healthy: 2, unhealthy: 3), failures: 0)

    @Test func `so many failures in a row eject, and an answer between them begins the count anew`() {
        var health = EndpointHealth()
        #expect(health.connectFailed(rule, now: at(0)) == nil)
        #expect(health.handshakeFailed(rule, now: at(1)) == nil)
        #expect(health.answered(rule, now: at(2)) == nil)
        #expect(health.connectFailed(rule, now: at(3)) == nil)
        #expect(health.connectFailed(rule, now: at(3)) == nil)
        #expect(health.state == .ready)
        #expect(health.handshakeFailed(rule, now: at(4)) == .ejected(for: .seconds(10), count: 1))
        #expect(health.state == .ejected(until: at(14)))
        #expect(health.connectFailed(rule, now: at(5)) == nil, "who is away can't be sent away")
    }

    @Test func `an ejection ends by itself, and the first failure after it makes the next one twice as long`() {
        var health = EndpointHealth()
        for _ in 0..<3 { _ = health.connectFailed(rule, now: at(0)) }
        #expect(health.timePassed(rule, now: at(9)) == nil)
        #expect(health.timePassed(rule, now: at(10)) == .ready)
        #expect(health.connectFailed(rule, now: at(11)) == .ejected(for: .seconds(20), count: 2))
        #expect(health.timePassed(rule, now: at(31)) == .ready)
        #expect(health.connectFailed(rule, now: at(31)) == .ejected(for: .seconds(35), count: 3), "bounded")
    }

    @Test func `who was well for long enough is not on probation any more`() {
        var health = EndpointHealth()
        for _ in 0..<3 { _ = health.connectFailed(rule, now: at(0)) }
        _ = health.timePassed(rule, now: at(10))
        _ = health.answered(rule, now: at(20))
        #expect(health.connectFailed(rule, now: at(21)) == nil)
        _ = health.connectFailed(rule, now: at(21))
        #expect(health.connectFailed(rule, now: at(21)) == .ejected(for: .seconds(10), count: 1))
    }

    @Test func `an answer ends an ejection before its time`() {
        var health = EndpointHealth()
        for _ in 0..<3 { _ = health.connectFailed(rule, now: at(0)) }
        #expect(health.answered(rule, now: at(1)) == .ready)
        #expect(health.state == .ready)
    }

    @Test func `without a number of failures nobody is ejected`() {
        var health = EndpointHealth()
        for _ in 0..<100 { #expect(health.connectFailed(HealthRule(failures: 0), now: at(0)) == nil) }
        #expect(health.state == .ready)
    }

    @Test func `the first check counts at once, the later ones by their thresholds`() {
        var health = EndpointHealth()
        #expect(health.probeFailed(checked, now: at(0)) == .unhealthy)
        #expect(health.probeSucceeded(checked, now: at(1)) == nil)
        #expect(health.probeFailed(checked, now: at(2)) == nil)
        #expect(health.probeSucceeded(checked, now: at(3)) == nil)
        #expect(health.probeSucceeded(checked, now: at(4)) == .ready)
        #expect(health.probeFailed(checked, now: at(5)) == nil)
        #expect(health.probeFailed(checked, now: at(6)) == nil)
        #expect(health.probeFailed(checked, now: at(7)) == .unhealthy)
        #expect(health.answered(checked, now: at(8)) == nil && health.state == .unhealthy, "the checks' word stands")
    }

    @Test func `a good check does not call an ejected endpoint back`() {
        var health = EndpointHealth()
        for _ in 0..<3 { _ = health.handshakeFailed(rule, now: at(0)) }
        #expect(health.probeSucceeded(rule, now: at(1)) == nil)
        #expect(health.state == .ejected(until: at(10)))
    }

    @Test func `the share of who comes back grows with time, from a sixteenth`() {
        var slow = rule
        slow.slowStart = .seconds(64)
        var health = EndpointHealth()
        for _ in 0..<3 { _ = health.connectFailed(slow, now: at(0)) }
        #expect(health.timePassed(slow, now: at(10)) == .ready)
        #expect(health.state == .warming(since: at(10)))
        #expect([10, 12, 26, 42, 74, 99].map { health.state.weight(slow, now: at($0)) } == [16, 16, 64, 128, 256, 256])
        #expect(health.timePassed(slow, now: at(73)) == nil && health.state != .ready)
        #expect(health.timePassed(slow, now: at(74)) == nil && health.state == .ready, "not news")
    }

    @Test func `a state goes through one word`() {
        for state in [EndpointHealth.State.ready, .unhealthy, .ejected(until: at(3)), .warming(since: at(4))] {
            #expect(EndpointHealth.State(packed: state.packed) == state)
        }
    }

    @Test func `panic begins below its share, and by default when none is fit`() {
        let half = HealthRule(panic: 50)
        #expect([0, 1, 2, 3, 4].map { half.isPanic(fit: $0, of: 4) } == [true, true, false, false, false])
        #expect(HealthRule().isPanic(fit: 0, of: 2) && !HealthRule().isPanic(fit: 1, of: 2))
        #expect(!HealthRule(panic: nil).isPanic(fit: 0, of: 2) && !half.isPanic(fit: 0, of: 0))
    }

    @Test func `who isn't fit is asked each second at least`() {
        let check = HealthRule.Check(interval: .seconds(30))
        #expect(check.pause(isFit: true) == .seconds(30) && check.pause(isFit: false) == .seconds(1))
        #expect(HealthRule.Check(interval: .milliseconds(200)).pause(isFit: false) == .milliseconds(200))
    }
}

struct EndpointLineTests {
    private func at(_ milliseconds: UInt64) -> Timestamp { Timestamp(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000) }

    @Test func `one tries at a time while nobody gets through, with growing pauses`() {
        var line = EndpointLine<Int>()
        for entry in 0..<10 { _ = line.join(entry, until: at(10_000), now: at(0)) }
        #expect(line.due(now: at(19)).isEmpty)
        var tries: [UInt64] = []
        for time in stride(from: UInt64(20), through: 1000, by: 1) {
            let due = line.due(now: at(time))
            guard !due.isEmpty else { continue }
            #expect(due == [0])
            tries.append(time)
            line.failed(now: at(time))
            line.comeBack(due[0], to: UInt64(due[0]), until: at(10_000))
        }
        #expect(tries == [20, 60, 140, 300, 550, 800])
    }

    @Test func `each success lets twice as many follow, and a failure makes it one again`() {
        var line = EndpointLine<Int>()
        for entry in 0..<100 { #expect(line.join(entry, until: at(10_000), now: at(0)) == UInt64(entry)) }
        var batches: [Int] = []
        for time in stride(from: UInt64(20), through: 80, by: 20) {
            let due = line.due(now: at(time))
            batches.append(due.count)
            for _ in due.prefix(1) { line.succeeded() }
        }
        #expect(batches == [1, 2, 4, 8])
        let many = line.due(now: at(100))
        #expect(many.first == 15 && many.count == 16)
        for entry in many {
            line.failed(now: at(100))
            line.comeBack(entry, to: UInt64(entry), until: at(10_000))
        }
        #expect(line.due(now: at(139)).isEmpty && line.due(now: at(140)) == [15], "one pause for all of them")
    }

    @Test(arguments: [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
    func `those who were let try in vain come back to the places that they had, in whatever order they fail`(failing: [Int]) {
        var line = EndpointLine<Int>()
        for entry in 0..<5 { _ = line.join(entry, until: at(10_000), now: at(0)) }
        for _ in 0..<2 { line.succeeded() }
        #expect(line.due(now: at(20)) == [0, 1, 2, 3])
        for entry in failing {
            line.failed(now: at(20))
            line.comeBack(entry, to: UInt64(entry), until: at(10_000))
        }
        var order: [Int] = []
        for time in stride(from: UInt64(20), through: 1000, by: 1) { order += line.due(now: at(time)) }
        #expect(order == [0, 1, 2, 3, 4])
    }

    @Test func `who waits leaves at its deadline`() {
        var line = EndpointLine<Int>()
        _ = line.join(1, until: at(50), now: at(0))
        _ = line.join(2, until: at(60), now: at(0))
        #expect(line.expired(now: at(49)).isEmpty && line.expired(now: at(50)) == [1])
        line.removeAll { $0 == 2 }
        #expect(line.isEmpty && line.due(now: at(70)).isEmpty)
    }
}
