import CLinux
import EventLoop
import Testing
import Wire

/// A loop whose both ends are played by one test: it drives turns and keeps what each connection reported.
///
/// Tests wait for what must happen, never for a time to pass; `run` gives up after ten seconds and says what was missing.
final class LoopHarness {
    /// What one connection has reported so far.
    struct Log {
        var bytes: [UInt8] = []
        var count = 0
        var largestChunk = 0
        var connected = false
        var finished = 0
        var failures: [Int32] = []
        var blocked = 0
        var drained = 0
        /// The order of what happened, one letter each: c(onnected) r(eceived) f(inished) e(rror) b(locked) d(rained).
        var order = ""
    }

    let loop: EventLoop
    private(set) var accepted: [ConnectionID] = []
    private(set) var acceptFailures: [Int32] = []
    private(set) var timers: [UInt64] = []
    private(set) var wakeUps = 0
    private(set) var logs: [ConnectionID: Log] = [:]
    /// What the completions of a connection carried as owner, the last one.
    private(set) var owners: [ConnectionID: UInt64] = [:]
    /// Keeps received chunks instead of releasing them.
    var holdsChunks = false
    var held: [Chunk] = []
    /// Keeps bytes, not only their count.
    var keepsBytes = true
    /// Looks at a chunk before it is released; true when it took the chunk over.
    var onChunk: ((ConnectionID, Chunk) -> Bool)?
    /// Begins to receive on what is accepted.
    var receivesOnAccept = true

    init(_ backend: EventLoop.Backend, maximumConnections: Int = 4096, memory: LoopMemory = LoopMemory()) throws {
        loop = try EventLoop(backend: backend, maximumConnections: maximumConnections, memory: memory)
        #expect(loop.backend == backend)
    }

    func log(_ id: ConnectionID) -> Log { logs[id] ?? Log() }

    /// Turns until `done`, or fails the test with what it waited for.
    func run(
        _ what: String, seconds: UInt64 = 10, sourceLocation: SourceLocation = #_sourceLocation,
        until done: () -> Bool
    ) throws {
        let end = clinux_monotonic() + seconds * 1_000_000_000
        while !done() {
            try #require(clinux_monotonic() < end, "did not happen: \(what)", sourceLocation: sourceLocation)
            turn(atMost: .milliseconds(100))
        }
    }

    /// One turn that waits at most that long.
    func turn(atMost span: TimeSpan = .zero) {
        loop.wait(until: loop.now + span)
        while let completion = loop.next() { take(completion) }
    }

    /// Turns until nothing has come for `span`.
    func settle(_ span: TimeSpan = .milliseconds(30)) {
        var quietSince = clinux_monotonic()
        while clinux_monotonic() - quietSince < span.nanoseconds {
            loop.wait(until: loop.now + .milliseconds(5))
            while let completion = loop.next() {
                quietSince = clinux_monotonic()
                take(completion)
            }
        }
    }

    private func take(_ completion: Completion) {
        switch completion {
        case .accepted(_, let id):
            accepted.append(id)
            if receivesOnAccept { loop.startReceiving(id) }
        case .acceptFailed(_, let errno): acceptFailures.append(errno)
        case .connected(let id, let owner): note(id, owner, "c") { $0.connected = true }
        case .received(let id, let owner, let chunk):
            note(id, owner, "r") {
                $0.count += chunk.count
                $0.largestChunk = max($0.largestChunk, chunk.count)
                if keepsBytes { $0.bytes.append(contentsOf: chunk.bytes) }
            }
            if let onChunk, onChunk(id, chunk) { return }
            if holdsChunks { held.append(chunk) } else { loop.release(chunk) }
        case .finished(let id, let owner): note(id, owner, "f") { $0.finished += 1 }
        case .failed(let id, let owner, let errno): note(id, owner, "e") { $0.failures.append(errno) }
        case .blocked(let id, let owner): note(id, owner, "b") { $0.blocked += 1 }
        case .drained(let id, let owner): note(id, owner, "d") { $0.drained += 1 }
        case .timer(let owner): timers.append(owner)
        case .woken: wakeUps += 1
        }
    }

    private func note(_ id: ConnectionID, _ owner: UInt64, _ letter: Character, _ change: (inout Log) -> Void) {
        owners[id] = owner
        var log = logs.removeValue(forKey: id) ?? Log()
        log.order.append(letter)
        change(&log)
        logs[id] = log
    }

    // MARK: Shorthands

    func listen() throws -> BoundSocket {
        let socket = try BoundSocket.bind(SocketAddress(v4: 0x7F00_0001, port: 0), shared: false)
        loop.listen(socket, tag: 1)
        return socket
    }

    /// A connected pair: the end that connected and the end that was accepted.
    func pair(_ socket: BoundSocket, owner: UInt64 = 7) throws -> (client: ConnectionID, server: ConnectionID) {
        let before = accepted.count
        let client = try loop.connect(to: socket.address, owner: owner)
        try run("a pair of connections") { log(client).connected && accepted.count > before }
        return (client, accepted[before])
    }

    func send(_ id: ConnectionID, _ bytes: [UInt8]) { bytes.withUnsafeBytes { loop.send(id, copying: $0) } }
}

extension EventLoop.Backend {
    /// The backends that this kernel allows; a test run says so when one of them is missing.
    static let available: [EventLoop.Backend] = {
        do {
            _ = try EventLoop(backend: .uring, maximumConnections: 16)
            return [.uring, .epoll]
        } catch {
            print("EventLoopTests: io_uring is not tested here, the kernel refuses it (\(error))")
            return [.epoll]
        }
    }()
}
