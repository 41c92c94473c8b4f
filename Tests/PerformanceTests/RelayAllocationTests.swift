import CAllocationCounter
import CLinux
import EventLoop
import Foundation
import Testing

/// What the data path promises (Docs/CoreRules.md, 10), held on the whole server: ledger, frame inspection and metrics on.
@Suite(.serialized, .enabled(if: AllocationCount.isAvailable, "a sanitizer's allocator is in use"))
struct RelayAllocationTests {
    @Test(arguments: EventLoop.Backend.available)
    func `relaying a frame allocates nothing in the steady state`(_ backend: EventLoop.Backend) throws {
        let echo = try ProxiedEcho(backend, sessions: 8, payload: 64)
        try settle(echo, 2000)
        // A chunk more is made, once, when the disk lags further behind than before; so the best of three counts.
        var count = try allocations { try echo.run(4000) }
        for _ in 0..<2 where count > 0 { count = try allocations { try echo.run(4000) } }
        #expect(count == 0, "the worker allocated \(count) times in 8000 frames on \(backend.rawValue)")
    }

    @Test(arguments: EventLoop.Backend.available)
    func `relaying buffers of many frames allocates nothing in the steady state`(_ backend: EventLoop.Backend) throws {
        let echo = try ProxiedEcho(backend, sessions: 4, payload: 100, answers: 200)
        try settle(echo, 200)
        let count = try allocations { try echo.run(200) }
        #expect(count == 0, "the worker allocated \(count) times in 40200 frames on \(backend.rawValue)")
    }

    @Test(arguments: EventLoop.Backend.available)
    func `what the worker looks after once a second allocates nothing either`(_ backend: EventLoop.Backend) throws {
        let echo = try ProxiedEcho(backend, sessions: 2, payload: 64)
        try settle(echo, 10)
        let count = try allocations {
            let end = clinux_monotonic() + 2_500_000_000
            while clinux_monotonic() < end { try echo.run(10) }
        }
        #expect(count == 0, "the worker allocated \(count) times in two and a half seconds on \(backend.rawValue)")
    }

    @Test(arguments: EventLoop.Backend.available, ["always", "black-box"])
    func `relaying a frame that is captured allocates nothing on the worker either`(_ backend: EventLoop.Backend, mode: String)
        throws
    {
        var template = Array("/tmp/gatehouse-capture-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        let directory = String(cString: made)
        defer {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] { unlink(directory + "/" + name) }
            rmdir(directory)
        }
        let echo = try ProxiedEcho(
            backend, sessions: 8, payload: 64,
            "capture: {directory: \(directory), mode: \(mode), rotate: {size: 1MiB}, total: 4MiB}")
        try settle(echo, 2000)
        let count = try allocations { try echo.run(4000) }
        #expect(count == 0, "the worker allocated \(count) times in 8000 frames on \(backend.rawValue)")
    }

    /// Echoes until the state is steady: everything has happened once, the chores of each second too.
    private func settle(_ echo: ProxiedEcho, _ count: Int) throws {
        let end = clinux_monotonic() + 1_500_000_000
        repeat { try echo.run(count) } while clinux_monotonic() < end
    }

    /// Allocations of the worker's thread, the newest of its name: no other test of this process has one meanwhile.
    private func allocations(_ body: () throws -> Void) throws -> UInt64 {
        let worker = callocation_thread("gh-worker-0")
        try #require(worker > 0, "no thread is called gh-worker-0")
        let before = callocation_count_of(worker)
        try #require(before > 0)
        try body()
        return callocation_count_of(worker) - before
    }
}
