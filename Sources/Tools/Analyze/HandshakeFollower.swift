import CaptureFile
import Diagnosis
import HTTPWire
import WebSocketWire
import Wire

/// Requests and answers of one connection of a capture, until one of them opens a session: what `SessionFollower` is for what comes then.
///
/// Cuts heads and bodies out of both directions and brings them together, pipelined ones too. What is over it tells its conversation.
final class HandshakeFollower {
    /// What bytes came to.
    enum Progress {
        case readOn
        /// Nothing more of this connection can be read.
        case lost
        /// The session is open; in what the server said it begins at that offset.
        case opened(CapturedExchange, HandshakeObservation, offset: Int)
    }

    private unowned let conversation: Conversation
    private var requests = HeadReader { HeadReader.likeRequest($0) }
    private var responses = HeadReader { HeadReader.likeResponse($0) }
    private var waiting: [CapturedExchange] = []
    /// The exchange whose response's body is being read.
    private var answered: CapturedExchange?
    /// Bytes of the client's behind an upgrade's request, until the answer says whose they are.
    private var early: [UInt8] = []
    private var clientFinished = false
    private(set) var lastSeen = Timestamp.zero

    private static let pipeline = 64
    private static let earlyLimit = 64 << 10
    private static let interimLimit = 10

    init(_ conversation: Conversation) { self.conversation = conversation }

    /// The next bytes of a direction.
    func received(_ direction: Direction, _ bytes: RawSpan, at now: Timestamp) -> Progress {
        lastSeen = now
        return direction == .clientToServer ? clientBytes(bytes, now) : serverBytes(bytes, now)
    }

    /// What the client said behind the request that opened the session, before the answer.
    func takeEarly() -> [UInt8] {
        defer { early = [] }
        return early
    }

    // MARK: Requests

    private func clientBytes(_ bytes: RawSpan, _ now: Timestamp) -> Progress {
        if waiting.last?.observation != nil || !early.isEmpty { return hold(bytes, from: 0) }
        var cursor = ByteCursor(bytes)
        while let event = requests.next(&cursor) {
            switch event {
            case .head(let octets):
                let request = RequestHead(copy: octets)
                guard request.version != .unsupported, waiting.count < HandshakeFollower.pipeline else { return lost() }
                conversation.release()
                let isAttempt = UpgradeRequestCheck.isWebSocketAttempt(request)
                let exchange = isAttempt ? attempt(request, now) : CapturedExchange(request, nil, 0, at: now)
                waiting.append(exchange)
                if isAttempt {
                    // Bytes behind an upgrade belong to the session, if it comes to one (threat C4).
                    requests.expectHead()
                    return cursor.isAtEnd ? .readOn : hold(bytes, from: cursor.offset)
                }
                requests.follow(request.framing)
            case .lost: return lost()
            case .body, .end: break
            }
        }
        return .readOn
    }

    /// - Parameter request: nil where it isn't in the capture.
    private func attempt(_ request: RequestHead?, _ now: Timestamp) -> CapturedExchange {
        let (number, observation) = conversation.beginHandshake(at: now)
        observation.request = request
        return CapturedExchange(request, observation, number, at: now)
    }

    private func hold(_ bytes: RawSpan, from start: Int) -> Progress {
        let room = HandshakeFollower.earlyLimit - early.count
        if bytes.byteCount - start > room { return lost() }
        early += bytes.copied(start..<bytes.byteCount)
        return .readOn
    }

    // MARK: Answers

    private func serverBytes(_ bytes: RawSpan, _ now: Timestamp) -> Progress {
        var cursor = ByteCursor(bytes)
        while let event = responses.next(&cursor) {
            switch event {
            case .head(let octets):
                let head = ResponseHead(copy: octets)
                let exchange = head.isInterim ? nil : waiting.isEmpty ? unasked(head, now) : waiting.removeFirst()
                if head.status == 101, let exchange, let observation = exchange.observation {
                    observe(head, exchange, observation, now)
                    return .opened(exchange, observation, offset: cursor.offset)
                }
                guard answered(head, exchange, now) else { return lost() }
            case .body(let range): answered?.observation?.appendBody(bytes.extracting(range))
            case .end: bodyEnded(isComplete: true, now)
            case .lost(let first):
                if let exchange = waiting.first, let observation = exchange.observation {
                    observation.failure =
                        HeadReader.likeResponse(first.span.bytes) == .no
                        ? .notHTTP(first: first) : .malformedResponse([HeadFault(.headTooLarge, at: 0..<0)])
                    waiting.removeFirst()
                    conversation.handshakeOver(exchange, observation, at: now)
                }
                return lost()
            }
        }
        return .readOn
    }

