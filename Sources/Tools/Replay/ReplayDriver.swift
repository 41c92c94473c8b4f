import CaptureFile
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

    private let options: ReplayOptions
    private let address: SocketAddress
    private let context: TLSContext?
    private let recording: [RecordedSession]
    private let capture: ReplayCapture?
    private let loop: EventLoop
    private let take: (RecordedSession, PlayedSession, LearntValues, Int) -> Void
    private var random = SecureRandom()
    private var queue = MomentQueue()
    private var open: [Int: ReplaySession] = [:]
    private var next = 0
    private let total: Int
    private(set) var figures = Figures()

    /// - Parameters:
    ///   - context: for a target with TLS.
    ///   - take: gets each session's recording and what became of it; the number counts the repetitions from 0.
    init(
        _ recording: [RecordedSession], _ options: ReplayOptions, to address: SocketAddress, _ context: TLSContext? = nil,
        capture: ReplayCapture?,
        take: @escaping (RecordedSession, PlayedSession, LearntValues, Int) -> Void
    ) throws(LoopFailure) {
        self.recording = recording
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
        let first = recording.first { $0.startedAt != .zero }?.startedAt ?? .zero
        let length = max(recording.last?.startedAt ?? .zero, first) - first
        /// When the session is to begin: each repetition follows a whole one.
        func start(_ index: Int) -> Timestamp {
            let turn = UInt64(index / recording.count)
            let offset = max(recording[index % recording.count].startedAt, first) - first
            return began + options.speed.scaled(TimeSpan(nanoseconds: turn &* length.nanoseconds &+ offset.nanoseconds))
        }
        let last = options.span.map { began + $0 } ?? .never
        while (next < total && loop.now < last) || !open.isEmpty {
            while next < total, loop.now < last, open.count < options.concurrency, start(next) <= loop.now {
                begin(next)
                next += 1
            }
            var until = queue.first ?? .never
            if next < total, loop.now < last, open.count < options.concurrency { until = min(until, start(next)) }
            loop.wait(until: until)
            while let completion = loop.next() { take(completion) }
            while let due = queue.first, due <= loop.now, let (at, index) = queue.pop() {
                guard let session = open[index], session.dueAt == at else { continue }
                session.dueAt = .never
                proceed(session)
            }
        }
        figures.span = loop.now - began
    }

    // MARK: One session

    private func begin(_ index: Int) {
        let recorded = recording[index % recording.count]
        let session = ReplaySession(
            index: index, recorded,
            ReplayRequest(
                recorded.request, to: options.place, hasPath: options.hasPath, rules: options.rewrite, key: HandshakeKey.fresh(),
                isPlain: options.isPlain),
            options.rewrite)
        figures.sessions += 1
        open[index] = session
        do throws(LoopFailure) {
            session.id = try loop.connect(to: address, owner: UInt64(index))
            loop.startReceiving(session.id)
            session.conversation = capture?.conversation(index)
            schedule(session, loop.now + options.patience)
        } catch {
            unreachable(session, "\(error)")
        }
    }

    private func take(_ completion: Completion) {
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

    private func connected(_ session: ReplaySession) {
        guard let context else {
            session.isConnected = true
            return send(session, session.request.bytes)
        }
        do throws(TLSFailure) {
            let security = try ReplaySecurity(context, serverName: options.place.host)
            session.security = security
            put(session, security.begin())
        } catch {
            unreachable(session, error.sentence)
        }
    }

    /// Bytes of a connection with TLS. What stands in the replay's own capture is what was in it.
    private func secured(_ session: ReplaySession, _ security: ReplaySecurity, _ bytes: UnsafeRawBufferPointer) {
        let (steps, answer) = security.received(bytes)
        put(session, answer)
        for step in steps where !session.isOver {
            switch step {
            case .opened:
                session.isConnected = true
                send(session, session.request.bytes)
            case .plaintext(let plain): plain.withUnsafeBytes { received(session, $0) }
            case .finished: ended(session, reset: false)
            case .failed(let sentence):
                guard session.isConnected else { return unreachable(session, "TLS: \(sentence)") }
                session.played.fault = "TLS: \(sentence)"
                finish(session)
            }
        }
    }

    private func received(_ session: ReplaySession, _ bytes: UnsafeRawBufferPointer) {
        if var conversation = session.conversation {
            capture?.received(&conversation, RawSpan(_unsafeBytes: bytes), at: loop.now)
            session.conversation = conversation
        }
        var rest = bytes
        if session.player == nil {
            switch session.readHead(bytes) {
            case .needMore: return
            case .over: return finish(session)
            case .opened(let offset):
                rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                session.player = SessionPlayer(
                    session.recorded, pace: options.pace, speed: options.speed, patience: options.patience, openedAt: loop.now)
            }
        }
        for message in session.readFrames(rest) {
            switch message.opcode {
            case .text, .binary:
                figures.messagesReceived += 1
                session.learnt.learn(message.excerpt)
                session.played.answers.append(
                    PlayedSession.Message(opcode: message.opcode, payload: message.excerpt, at: loop.now))
                session.player?.received(at: loop.now)
            case .ping: frame(session, .pong, message.excerpt)
            case .close:
                session.played.ending = .closed(CloseFrame(payload: message.excerpt.span.bytes).code?.rawValue)
                session.played.closedFirst = session.hasClosed
                // The same payload comes back, as most clients do it.
                if !session.hasClosed { frame(session, .close, message.excerpt.prefix(2)) }
                return finish(session)
            default: break
            }
        }
        if session.played.fault != nil { return finish(session) }
        proceed(session)
    }

    /// Does what is due, and says when to look again.
    private func proceed(_ session: ReplaySession) {
        guard session.player != nil else {
            session.played.fault =
                session.isConnected
                ? "handshake: no answer within \(options.patience.shown)" : "no connection within \(options.patience.shown)"
            return session.isConnected ? finish(session) : unreachable(session, "no answer")
        }
        while let act = session.player?.act(at: loop.now) {
            switch act {
            case .send(let index, let due):
                let message = session.recorded.messages[index]
                guard message.opcode.isData else {
                    frame(session, message.opcode, message.payload)
                    continue
                }
                let (payload, isCompressed) = session.outgoing(
                    session.learnt.sent(message.payload), wasCompressed: message.wasCompressed)
                frame(session, message.opcode, payload, isCompressed: isCompressed)
                figures.messagesSent += 1
                if figures.lateness.count < 1 << 22 { figures.lateness.append(loop.now > due ? loop.now - due : .zero) }
                session.played.sends.append((loop.now, session.played.answers.count))
            case .close(let code):
                session.hasClosed = true
                var payload: [UInt8] = []
                if let code { payload = [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)] }
                frame(session, .close, payload)
            case .wait(let until): return schedule(session, until)
            case .end: return finish(session)
            }
        }
    }

    private func schedule(_ session: ReplaySession, _ at: Timestamp) {
        guard session.dueAt != at else { return }
        session.dueAt = at
        queue.push(at, session.index)
    }

    private func frame(
        _ session: ReplaySession, _ opcode: Opcode, _ payload: some Collection<UInt8>, isCompressed: Bool = false
    ) {
        var bytes: [UInt8] = []
        FrameWriter.append(
            opcode, payload, reservedBits: isCompressed ? 0b100 : 0, maskingKey: UInt32(truncatingIfNeeded: random.next()),
            to: &bytes)
        send(session, bytes)
    }

    private func send(_ session: ReplaySession, _ bytes: [UInt8]) {
        if var conversation = session.conversation {
            capture?.sent(&conversation, bytes, at: loop.now)
            session.conversation = conversation
        }
        put(session, session.security?.encrypt(bytes) ?? bytes)
    }

    /// Gives bytes to the connection as they are.
    private func put(_ session: ReplaySession, _ bytes: [UInt8]) {
        if !bytes.isEmpty { bytes.withUnsafeBytes { loop.send(session.id, copying: $0) } }
    }

    // MARK: Ends

    private func ended(_ session: ReplaySession, reset: Bool) {
        if var conversation = session.conversation {
            capture?.ended(&conversation, by: .responder, reset: reset, at: loop.now)
            session.conversation = conversation
        }
        if session.player == nil {
            session.played.fault =
                reset ? "handshake: the server reset the connection" : "handshake: the server closed the connection"
        } else {
            session.played.ending = .cut(reset: reset)
            session.played.closedFirst = session.hasClosed
        }
        finish(session)
    }

    private func unreachable(_ session: ReplaySession, _ why: String) {
        figures.unreachable += 1
        figures.reason = why
        session.played.fault = "no connection: \(why)"
        finish(session)
    }

    private func finish(_ session: ReplaySession) {
        guard !session.isOver else { return }
        session.isOver = true
        if let player = session.player { session.played.unsent = player.total - player.sent }
        if var conversation = session.conversation, session.isConnected {
            capture?.ended(&conversation, by: .initiator, reset: false, at: loop.now)
            capture?.ended(&conversation, by: .responder, reset: false, at: loop.now)
        }
        if session.isConnected, let security = session.security { put(session, security.close()) }
        if !session.id.isNone { loop.close(session.id, session.isConnected ? .afterSending : .now) }
        open[session.index] = nil
        take(session.recorded, session.played, session.learnt, session.index / recording.count)
    }
}
