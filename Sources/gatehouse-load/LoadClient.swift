import CLinux
import EventLoop
import Glibc
import HTTPWire
import WebSocketWire
import Wire

/// Drives many connections at once through one proxy and measures what comes back.
///
/// A run opens its connections (at most 256 attempts at a time), lets the traffic flow for a fifth of a second, reads the figures of the
/// measured processes, and reads them again at the end. It ends by itself: opening has a limit of its own, and a connection
/// that dies is counted and not replaced (in `connect` mode every connection is replaced, that being the work).
final class LoadClient {
    let options: RunOptions
    let loop: EventLoop
    let exchange: ClientExchange
    var report = LoadReport()
    private var connections: [LoadConnection] = []
    private var opened = 0
    private var pending = 0
    /// Traffic flows.
    private(set) var isRunning = false
    /// What comes counts.
    private(set) var isMeasuring = false

    init(_ options: RunOptions) throws {
        self.options = options
        loop = try EventLoop(backend: options.backend, maximumConnections: 1 << 17)
        exchange = ClientExchange(options)
        connections = (0..<options.connections).map { LoadConnection(index: $0, window: options.window) }
        report.mode = options.mode.rawValue
        report.connections = options.connections
        report.size = options.size
        report.window = options.window
        report.latencies.reserveCapacity(1 << 20)
    }

    func run() -> LoadReport {
        report.idlePSS = ProcessFigures(of: options.processes).pss
        let patience = clinux_monotonic() + 60_000_000_000
        openMore()
        while options.mode != .connect, settled < options.connections, clinux_monotonic() < patience { turn(until: patience) }
        isRunning = true
        for connection in connections where connection.isUp && !connection.isGone { begin(connection) }
        let warm = clinux_monotonic() + 200_000_000
        while clinux_monotonic() < warm, alive { turn(until: warm) }
        report.before = ProcessFigures(of: options.processes)
        let start = clinux_monotonic()
        let end = start + UInt64(options.seconds * 1e9)
        isMeasuring = true
        while clinux_monotonic() < end, alive { turn(until: end) }
        isMeasuring = false
        report.seconds = max(Double(clinux_monotonic() - start) / 1e9, 0.001)
        report.after = ProcessFigures(of: options.processes)
        if settled < options.connections, options.mode != .connect {
            fail("only \(settled) of \(options.connections) connections answered")
        }
        report.latencies.sort()
        return report
    }

    private var settled: Int { opened - pending }
    private var gone = 0
    /// Connections begun so far, those of each upgrade counted.
    private var begun = 0
    private var alive: Bool { gone < options.connections }

    private func turn(until monotonic: UInt64) {
        let now = clinux_monotonic()
        let left = monotonic > now ? monotonic - now : 0
        loop.wait(until: loop.now + TimeSpan(nanoseconds: min(left, 50_000_000)))
        while let completion = loop.next() { take(completion) }
        openMore()
    }

    private func openMore() {
        while opened < options.connections, pending < 256 {
            open(connections[opened])
            opened += 1
        }
    }

    private func open(_ connection: LoadConnection) {
        connection.began = clinux_monotonic()
        pending += 1
        defer { begun &+= 1 }
        do {
            connection.id = try loop.connect(to: options.address, owner: UInt64(connection.index))
            loop.startReceiving(connection.id)
            exchange.handshake(begun).withUnsafeBytes { loop.send(connection.id, copying: $0) }
        } catch {
            lose(connection, "\(error)")
        }
    }

    private func take(_ completion: Completion) {
        switch completion {
        case .received(let id, let owner, let chunk):
            let connection = connections[Int(owner)]
            if connection.id == id, !connection.isGone { received(connection, chunk.bytes) }
            loop.release(chunk)
        case .finished(let id, let owner): lose(connections[Int(owner)], id, "the peer closed the connection")
        case .failed(let id, let owner, let errno): lose(connections[Int(owner)], id, "the connection failed: errno \(errno)")
        case .connected, .accepted, .acceptFailed, .blocked, .drained, .timer, .woken: break
        }
    }

    private func received(_ connection: LoadConnection, _ bytes: UnsafeRawBufferPointer) {
        do {
            var rest = bytes
            if !connection.isUp {
                guard let taken = try exchange.readHandshake(connection, bytes) else { return }
                connection.isUp = true
                pending -= 1
                report.up += 1
                if options.mode == .connect { return upgraded(connection) }
                if isRunning, options.mode != .http { begin(connection) }
                rest = UnsafeRawBufferPointer(rebasing: bytes[taken...])
            }
            if options.mode == .http {
                try exchange.readResponses(connection, rest, self)
            } else {
                try exchange.readFrames(connection, rest, self)
            }
        } catch {
            lose(connection, error.sentence)
        }
    }

    /// `connect` mode: the work is done, the next one begins. With RST, so that no port is left waiting.
    private func upgraded(_ connection: LoadConnection) {
        if isMeasuring { count(bytes: 0, since: connection.began) }
        loop.close(connection.id, .reset)
        connection.reset()
        open(connection)
    }

    private func begin(_ connection: LoadConnection) {
        switch options.mode {
        case .echo: while connection.inFlight < options.window { exchange.sendMessage(connection, loop) }
        case .stream: exchange.askForStream(connection, loop)
        case .http: if connection.bodyRemaining == 0 { exchange.sendRequest(connection, loop) }
        case .connect, .idle, .drain: break
        }
    }

    /// One unit is done.
    func count(bytes: Int, since sent: UInt64) {
        guard isMeasuring else { return }
        report.units += 1
        report.bytes += UInt64(bytes)
        if sent > 0 { report.latencies.append(clinux_monotonic() - sent) }
    }

    /// A close frame came; the payload's first two bytes are its code.
    func closed(_ payload: [UInt8]) {
        let code = payload.count < 2 ? 1005 : Int(payload[0]) << 8 | Int(payload[1])
        report.closeCodes[code, default: 0] += 1
        let now = clinux_monotonic()
        if report.firstClose == 0 { report.firstClose = now }
        report.lastClose = now
        count(bytes: payload.count, since: 0)
    }

    // MARK: Losses

    private func lose(_ connection: LoadConnection, _ id: ConnectionID, _ why: String) {
        if connection.id == id { lose(connection, why) }
    }

    private func lose(_ connection: LoadConnection, _ why: String) {
        guard !connection.isGone else { return }
        // After a close frame the end is what has to come.
        if connection.close == nil { fail(why) }
        if !connection.isUp { pending -= 1 }
        connection.isGone = true
        gone += 1
        if !connection.id.isNone { loop.close(connection.id, .reset) }
        connection.id = .none
    }

    private func fail(_ why: String) {
        report.errors += 1
        if report.firstError == nil { report.firstError = why }
    }
}
