import ProxyCore
import Testing
import Wire

struct NameCalendarTests {
    private func name(_ host: String) -> Endpoint { Endpoint(scheme: .http, host: host, port: 80) }
    private func at(_ seconds: UInt64) -> Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

    @Test func `what is new is due at once, and whose turn is longest overdue comes first`() {
        var calendar = NameCalendar()
        #expect(calendar.next == nil)
        #expect(calendar.need([name("a"), name("b"), name("a")], for: 0) == true)
        #expect(calendar.next?.endpoint == name("a") && calendar.next?.due == .zero)
        #expect(calendar.asked(name("a"), again: at(30)) == true)
        #expect(calendar.next?.endpoint == name("b"), "what stands twice is asked for once")
        #expect(calendar.asked(name("b"), again: at(31)) == true)
        #expect(calendar.next?.endpoint == name("a") && calendar.next?.due == at(30))
        #expect(calendar.need([name("a"), name("b")], for: 1) == false, "another user's need of the same is nothing new")
        #expect(calendar.next?.due == at(30))
        calendar.hurry(name("b"), by: at(5))
        #expect(calendar.next?.endpoint == name("b") && calendar.next?.due == at(5))
        calendar.hurry(name("b"), by: at(9))
        #expect(calendar.next?.due == at(5), "haste puts nothing off")
    }

    @Test func `a name is asked for as long as somebody needs it, and forgotten after that`() {
        var calendar = NameCalendar()
        for user in 0..<2 { _ = calendar.need([name("old")], for: user) }
        #expect(calendar.need([name("new")], for: 0) == true)
        #expect(calendar.isNeeded(name("old")) && calendar.isNeeded(name("new")), "the other one has not followed yet")
        #expect(calendar.need([name("new")], for: 1) == false)
        #expect(!calendar.isNeeded(name("old")))
        #expect(calendar.asked(name("old"), again: at(30)) == false, "an answer that comes too late is nobody's")
        calendar.hurry(name("old"), by: at(1))
        #expect(calendar.next?.endpoint == name("new"))
        for round in 0..<1000 { for user in 0..<2 { _ = calendar.need([name("host\(round)")], for: user) } }
        var left = 0
        while let next = calendar.next, next.due == .zero {
            left += 1
            #expect(calendar.asked(next.endpoint, again: at(1)) == true)
        }
        #expect(left == 1)
    }
}
