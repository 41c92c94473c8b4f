import CaptureFile
import Diagnosis
import HTTPWire
import WebSocketWire
import Wire

/// One connection of a capture that speaks HTTP/1.1: its requests and responses, and the session that one of them may open.
///
/// Feeds the observation and the analyser in the order in which the live relay does, so that the same judges see the same.
final class Conversation {
    /// A request without its answer.
    private final class Exchange {
        let request: RequestHead?
        let observation: HandshakeObservation?
        let number: UInt64
        let at: Timestamp
        var interim = 0

        init(_ request: RequestHead?, _ observation: HandshakeObservation?, _ number: UInt64, at: Timestamp) {
            self.request = request
            self.observation = observation
            self.number = number
            self.at = at
        }
    }

    /// Which end the client is.
    let client: ConnectionEnd
    let clientAddress: SocketAddress
    let serverAddress: SocketAddress
    /// In a capture of a tap: the session to which this connection belongs.
    var session: SessionID?
    /// The slot of that connection, while it is open.
    var slot: Int?
    private unowned let desk: any AnalysisDesk
    private var requests = HeadReader { HeadReader.likeRequest($0) }
    private var responses = HeadReader { HeadReader.likeResponse($0) }
    private var waiting: [Exchange] = []
    /// The exchange whose response's body is being read.
    private var answered: Exchange?
    /// Bytes of the client's behind an upgrade's request, until the answer says whose they are.
    private var early: [UInt8] = []
    private var follower: SessionFollower?
    private var opened: (observation: HandshakeObservation, judgement: HandshakeJudgement, number: UInt64)?
    private var clientFinished = false
    /// What Gatehouse's comments told: its verdict, and the reason for which it refused by itself.
    var toldCause: String?
    var toldReason: String?
    /// A tap's upstream connection is open; and how the downstream one was closed meanwhile.
    var hasOpenUpstream = false
    var closing: (why: ConnectionClosure, transport: CapturedConnection)?
    /// A handshake of a tap that is over: its verdict may stand on a later packet.
    private var held: (session: AnalyzedSession, at: Timestamp)?
    /// Pings of Gatehouse's that wait for their pong, by side, and what takes those pongs out.
    var pings: (client: [UInt64], server: [UInt64]) = ([], [])
    var sieves = (client: PongSieve(), server: PongSieve())
    private(set) var lastSeen = Timestamp.zero
    /// Whether anything that looked like HTTP was read.
    private(set) var isHTTP = false

    private static let pipeline = 64
    private static let earlyLimit = 64 << 10
    private static let interimLimit = 10

    init(client: ConnectionEnd, key: ConnectionKey, desk: any AnalysisDesk) {
        self.client = client
        self.desk = desk
        clientAddress = key.address(client)
        serverAddress = key.address(client.opposite)
    }

    var isSession: Bool { follower != nil }

    // MARK: Bytes

    /// The next bytes of a direction; false if nothing more can be learnt.
    func received(_ direction: Direction, _ bytes: RawSpan, at now: Timestamp) -> Bool {
        if let follower {
            if !pings.client.isEmpty || !pings.server.isEmpty || isSifting {
                sift(follower, direction, bytes, at: now)
            } else {
                follower.relayed(direction, bytes, at: now)
            }
            return true
        }
        lastSeen = now
        return direction == .clientToServer ? clientBytes(bytes, now) : serverBytes(bytes, now)
    }

    private func clientBytes(_ bytes: RawSpan, _ now: Timestamp) -> Bool {
        if waiting.last?.observation != nil || !early.isEmpty { return hold(bytes, from: 0) }
        var cursor = ByteCursor(bytes)
        while let event = requests.next(&cursor) {
            switch event {
            case .head(let octets):
                isHTTP = true
                let request = RequestHead(copy: octets)
                guard request.version != .unsupported else { return lost() }
                if waiting.count == Conversation.pipeline { return lost() }
                let exchange = begin(request, now)
                waiting.append(exchange)
                if exchange.observation != nil {
                    // Bytes behind an upgrade belong to the session, if it comes to one (threat C4).
                    requests.expectHead()
                    return cursor.isAtEnd ? true : hold(bytes, from: cursor.offset)
                }
                requests.follow(request.framing)
            case .lost: return lost()
            case .body, .end: break
            }
        }
        return true
    }

    private func begin(_ request: RequestHead, _ now: Timestamp) -> Exchange {
        release()
        let isAttempt = UpgradeRequestCheck.isWebSocketAttempt(request)
        guard isAttempt else { return Exchange(request, nil, 0, at: now) }
        let number = desk.number()
        let observation = HandshakeObservation(
            session: session ?? SessionID(number), openedAt: now, client: ClientFacts(address: clientAddress))
        observation.request = request
        return Exchange(request, observation, number, at: now)
    }

