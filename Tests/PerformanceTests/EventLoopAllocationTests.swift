import EventLoop
import Testing
import Wire

@Suite(.enabled(if: AllocationCount.isAvailable, "a sanitizer's allocator is in use"))
struct EventLoopAllocationTests {
    @Test(arguments: EventLoop.Backend.available)
    func `echoes through the loop allocate nothing in the steady state`(_ backend: EventLoop.Backend) throws {
        let echo = try EchoLoop(backend, messageSize: 70)
        try echo.run(2000)
        let count = try AllocationCount.of { try echo.run(5000) }
        #expect(count == 0, "\(count) allocations in 5000 echoes on \(backend.rawValue)")
    }

    @Test(arguments: EventLoop.Backend.available)
    func `messages as large as a buffer allocate nothing in the steady state`(_ backend: EventLoop.Backend) throws {
        let echo = try EchoLoop(backend, messageSize: 60_000)
        try echo.run(300)
        let count = try AllocationCount.of { try echo.run(500) }
        #expect(count == 0, "\(count) allocations in 500 echoes on \(backend.rawValue)")
    }

    @Test(arguments: EventLoop.Backend.available)
    func `timers that are set, fire and are cancelled allocate nothing in the steady state`(
        _ backend: EventLoop.Backend
    ) throws {
        let loop = try EventLoop(backend: backend, maximumConnections: 16)
        func round() {
            let timer = loop.schedule(owner: 1, at: loop.now + .seconds(60))
            _ = loop.schedule(owner: 2, at: loop.now)
            loop.wait(until: loop.now + .milliseconds(1))
            while loop.next() != nil {}
            loop.cancel(timer)
        }
        // A slow machine lets more of them wait at a time than these rounds do: the wheel has had room for many once.
        let many = (0..<64).map { loop.schedule(owner: 3 + $0, at: loop.now + .seconds(60)) }
        for timer in many { loop.cancel(timer) }
        for _ in 0..<100 { round() }
        let count = AllocationCount.of { for _ in 0..<200 { round() } }
        #expect(count == 0, "\(count) allocations in 200 rounds on \(backend.rawValue)")
    }
}
