import CLinux
import EventLoop
import Probing
import TLSEngine
import WebSocketWire
import Wire

/// Plays sessions on an event loop, at most `concurrency` at a time, and hands over each one's result when it is over.
///
/// The loop's timers are coarse (8 ms), and a replay is to keep its recorded times; so the driver has a queue of its own moments and lets the
/// loop wait until the next of them.
final class ReplayDriver {
    /// What the driving itself showed.
    struct Figures {
        var sessions = 0
        var messagesSent: UInt64 = 0
        var messagesReceived: UInt64 = 0
        /// Sessions whose connection could not be opened.
        var unreachable = 0
        var reason = ""
        /// How much later than due messages were sent.
        var lateness: [TimeSpan] = []
        var span = TimeSpan.zero
    }

    let options: ReplayOptions
    let address: SocketAddress
    let context: TLSContext?
    let scripts: [SessionScript]
    let capture: ReplayCapture?
    let loop: EventLoop
    let take: (RecordedSession, PlayedSession, LearntValues, Int) -> Void
    var keys = MaskingKeys()
    /// By slot, which is what the queue of moments and the loop's completions name. A former tenant's are told by its connection or its moment.
    var queue = MomentQueue()
    var open: [ReplaySession?] = []
    var freeSlots: [Int] = []
    var openCount: Int { open.count - freeSlots.count }
    var next = 0
    let total: Int
    var figures = Figures()
    /// When the loop's turn began, on the monotonic clock: its own time stands still until the next.
    var wokeAt = clinux_monotonic()

    /// - Parameters:
    ///   - context: for a target with TLS.
    ///   - take: gets each session's recording and what became of it; the number counts the repetitions from 0.
    init(
        _ recording: [RecordedSession], _ options: ReplayOptions, to address: SocketAddress, _ context: TLSContext? = nil,
        capture: ReplayCapture?,
        take: @escaping (RecordedSession, PlayedSession, LearntValues, Int) -> Void
    ) throws(LoopFailure) {
        scripts = recording.map { SessionScript($0, options.rewrite) }
        self.options = options
        self.address = address
        self.context = context
        self.capture = capture
        self.take = take
        total = options.span == nil ? recording.count * options.repetitions : .max
        loop = try EventLoop(backend: nil, maximumConnections: options.concurrency + 1024)
    }

    /// Plays all; returns when the last is over.
    func run() {
        loop.wait(until: .zero)
        let began = loop.now
        // What has no time begins with the first that has one.
        let first = scripts.first { $0.session.startedAt != .zero }?.session.startedAt ?? .zero
        let length = max(scripts.last?.session.startedAt ?? .zero, first) - first
        /// When the session is to begin: each repetition follows a whole one.
        func start(_ index: Int) -> Timestamp {
            let turn = UInt64(index / scripts.count)
            let offset = max(scripts[index % scripts.count].session.startedAt, first) - first
            return began + options.speed.scaled(TimeSpan(nanoseconds: turn &* length.nanoseconds &+ offset.nanoseconds))
        }
        let last = options.span.map { began + $0 } ?? .never
        while (next < total && loop.now < last) || openCount > 0 {
            while next < total, loop.now < last, openCount < options.concurrency, start(next) <= loop.now {
                begin(next)
                next += 1
            }
            var until = queue.first ?? .never
            if next < total, loop.now < last, openCount < options.concurrency { until = min(until, start(next)) }
            loop.wait(until: until)
            wokeAt = clinux_monotonic()
            while let completion = loop.next() { take(completion) }
            while let due = queue.first, due <= loop.now, let (at, slot) = queue.pop() {
                guard let session = open[slot], session.dueAt == at else { continue }
                session.dueAt = .never
                proceed(session)
            }
        }
        figures.span = loop.now - began
    }

    // MARK: One session

    func begin(_ index: Int) {
        let script = scripts[index % scripts.count]
        let slot = freeSlots.popLast() ?? open.count
        let session = ReplaySession(
            index: index, slot: slot, script,
            ReplayRequest(
                script.session.request, to: options.place, hasPath: options.hasPath, rules: options.rewrite,
                key: HandshakeKey.fresh(),
                isPlain: options.isPlain))
        figures.sessions += 1
        if slot == open.count { open.append(session) } else { open[slot] = session }
        do throws(LoopFailure) {
            session.id = try loop.connect(to: address, owner: UInt64(slot))
            loop.startReceiving(session.id)
            session.conversation = capture?.conversation(index)
            schedule(session, loop.now + options.patience)
        } catch {
            unreachable(session, "\(error)")
        }
    }

    func take(_ completion: Completion) {
        switch completion {
        case .received(let id, let owner, let chunk):
            if let session = open[Int(owner)], session.id == id {
                if let security = session.security {
                    secured(session, security, chunk.bytes)
                } else {
                    received(session, chunk.bytes)
                }
            }
            loop.release(chunk)
        case .connected(let id, let owner):
            guard let session = open[Int(owner)], session.id == id else { return }
            connected(session)
        case .finished(let id, let owner):
            guard let session = open[Int(owner)], session.id == id else { return }
            ended(session, reset: false)
        case .failed(let id, let owner, let errno):
            guard let session = open[Int(owner)], session.id == id else { return }
            if session.isConnected {
                ended(session, reset: true)
            } else {
                unreachable(session, errno == 111 ? "connection refused" : "errno \(errno)")
            }
        case .accepted, .acceptFailed, .blocked, .drained, .timer, .woken: break
        }
    }
}