    private func hold(_ bytes: RawSpan, from start: Int) -> Bool {
        let room = Conversation.earlyLimit - early.count
        if bytes.byteCount - start > room { return lost() }
        early += bytes.copied(start..<bytes.byteCount)
        return true
    }

    private func serverBytes(_ bytes: RawSpan, _ now: Timestamp) -> Bool {
        var cursor = ByteCursor(bytes)
        while follower == nil, let event = responses.next(&cursor) {
            switch event {
            case .head(let octets):
                isHTTP = true
                guard responseArrived(ResponseHead(copy: octets), now) else { return lost() }
            case .body(let range): answered?.observation?.appendBody(bytes.extracting(range))
            case .end: exchangeEnded(isComplete: true, now)
            case .lost(let first):
                if let exchange = waiting.first, let observation = exchange.observation {
                    observation.failure =
                        HeadReader.likeResponse(first.span.bytes) == .no
                        ? .notHTTP(first: first) : .malformedResponse([HeadFault(.headTooLarge, at: 0..<0)])
                    waiting.removeFirst()
                    report(exchange, observation, now, [])
                }
                return lost()
            }
        }
        // What stands behind a 101 in the same piece is the session's.
        if let follower, !cursor.isAtEnd {
            follower.relayed(.serverToClient, bytes.extracting(cursor.offset..<bytes.byteCount), at: now)
        }
        if let follower, !early.isEmpty {
            follower.relayed(.clientToServer, early.span.bytes, at: now)
            early = []
        }
        return true
    }

    /// A response's head is whole; false if nothing behind it can be read.
    private func responseArrived(_ head: ResponseHead, _ now: Timestamp) -> Bool {
        if head.isInterim {
            responses.expectHead()
            waiting.first?.interim += 1
            return (waiting.first?.interim ?? 0) <= Conversation.interimLimit
        }
        let exchange = waiting.isEmpty ? unasked(head, now) : waiting.removeFirst()
        guard let observation = exchange.observation else {
            if head.status == 101 { return false }
            answered = exchange
            responses.follow(head.framing(forRequestMethod: exchange.request?.method ?? .get))
            return true
        }
        observation.response = head
        observation.timings.response = now - exchange.at
        observation.timings.total = now - exchange.at
        if head.status == 101 {
            open(exchange, observation, now)
            return true
        }
        answered = exchange
        let early = self.early
        self.early = []
        responses.follow(head.framing(forRequestMethod: exchange.request?.method ?? .get))
        // They were no session's, so they may be the next request.
        return early.isEmpty || clientBytes(early.span.bytes, now)
    }

    /// A response whose request isn't in the capture.
    private func unasked(_ head: ResponseHead, _ now: Timestamp) -> Exchange {
        guard head.status == 101 || head.has(.secWebSocketAccept) else { return Exchange(nil, nil, 0, at: now) }
        let number = desk.number()
        let observation = HandshakeObservation(
            session: session ?? SessionID(number), openedAt: now, client: ClientFacts(address: clientAddress))
        return Exchange(nil, observation, number, at: now)
    }

    private func open(_ exchange: Exchange, _ observation: HandshakeObservation, _ now: Timestamp) {
        var judgement = HandshakeJudge.judge(observation)
        // Without the request nothing can be held against the answer.
        if observation.request == nil {
            judgement.verdict = nil
            judgement.findings = []
        }
        opened = (observation, judgement, exchange.number)
        desk.began(
            OpenedSession(
                number: exchange.number, session: session, server: serverAddress, observation: observation, openedAt: now))
        let log =
            desk.wantsMessages(number: exchange.number, session: session)
            ? MessageLog(request: observation.request, response: observation.response) : nil
        follower = SessionFollower(HandshakeJudge.analyzer(for: observation, at: now), messages: log, at: now)
    }

    // MARK: Gaps and ends

    /// Bytes that the capture doesn't have.
    func missed(_ direction: Direction, _ count: UInt64, at now: Timestamp) {
        if let follower { return follower.missed(direction, count, at: now) }
        if direction == .clientToServer { requests.missed() } else { responses.missed() }
        // Which answer belongs to which request isn't known any more.
        abandon(
            "\(count) bytes of the \(direction == .clientToServer ? "client's" : "server's") direction are not in the capture", now)
        early = []
    }

    func ended(_ side: Side, _ end: TransportEnd, at now: Timestamp) {
        if let follower { return follower.ended(side, end, at: now) }
        lastSeen = now
        if side == .upstream, responses.finished() { exchangeEnded(isComplete: true, now) }
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
        report(exchange, observation, now, [])
    }

    /// An act of Gatehouse's own, as a tap's comment tells it.
    func local(_ side: Side, _ end: LocalEnd, closeCode: UInt16?, at now: Timestamp) {
        follower?.local(side, end, closeCode: closeCode, at: now)
    }

