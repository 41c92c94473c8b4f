import CLinux
import Testing
import Wire

@testable import EventLoop

/// Loops with little memory, and peers that take nothing.
@Suite struct FrugalityTests {
    /// Relays from outside senders to readers that never read.
    private final class Crowd {
        let test: LoopHarness
        let socket: BoundSocket
        private(set) var pairs: [(left: ConnectionID, right: ConnectionID, sink: ConnectionID)] = []
        private var senders: [OutsideSender] = []
        private var paused: Set<ConnectionID> = []
        private(set) var mostHeld = 0

        init(_ backend: EventLoop.Backend, _ memory: LoopMemory) throws {
            test = try LoopHarness(backend, memory: memory)
            test.receivesOnAccept = false
            test.keepsBytes = false
            socket = try test.listen()
        }

        /// One more session whose reader takes nothing.
        func add(_ payload: [UInt8]) throws {
            let before = test.accepted.count
            senders.append(OutsideSender(to: socket.address, payload))
            try test.run("a sender's connection") { test.accepted.count > before }
            let left = test.accepted[before]
            let (right, sink) = try test.pair(socket)
            pairs.append((left, right, sink))
            let old = test.onChunk
            test.onChunk = { [weak self] id, chunk in
                guard id == left, let self else { return old?(id, chunk) ?? false }
                test.loop.send(right, chunk)
                pauseBlocked()
                return true
            }
            test.loop.startReceiving(left)
        }

        /// Turns until each session is blocked, as a relay would turn.
        func fill() throws {
            try test.run("all sessions to be blocked", seconds: 30) {
                pauseBlocked()
                return paused.count == pairs.count
            }
            test.settle()
            pauseBlocked()
        }

        /// The relay's rule: who sends to somebody who takes nothing isn't read.
        private func pauseBlocked() {
            mostHeld = max(mostHeld, test.loop.heldBytes)
            for pair in pairs where !paused.contains(pair.left) && test.log(pair.right).blocked > 0 {
                paused.insert(pair.left)
                test.loop.pauseReceiving(pair.left)
            }
        }

