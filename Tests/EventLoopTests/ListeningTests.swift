import CLinux
import EventLoop
import Glibc
import TestSupport
import Testing
import Wire

@Suite struct ListeningTests {
    @Test(arguments: EventLoop.Backend.available)
    func `a full descriptor table is reported, and accepting goes on when there is room`(
        _ backend: EventLoop.Backend
    ) async {
        // In a process of its own, whose limit may be lowered.
        if backend == .uring {
            await #expect(processExitsWith: .success) { try ListeningTests.exhaust(.uring) }
        } else {
            await #expect(processExitsWith: .success) { try ListeningTests.exhaust(.epoll) }
        }
    }

    static func exhaust(_ backend: EventLoop.Backend) throws {
        // Before listening: io_uring keeps the limit that held when the accept was handed over.
        var limit = rlimit(rlim_cur: 64, rlim_max: 64)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let test = try LoopHarness(backend)
        let socket = try test.listen()
        test.turn()
        // Connects from the outside, so that all of the descriptors that are left can be used up first.
        let waiting = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var spare: [Int32] = []
        while case let descriptor = dup(waiting), descriptor >= 0 { spare.append(descriptor) }
        var raw = clinux_address_make(socket.address.high, socket.address.low, socket.address.port)
        _ = clinux_connect(waiting, &raw)
        try test.run("the failure of accept") { !test.acceptFailures.isEmpty }
        guard test.acceptFailures == [EMFILE] else { exit(3) }
        // It rests instead of spinning: no more than about one try in 200 ms.
        let before = clinux_monotonic()
        while clinux_monotonic() - before < 500_000_000 { test.turn(atMost: .milliseconds(50)) }
        guard test.acceptFailures.count <= 4 else { exit(4) }
        spare.forEach { close($0) }
        try test.run("the connection that waited") { test.accepted.count == 1 }
        exit(0)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a full connection table closes what comes and serves again later`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend, maximumConnections: 4)
        let socket = try test.listen()
        let first = try test.pair(socket)
        let second = try test.pair(socket)
        #expect(throws: LoopFailure.self) { try test.loop.connect(to: socket.address, owner: 9) }
        // From the outside: accepted by the kernel, closed by the loop.
        let stranger = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(stranger) }
        var raw = clinux_address_make(socket.address.high, socket.address.low, socket.address.port)
        #expect(clinux_connect(stranger, &raw) == 0)
        test.settle()
        var byte: UInt8 = 0
        #expect(clinux_receive(stranger, &byte, 1) <= 0)
        #expect(test.accepted.count == 2)
        for id in [first.client, first.server] { test.loop.close(id, .now) }
        try test.run("two slots free") { test.loop.connectionCount == 2 }
        let third = try test.pair(socket)
        test.send(third.client, bytes("x"))
        test.send(second.client, bytes("y"))
        try test.run("bytes of both") { test.log(third.server).count == 1 && test.log(second.server).count == 1 }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `two thousand connections in a burst are all accepted and all closed`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend, maximumConnections: 8192)
        let socket = try test.listen()
        let count = 2000
        try #require(clinux_raise_descriptor_limit() > UInt64(2 * count + 200))
        let clients = try (0..<count).map { try test.loop.connect(to: socket.address, owner: UInt64($0)) }
        for (index, id) in clients.enumerated() { test.send(id, [UInt8(index & 0xFF)]) }
        try test.run("all bytes", seconds: 20) {
            test.accepted.count == count && test.accepted.allSatisfy { test.log($0).count == 1 }
        }
        clients.forEach { test.loop.close($0, .now) }
        try test.run("all ends", seconds: 20) { test.accepted.allSatisfy { test.log($0).finished == 1 } }
        test.accepted.forEach { test.loop.close($0, .now) }
        try test.run("no connections left") { test.loop.connectionCount == 0 }
        #expect(test.loop.buffersInUse == 0)
    }
}