    /// Nothing more comes of this connection.
    func closed(_ why: ConnectionClosure, _ transport: CapturedConnection?, at now: Timestamp) {
        var unseen: [String] = []
        switch why {
        case .captureEnded: unseen.append("the capture ends before the connection does")
        case .letGo: unseen.append("too many connections were open at a time; this one was let go")
        case .replaced: unseen.append("the connection's end is not in the capture")
        case .ended, .refused: break
        }
        if let follower, let opened {
            if opened.observation.request == nil {
                unseen.append("the request is not in the capture, so the handshake is not judged")
            }
            var record = follower.report(&unseen)
            if let verdict = told(
                instead: record.verdict, lossy: follower.facts.missing.client &+ follower.facts.missing.server > 0)
            {
                record.verdict = verdict
            }
            if let transport, transport.oneSided { unseen.append("one direction of the connection is not in the capture") }
            let session = AnalyzedSession(
                number: opened.number, session: self.session, server: serverAddress, observation: opened.observation,
                judgement: opened.judgement, record: record, facts: follower.facts, transport: transport, unseen: unseen,
                endedAt: follower.lastSeen)
            session.observation.timings.connect = transport?.handshake.toServer
            desk.finished(session, follower.takeMessages())
            self.follower = nil
            return
        }
        if answered != nil { exchangeEnded(isComplete: false, now, unseen, transport) }
        for exchange in waiting {
            guard let observation = exchange.observation else { continue }
            if why == .ended, observation.failure == nil { observation.failure = .clientGone(.finished) }
            report(exchange, observation, lastSeen, unseen + ["the answer to this handshake is not in the capture"], transport)
        }
        waiting = []
        release()
    }

    private func exchangeEnded(
        isComplete: Bool, _ now: Timestamp, _ unseen: [String] = [], _ transport: CapturedConnection? = nil
    ) {
        guard let exchange = answered else { return }
        answered = nil
        guard let observation = exchange.observation else { return }
        observation.bodyIsComplete = isComplete
        report(exchange, observation, now, unseen, transport)
    }

    private func report(
        _ exchange: Exchange, _ observation: HandshakeObservation, _ now: Timestamp, _ unseen: [String],
        _ transport: CapturedConnection? = nil, status: Int? = nil
    ) {
        let analyzed = AnalyzedSession(
            number: exchange.number, session: session, server: serverAddress, observation: observation,
            judgement: HandshakeJudge.judge(observation), record: nil, ownStatus: status, transport: transport,
            unseen: unseen, endedAt: now)
        guard session == nil else {
            release()
            held = (analyzed, now)
            return
        }
        desk.finished(analyzed, nil)
    }

    /// Gatehouse answered by itself: with which status, if a head can be read, and why.
    func answered(byGatehouse status: Int?, _ failure: HandshakeFailure?, at now: Timestamp) {
        guard let exchange = waiting.first, let observation = exchange.observation else { return }
        waiting.removeFirst()
        observation.failure = failure ?? observation.failure
        observation.timings.total = now - exchange.at
        report(exchange, observation, now, [], status: status)
    }

    /// Gatehouse refused although the backend had answered: with which status. A 101 that it didn't accept opened no session.
    func refused(byGatehouse status: Int?, at now: Timestamp) {
        if let opened, follower != nil {
            follower = nil
            self.opened = nil
            let exchange = Exchange(opened.observation.request, opened.observation, opened.number, at: opened.observation.openedAt)
            return report(exchange, opened.observation, now, [], status: status)
        }
        if held != nil {
            held?.session.ownStatus = status
        } else {
            answered(byGatehouse: status, toldReason.flatMap { HandshakeFailure(reason: $0) }, at: now)
        }
    }

    /// Hands on the handshake that waited for what Gatehouse says of it.
    func release() {
        guard var analyzed = held?.session else { return }
        held = nil
        if let verdict = told(instead: analyzed.judgement.verdict, lossy: false) { analyzed.judgement.verdict = verdict }
        toldCause = nil
        toldReason = nil
        desk.finished(analyzed, nil)
    }

    private func abandon(_ why: String, _ now: Timestamp) {
        if let exchange = answered, let observation = exchange.observation { report(exchange, observation, now, [why]) }
        answered = nil
        for exchange in waiting {
            if let observation = exchange.observation { report(exchange, observation, now, [why]) }
        }
        waiting = []
    }

    /// Nothing more of this connection can be read.
    private func lost() -> Bool {
        if answered?.observation != nil { exchangeEnded(isComplete: false, lastSeen) }
        return false
    }
}

/// Where conversations bring what they found.
protocol AnalysisDesk: AnyObject {
    /// The next handshake's number.
    func number() -> UInt64
    /// Whether somebody wants this session's messages.
    func wantsMessages(number: UInt64, session: SessionID?) -> Bool
    /// A session was opened.
    func began(_ session: OpenedSession)
    /// A handshake that came to nothing, or a session, is over.
    func finished(_ session: AnalyzedSession, _ messages: MessageLog?)
}
