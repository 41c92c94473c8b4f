import Testing
import Wire

@testable import ProxyCore

@Suite struct DrainScheduleTests {
    private func at(_ milliseconds: UInt64) -> Timestamp { Timestamp(nanoseconds: 5_000_000_000) + .milliseconds(milliseconds) }

    private func schedule(_ sessions: Int, window: UInt64, timeout: UInt64 = 60_000) -> DrainSchedule {
        var schedule = DrainSchedule()
        schedule.begin(window: .milliseconds(window), timeout: .milliseconds(timeout), sessions: sessions, now: at(0))
        return schedule
    }

    @Test(arguments: [1, 7, 100, 9000])
    func `closes are spread evenly, and all are due at the window's end`(sessions: Int) {
        var schedule = schedule(sessions, window: 10_000)
        var closed = 0
        for time in stride(from: UInt64(0), to: 10_000, by: 20) {
            closed += schedule.due(now: at(time))
            let even = Double(sessions) * Double(time) / 10_000
            #expect(Double(closed) >= even && Double(closed) <= even + 2, "\(closed) at \(time) ms")
            #expect(schedule.nextStep == at(time + 20))
        }
        #expect(closed <= sessions)
        #expect(schedule.due(now: at(10_000)) == .max, "whoever is there, those that opened meanwhile too")
    }

    @Test func `without a window all are due at once`() {
        var schedule = schedule(3, window: 0)
        #expect(schedule.due(now: at(0)) == .max)
    }

    @Test func `the timeout counts from the beginning`() {
        let schedule = schedule(3, window: 1000, timeout: 2000)
        #expect(!schedule.isOverdue(now: at(1999)))
        #expect(schedule.isOverdue(now: at(2000)))
        #expect(!DrainSchedule().isOverdue(now: at(99_999)))
    }

    @Test func `an ended drain has no next step`() {
        var schedule = schedule(3, window: 1000)
        schedule.end()
        #expect(!schedule.isActive && schedule.nextStep == .never)
    }

    @Test func `the retry hint is drawn within the window`() {
        let notice = DrainNotice(code: 1012, reason: "back in {retry} s")
        var seen: Set<String> = []
        for random in UInt64(0)..<40 { seen.insert(notice.text(window: .milliseconds(4500), random: random)) }
        #expect(seen == ["back in 1 s", "back in 2 s", "back in 3 s", "back in 4 s", "back in 5 s"])
        #expect(notice.text(window: .zero, random: 9) == "back in 1 s")
        #expect(DrainNotice(reason: "{retry").text(window: .seconds(5), random: 1) == "{retry")
        #expect(DrainNotice().text(window: .seconds(5), random: 1) == "server going away")
    }
}