        func end() throws {
            for pair in pairs { for id in [pair.left, pair.right, pair.sink] { test.loop.close(id, .reset) } }
            test.settle()
            for sender in senders { sender.join() }
        }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a crowd that reads nothing holds what it may, and a page or three each above that`(_ backend: EventLoop.Backend) throws {
        var memory = LoopMemory(limit: 32 << 20, workers: 1)
        memory.frugalFrom = 2 << 20
        let crowd = try Crowd(backend, memory)
        let payload = [UInt8](repeating: 7, count: 6 << 20)
        for _ in 0..<40 { try crowd.add(payload) }
        try crowd.fill()
        let loop = crowd.test.loop
        #expect(loop.isFrugal)
        // What was on its way when it began, and then pages.
        let buffers = memory.smallBuffers * BufferPool.smallSize + memory.largeBuffers * BufferPool.largeSize
        #expect(crowd.mostHeld < memory.frugalFrom + buffers + 40 * (16 << 10), "\(crowd.mostHeld >> 10) KiB")
        #expect(loop.buffersInUse <= memory.smallBuffers)
        // Somebody who reads is served meanwhile.
        let (client, server) = try crowd.test.pair(crowd.socket)
        loop.startReceiving(server)
        crowd.test.send(client, [UInt8](repeating: 1, count: 100_000))
        try crowd.test.run("service for the others") { crowd.test.log(server).count == 100_000 }
        try crowd.end()
        #expect(loop.heldBytes == 0 && !loop.isFrugal && loop.excessBytes == 0)
        #expect(loop.buffersInUse == 0)
        // And receives are large again.
        let sender = OutsideSender(to: crowd.socket.address, payload)
        let before = crowd.test.accepted.count
        try crowd.test.run("a sender's connection") { crowd.test.accepted.count > before }
        let last = crowd.test.accepted[before]
        loop.startReceiving(last)
        try crowd.test.run("all bytes") { crowd.test.log(last).finished == 1 }
        sender.join()
        #expect(crowd.test.log(last).largestChunk > Frugality.receiveSize)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `receives that were begun before are for a page, too, once the loop is frugal`(_ backend: EventLoop.Backend) throws {
        let memory = LoopMemory(limit: 32 << 20, workers: 1)
        let test = try LoopHarness(backend, memory: memory)
        // Begun while there was plenty, and silent.
        let (client, server) = try test.pair(try test.listen())
        test.settle()
        test.loop.frugality.hold(memory.frugalFrom + 1)
        test.settle()
        #expect(test.loop.isFrugal)
        // The buffers that the kernel had (io_uring) were given with their full length; those it gets from now on are short.
        for _ in 0..<memory.smallBuffers {
            let before = test.log(server).count
            test.send(client, [1])
            try test.run("a byte") { test.log(server).count > before }
        }
        var largest = 0
        test.onChunk = { _, chunk in
            largest = max(largest, chunk.count)
            return false
        }
        let before = test.log(server).count
        test.send(client, [UInt8](repeating: 2, count: 200_000))
        try test.run("all of it") { test.log(server).count == before + 200_000 }
        #expect(largest > 0 && largest <= Frugality.receiveSize, "\(largest)")
        // Back to plenty with less than half of what made it frugal.
        test.loop.frugality.letGo(memory.frugalFrom / 2)
        #expect(test.loop.isFrugal)
        test.loop.frugality.letGo(memory.frugalFrom + 1 - memory.frugalFrom / 2)
        #expect(!test.loop.isFrugal)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `blocks are counted from the first byte to the last`(_ backend: EventLoop.Backend) throws {
        var memory = LoopMemory()
        memory.heldLimit = 1 << 20
        let test = try LoopHarness(backend, memory: memory)
        test.receivesOnAccept = false
        test.keepsBytes = false
        let (client, server) = try test.pair(try test.listen())
        // Larger than a buffer: a block of its own at once.
        test.send(client, [UInt8](repeating: 1, count: 16 << 20))
        #expect(test.loop.heldBytes == 16 << 20)
        #expect(test.loop.excessBytes == 15 << 20)
        try test.run("blocked") { test.log(client).blocked == 1 }
        // A part was taken; the block is held whole.
        #expect(test.loop.queuedBytes(client) < 16 << 20)
        #expect(test.loop.heldBytes == 16 << 20)
        var queues: [(ConnectionID, Int, Bool)] = []
        test.loop.forEachQueue { queues.append(($0, $2, $3)) }
        #expect(queues.count == 1 && queues[0].0 == client && queues[0].1 == test.loop.queuedBytes(client) && !queues[0].2)
        test.loop.startReceiving(server)
        try test.run("drained") { test.log(client).drained == 1 }
        #expect(test.loop.heldBytes == 0 && test.loop.excessBytes == 0)
        test.loop.forEachQueue { _, _, _, _ in Issue.record("nothing is queued") }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `many who wait for few buffers are served in turn, and nothing spins`(_ backend: EventLoop.Backend) throws {
        let memory = LoopMemory(limit: 1 << 20, workers: 1)
        let test = try LoopHarness(backend, memory: memory)
        let socket = try test.listen()
        let pairs = try (0..<200).map { _ in try test.pair(socket) }
        test.holdsChunks = true
        for pair in pairs { test.send(pair.client, [1, 2, 3]) }
        test.settle()
        // As many as there are buffers were received (the rest of the pool is for the composition's own bytes).
        let held = test.held.count
        #expect(held >= memory.smallBuffers / 2 && held <= memory.smallBuffers + memory.largeBuffers, "\(held)")
        #expect(test.loop.takeBuffer().map(test.loop.release) != nil)
        // Nobody gives one back: the loop sleeps.
        func turns(in span: UInt64) -> Int {
            var turns = 0
            let end = clinux_monotonic() + span
            while clinux_monotonic() < end {
                test.turn(atMost: .milliseconds(50))
                turns += 1
            }
            return turns
        }
        #expect(turns(in: 200_000_000) < 12)
        // One comes back at a time: one more is served each time, all get their turn.
        var turnsUsed = 0
        var served = held
        while served < pairs.count {
            let before = test.held.count
            test.loop.release(test.held.removeFirst())
            try test.run("the next one, \(served) of \(pairs.count)") {
                turnsUsed += 1
                return test.held.count >= before
            }
            served = pairs.count(where: { test.log($0.server).count == 3 })
        }
        #expect(turnsUsed < 8 * pairs.count, "\(turnsUsed) turns")
        test.holdsChunks = false
        test.held.forEach(test.loop.release)
        test.held = []
        test.settle()
        #expect(test.loop.buffersInUse == 0)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `held listeners keep who connects waiting`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let socket = try test.listen()
        _ = try test.pair(socket)
        test.loop.holdListeners()
        test.settle()
        let client = try test.loop.connect(to: socket.address, owner: 1)
        test.settle()
        #expect(test.log(client).connected && test.accepted.count == 1)
        test.loop.letListenersGo()
        try test.run("who waited") { test.accepted.count == 2 }
        // There and back within one turn, and more than once.
        for round in 0..<5 {
            test.loop.holdListeners()
            test.loop.letListenersGo()
            if round % 2 == 1 { test.turn() }
        }
        _ = try test.pair(socket)
        #expect(test.acceptFailures.isEmpty)
        test.loop.holdListeners()
        test.settle()
        test.loop.stopListening(tag: 1)
        test.settle()
        test.loop.letListenersGo()
        test.settle()
        #expect(test.acceptFailures.isEmpty)
    }
}
