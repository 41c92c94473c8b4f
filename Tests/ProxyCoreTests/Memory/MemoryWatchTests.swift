import ProxyCore
import Testing
import Wire

/// The watch as a dialogue: a limit of 1000 bytes, percentages as readings, times in milliseconds.
@Suite struct MemoryWatchTests {
    private struct Dialogue {
        var watch = MemoryWatch()

        mutating func look(_ used: UInt64, own: UInt64? = nil, at milliseconds: UInt64) -> [MemoryWatch.Action] {
            watch.look(
                at: MemoryWatch.Reading(limit: 1000, used: used, own: own ?? used),
                now: Timestamp.zero + .seconds(100) + .milliseconds(milliseconds))
        }
    }

    @Test func `plenty asks for nothing`() {
        var test = Dialogue()
        for used in [0, 500, 900, 949] as [UInt64] { #expect(test.look(used, at: used) == []) }
        #expect(test.watch.isAccepting)
    }

    @Test func `at 95 percent accepting stops once, and goes on below 90`() {
        var test = Dialogue()
        #expect(test.look(950, at: 0) == [.stopAccepting, .trim])
        #expect(!test.watch.isAccepting)
        #expect(test.look(955, at: 100) == [])
        #expect(test.look(949, at: 200) == [])
        #expect(test.look(900, at: 300) == [])
        #expect(test.look(899, at: 400) == [.goOnAccepting])
        #expect(test.watch.isAccepting)
        #expect(test.look(949, at: 500) == [])
        #expect(test.look(950, at: 1500) == [.stopAccepting, .trim])
    }

    @Test func `at 98 percent sessions end until 92 would be left, and again when that did not help`() {
        var test = Dialogue()
        #expect(test.look(980, at: 0) == [.stopAccepting, .trim, .shed(60)])
        // What was shed comes back within moments.
        #expect(test.look(985, at: 50) == [])
        #expect(test.look(985, at: 100) == [.trim])
        #expect(test.look(990, at: 299) == [])
        #expect(test.look(990, at: 300) == [.shed(70)])
        #expect(test.look(920, at: 600) == [])
        #expect(test.look(880, at: 900) == [.goOnAccepting])
    }

    @Test func `more than the limit is no trap`() {
        var test = Dialogue()
        #expect(test.look(5000, at: 0) == [.stopAccepting, .trim, .shed(4080)])
        var watch = MemoryWatch()
        #expect(watch.look(at: MemoryWatch.Reading(limit: 0, used: 5, own: 5), now: .zero) == [])
        let huge = MemoryWatch.Reading(limit: .max, used: .max - 1, own: .max - 1)
        #expect(huge.isAt(percent: 95) && huge.isAt(percent: 98))
        #expect(!MemoryWatch.Reading(limit: .max, used: .max / 100 * 94, own: 0).isAt(percent: 95))
        #expect(watch.look(at: huge, now: .never).contains(.stopAccepting))
    }

    @Test func `a group that others have filled is not answered with harm to our sessions`() {
        var test = Dialogue()
        #expect(test.look(990, own: 124, at: 0) == [])
        #expect(test.look(990, own: 125, at: 100).contains(.stopAccepting))
        // Others took what we gave up: nothing is won by refusing on.
        #expect(test.look(995, own: 80, at: 500) == [.goOnAccepting])
    }

    @Test func `the tighter it is the oftener it is looked at`() {
        let watch = MemoryWatch()
        func interval(_ used: UInt64) -> TimeSpan { watch.interval(after: MemoryWatch.Reading(limit: 1000, used: used, own: used)) }
        #expect(interval(699) == .seconds(1))
        #expect(interval(700) == .milliseconds(200))
        #expect(interval(900) == .milliseconds(50))
    }
}
