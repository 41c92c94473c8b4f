import EventLoop
import Foundation
import Testing
import Wire

@Suite struct MailboxTests {
    @Test(arguments: EventLoop.Backend.available)
    func `another thread's message wakes the loop, again and again`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let mailbox = Mailbox<Int>(capacity: 1000, waker: test.loop.waker)
        let thread = Thread { for number in 0..<500 { _ = mailbox.post(number) } }
        thread.start()
        var taken: [Int] = []
        // Without a deadline: only a wake-up ends the wait. A lost one would hang here, so the test has a bound.
        _ = test.loop.schedule(owner: 99, at: test.loop.now + .seconds(10))
        while taken.count < 500 {
            test.loop.wait()
            while let completion = test.loop.next() {
                switch completion {
                case .woken: taken += mailbox.takeAll()
                case .timer: Issue.record("a wake-up was lost after \(taken.count) messages"); return
                default: break
                }
            }
        }
        #expect(taken == Array(0..<500))
    }

    @Test func `a full mailbox refuses`() throws {
        let test = try LoopHarness(.epoll)
        let mailbox = Mailbox<Int>(capacity: 2, waker: test.loop.waker)
        #expect(mailbox.post(1) && mailbox.post(2))
        #expect(!mailbox.post(3))
        #expect(mailbox.takeAll() == [1, 2])
        #expect(mailbox.post(4))
        #expect(mailbox.takeAll() == [4])
    }

    @Test func `what is said once gets into a mailbox as soon as there is room, or not after its limit`() throws {
        let test = try LoopHarness(.epoll)
        let mailbox = Mailbox<Int>(capacity: 4, waker: test.loop.waker)
        let thread = Thread { for number in 0..<100 where !mailbox.post(number, until: .max) { return } }
        thread.start()
        var taken: [Int] = []
        _ = test.loop.schedule(owner: 99, at: test.loop.now + .seconds(10))
        while taken.count < 100 {
            test.loop.wait()
            while let completion = test.loop.next() {
                switch completion {
                case .woken: taken += mailbox.takeAll()
                case .timer: Issue.record("only \(taken.count) messages got in"); return
                default: break
                }
            }
        }
        #expect(taken == Array(0..<100))
        #expect((0..<4).allSatisfy { mailbox.post($0) })
        #expect(!mailbox.post(4, until: 0))
    }
}
