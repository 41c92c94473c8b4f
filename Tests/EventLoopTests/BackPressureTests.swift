import CLinux
import TestSupport
import Testing
import Wire

@testable import EventLoop

@Suite struct BackPressureTests {
    /// Bytes whose place can be told from their value.
    private func pattern(_ count: Int) -> [UInt8] {
        // A random block of odd length, repeated: a piece that is lost, doubled or moved doesn't fit any more.
        var random = SplitMix64(seed: UInt64(count))
        let block = (0..<65_521).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var all: [UInt8] = []
        all.reserveCapacity(count + block.count)
        while all.count < count { all.append(contentsOf: block) }
        all.removeLast(all.count - count)
        return all
    }

    /// Sends until the peer takes no more, as a relay would; how much of it went.
    private func sendUntilBlocked(_ test: LoopHarness, _ client: ConnectionID, _ payload: [UInt8]) -> Int {
        var sent = 0
        while test.log(client).blocked == 0, sent < payload.count {
            let end = min(sent + 100_000, payload.count)
            test.send(client, Array(payload[sent..<end]))
            sent = end
            test.turn()
        }
        return sent
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a reader that stops blocks the sender, and what waits arrives in order when it reads on`(
        _ backend: EventLoop.Backend
    ) throws {
        let test = try LoopHarness(backend)
        test.receivesOnAccept = false
        let (client, server) = try test.pair(try test.listen())
        let payload = pattern(16 << 20)
        let sent = sendUntilBlocked(test, client, payload)
        #expect(test.loop.isBlocked(client))
        #expect(test.loop.queuedBytes(client) > 0)
        #expect(test.loop.queuedBytes(client) <= 400_000)
        #expect(sent < payload.count)
        test.settle()
        #expect(test.log(client).drained == 0)
        test.loop.startReceiving(server)
        try test.run("drained") { test.log(client).drained == 1 }
        #expect(!test.loop.isBlocked(client))
        #expect(test.loop.queuedBytes(client) == 0)
        test.send(client, Array(payload[sent...]))
        test.loop.finish(client)
        try test.run("all bytes and the FIN") { test.log(server).finished == 1 }
        #expect(test.log(server).bytes == payload)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `who is received buffer by buffer brings one more after a pause, and all of it in the end`(
        _ backend: EventLoop.Backend
    ) throws {
        let test = try LoopHarness(backend)
        test.receivesOnAccept = false
        let (client, server) = try test.pair(try test.listen())
        let payload = pattern(4 << 20)
        let sent = sendUntilBlocked(test, client, payload)
        test.loop.receiveBufferByBuffer(server, true)
        var pauses = 0
        test.onChunk = { id, _ in
            if id == server, pauses == 0 {
                pauses += 1
                test.loop.pauseReceiving(server)
            }
            return false
        }
        test.loop.startReceiving(server)
        try test.run("the pause") { pauses == 1 }
        test.settle()
        #expect(test.log(server).bytes.count <= 2 * BufferPool.smallSize)
        test.loop.receiveBufferByBuffer(server, false)
        test.loop.startReceiving(server)
        test.send(client, Array(payload[sent...]))
        test.loop.finish(client)
        try test.run("all bytes and the FIN") { test.log(server).finished == 1 }
        #expect(test.log(server).bytes == payload)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a relay between a fast sender and a reader that pauses keeps order and bounds`(
        _ backend: EventLoop.Backend
    ) throws {
        let test = try LoopHarness(backend)
        test.receivesOnAccept = false
        let socket = try test.listen()
        // source (a thread of its own, as a peer is) → (left, right) relay → sink
        let payload = pattern(24 << 20)
        let source = OutsideSender(to: socket.address, payload)
        try test.run("the source's connection") { test.accepted.count == 1 }
        let left = test.accepted[0]
        let (right, sink) = try test.pair(socket)
        var largestQueue = 0
        test.onChunk = { id, chunk in
            guard id == left else { return false }
            test.loop.send(right, chunk)
            largestQueue = max(largestQueue, test.loop.queuedBytes(right))
            return true
        }
        test.loop.startReceiving(left)
        var reading = false
        var pauses = 0
        var seen = 0
        var paused = false
        try test.run("all bytes through the relay", seconds: 30) {
            // The relay's rule: stop receiving while the other side is blocked.
            let log = test.log(right)
            let blocked = log.blocked > log.drained
            if blocked != paused {
                paused = blocked
                if blocked { test.loop.pauseReceiving(left) } else { test.loop.startReceiving(left) }
            }
            // The sink reads in spurts of about two megabytes, begun when the relay is stuck.
            if reading, test.log(sink).count - seen > 2 << 20 {
                test.loop.pauseReceiving(sink)
                reading = false
                pauses += 1
            } else if !reading, blocked || test.log(left).finished == 1 {
                seen = test.log(sink).count
                test.loop.startReceiving(sink)
                reading = true
            }
            return test.log(sink).count == payload.count
        }
        #expect(test.log(sink).bytes == payload)
        try test.run("the source's FIN") { test.log(left).finished == 1 }
        source.join()
        #expect(pauses > 2)
        #expect(test.log(right).blocked > 0)
        // What is queued is what came in before the pause took effect: a few receives, not the payload.
        #expect(largestQueue < 8 << 20, "queued \(largestQueue) bytes")
        test.settle()
        #expect(test.loop.buffersInUse == 0)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a paused end receives nothing, and everything once it goes on`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let (client, server) = try test.pair(try test.listen())
        test.send(client, bytes("one"))
        try test.run("first bytes") { test.log(server).count == 3 }
        test.loop.pauseReceiving(server)
        test.settle()
        test.send(client, bytes("two"))
        test.settle()
        #expect(test.log(server).count == 3)
        test.loop.startReceiving(server)
        try test.run("the rest") { test.log(server).bytes == bytes("onetwo") }
        // Paused and resumed within one turn: the cancellation must not win.
        for round in 0..<50 {
            test.loop.pauseReceiving(server)
            test.loop.startReceiving(server)
            test.send(client, bytes("."))
            try test.run("round \(round)") { test.log(server).count == 7 + round }
        }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `an end whose receives fill their buffers gets large ones, and loses them again`(
        _ backend: EventLoop.Backend
    ) throws {
        let test = try LoopHarness(backend)
        test.receivesOnAccept = false
        let socket = try test.listen()
        let payload = pattern(32 << 20)
        let sender = OutsideSender(to: socket.address, payload)
        try test.run("the sender's connection") { test.accepted.count == 1 }
        let server = test.accepted[0]
        test.loop.startReceiving(server)
        try test.run("all bytes") { test.log(server).finished == 1 }
        sender.join()
        #expect(test.log(server).bytes == payload)
        #expect(test.log(server).largestChunk > 64 << 10)
        // The other direction of the same thing: small receives after large ones, and large ones again.
        let (client, second) = try test.pair(socket)
        test.loop.startReceiving(second)
        var expected: [UInt8] = []
        for round in 1...20 {
            let message = round % 7 == 0 ? Array(payload[..<(2 << 20)]) : bytes("small")
            expected += message
            test.send(client, message)
            try test.run("message \(round)") { test.log(second).count == expected.count }
        }
        #expect(test.log(second).bytes == expected)
        test.settle()
        #expect(test.loop.buffersInUse == 0)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a sender that fails while it is blocked is told so once`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        test.receivesOnAccept = false
        let (client, server) = try test.pair(try test.listen())
        test.loop.startReceiving(client)
        test.send(client, [UInt8](repeating: 1, count: 16 << 20))
        try test.run("blocked") { test.log(client).blocked == 1 }
        test.loop.close(server, .reset)
        try test.run("the failure") { !test.log(client).failures.isEmpty }
        test.settle()
        #expect(test.log(client).failures.count == 1)
        #expect(test.log(client).drained == 0)
        test.loop.close(client, .now)
        try test.run("no connections left") { test.loop.connectionCount == 0 }
        #expect(test.loop.buffersInUse == 0)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `with all buffers held receiving waits, and goes on when they come back`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let socket = try test.listen()
        let (client, server) = try test.pair(socket)
        let (otherClient, otherServer) = try test.pair(socket)
        test.holdsChunks = true
        // One byte a receive, held: more receives than the pool has buffers.
        var sent = 0
        while sent < 1200 {
            let before = test.log(server).count
            test.send(client, bytes("x"))
            sent += 1
            if test.held.count < 900 {
                try test.run("byte \(sent)") { test.log(server).count > before }
            } else {
                test.turn()
                test.turn()
            }
        }
        test.settle()
        #expect(test.held.count >= 900)
        #expect(test.held.count <= 1024)
        // A connection that begins now starves, too, and is served first when there is room.
        test.send(otherClient, bytes("y"))
        test.settle()
        #expect(test.loop.takeBuffer() == nil || test.held.count < 1024)
        // Nothing can be done until a buffer comes back, so the loop sleeps.
        var turns = 0
        let end = clinux_monotonic() + 100_000_000
        while clinux_monotonic() < end {
            test.loop.wait(until: test.loop.now + .milliseconds(50))
            while test.loop.next() != nil {}
            turns += 1
        }
        #expect(turns < 10, "the loop turned \(turns) times in a tenth of a second")
        test.holdsChunks = false
        let held = test.held
        test.held = []
        held.forEach(test.loop.release)
        try test.run("everything that waited") { test.log(server).count == 1200 && test.log(otherServer).count == 1 }
        test.settle()
        #expect(test.loop.buffersInUse == 0)
        // The rush is over: what the kernel holds shrinks again, and traffic goes on.
        for _ in 0..<10 {
            test.loop.trimBuffers()
            for _ in 0..<100 {
                let before = test.log(server).count
                test.send(client, bytes("z"))
                try test.run("traffic while shrinking") { test.log(server).count > before }
            }
        }
        #expect(test.loop.uring.targetSmall == test.loop.uring.leastSmall)
        #expect(test.loop.uring.providedSmall <= test.loop.uring.leastSmall + 1)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `slow readers do not drain the pool`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        test.receivesOnAccept = false
        let socket = try test.listen()
        var clients: [ConnectionID] = []
        // Each reader takes nothing; each sender is given chunks until it is blocked and, as a relay that was told late, some more.
        let payload = [UInt8](repeating: 7, count: 64 << 10)
        for _ in 0..<40 { clients.append(try test.pair(socket).client) }
        for client in clients {
            while test.log(client).blocked == 0 {
                test.send(client, payload)
                test.turn()
            }
            for _ in 0..<40 { test.send(client, payload) }
        }
        test.turn()
        #expect(test.loop.buffersInUse <= 800, "\(test.loop.buffersInUse) buffers are held by slow readers")
        let (client, server) = try test.pair(socket)
        test.loop.startReceiving(server)
        test.send(client, bytes("still served"))
        try test.run("service for the others") { test.log(server).bytes == bytes("still served") }
    }
}