    private func observe(
        _ head: ResponseHead, _ exchange: CapturedExchange, _ observation: HandshakeObservation, _ now: Timestamp
    ) {
        observation.response = head
        observation.timings.response = now - exchange.at
        observation.timings.total = now - exchange.at
    }

    /// A response's head is whole, and opens no session; false if nothing behind it can be read.
    private func answered(_ head: ResponseHead, _ exchange: CapturedExchange?, _ now: Timestamp) -> Bool {
        guard let exchange else {
            responses.expectHead()
            waiting.first?.interim += 1
            return (waiting.first?.interim ?? 0) <= HandshakeFollower.interimLimit
        }
        // Whatever an answer of 101 to another upgrade opens, it is no WebSocket session.
        guard head.status != 101 else { return false }
        answered = exchange
        responses.follow(head.framing(forRequestMethod: exchange.request?.method ?? .get))
        guard let observation = exchange.observation else { return true }
        observe(head, exchange, observation, now)
        // What was held was no session's, so it may be the next request.
        let early = takeEarly()
        if !early.isEmpty, case .lost = clientBytes(early.span.bytes, now) { return false }
        return true
    }

    /// A response whose request isn't in the capture.
    private func unasked(_ head: ResponseHead, _ now: Timestamp) -> CapturedExchange {
        guard head.status == 101 || head.has(.secWebSocketAccept) else { return CapturedExchange(nil, nil, 0, at: now) }
        return attempt(nil, now)
    }

    private func bodyEnded(
        isComplete: Bool, _ now: Timestamp, _ unseen: [String] = [], _ transport: CapturedConnection? = nil
    ) {
        guard let exchange = answered else { return }
        answered = nil
        guard let observation = exchange.observation else { return }
        observation.bodyIsComplete = isComplete
        conversation.handshakeOver(exchange, observation, at: now, unseen, transport)
    }

    /// Gatehouse answered by itself: with which status, if a head can be read, and why.
    func answered(byGatehouse status: Int?, _ failure: HandshakeFailure?, at now: Timestamp) {
        guard let exchange = waiting.first, let observation = exchange.observation else { return }
        waiting.removeFirst()
        observation.failure = failure ?? observation.failure
        observation.timings.total = now - exchange.at
        conversation.handshakeOver(exchange, observation, at: now, status: status)
    }

    // MARK: Gaps and ends

    /// Bytes that the capture doesn't have: which answer belongs to which request isn't known any more.
    func missed(_ direction: Direction, _ count: UInt64, at now: Timestamp) {
        if direction == .clientToServer { requests.missed() } else { responses.missed() }
        let why = "\(count) bytes of the \(direction == .clientToServer ? "client's" : "server's") direction are not in the capture"
        let open = (answered.map { [$0] } ?? []) + waiting
        answered = nil
        waiting = []
        early = []
        for exchange in open {
            if let observation = exchange.observation { conversation.handshakeOver(exchange, observation, at: now, [why]) }
        }
    }

    func ended(_ side: Side, _ end: TransportEnd, at now: Timestamp) {
        lastSeen = now
        if side == .upstream, responses.finished() { bodyEnded(isComplete: true, now) }
        guard let exchange = waiting.first, let observation = exchange.observation else { return }
        if side == .upstream, clientFinished {
            observation.failure = .clientGone(.finished)
        } else if side == .upstream {
            observation.failure = .closedBeforeResponse(end, bytesSeen: responses.waiting)
        } else if end == .finished {
            // Half of a connection may end before the answer comes.
            clientFinished = true
            return
        } else {
            observation.failure = .clientGone(end)
        }
        observation.timings.total = now - exchange.at
        waiting.removeFirst()
        conversation.handshakeOver(exchange, observation, at: now)
    }

    /// Nothing more comes of this connection.
    func closed(_ why: ConnectionClosure, _ transport: CapturedConnection?, _ unseen: [String], at now: Timestamp) {
        bodyEnded(isComplete: false, now, unseen, transport)
        for exchange in waiting {
            guard let observation = exchange.observation else { continue }
            if why == .ended, observation.failure == nil { observation.failure = .clientGone(.finished) }
            conversation.handshakeOver(
                exchange, observation, at: lastSeen, unseen + ["the answer to this handshake is not in the capture"], transport)
        }
        waiting = []
    }

    private func lost() -> Progress {
        if answered?.observation != nil { bodyEnded(isComplete: false, lastSeen) }
        return .lost
    }
}
