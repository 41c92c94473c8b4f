import CaptureFile
import Diagnosis
import HTTPWire
import WebSocketWire
import Wire

/// One connection of a capture that speaks HTTP/1.1: its requests and responses (`HandshakeFollower`), and the session that one of them may open
/// (`SessionFollower`).
///
/// Feeds the observation and the analyser in the order in which the live relay does, so that the same judges see the same. What the comments of a
/// tap add stands in `Conversation+Taps`.
final class Conversation {
    /// Which end the client is.
    let client: ConnectionEnd
    let clientAddress: SocketAddress
    let serverAddress: SocketAddress
    /// In a capture of a tap: the session to which this connection belongs.
    var session: SessionID?
    /// The slot of that connection, while it is open.
    var slot: Int?
    private unowned let desk: any AnalysisDesk
    private(set) lazy var handshakes = HandshakeFollower(self)
    private var follower: SessionFollower?
    private var opened: (exchange: CapturedExchange, observation: HandshakeObservation, judgement: HandshakeJudgement)?
    /// What Gatehouse's comments told.
    var told = ToldVerdict()
    var ownPings = OwnPings()
    /// A tap left secrets out of the request's head.
    var hasRedactedHead = false
    /// A tap's upstream connection is open; and how the downstream one was closed meanwhile.
    var hasOpenUpstream = false
    var closing: (why: ConnectionClosure, transport: CapturedConnection)?
    /// A handshake of a tap that is over: its verdict may stand on a later packet.
    private var held: AnalyzedSession?

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
            if ownPings.isSifting {
                ownPings.sift(follower, direction, bytes, at: now)
            } else {
                follower.relayed(direction, bytes, at: now)
            }
            return true
        }
        switch handshakes.received(direction, bytes, at: now) {
        case .readOn: return true
        case .lost: return false
        case .opened(let exchange, let observation, let offset):
            let follower = open(exchange, observation, now)
            // What stands behind a 101 in the same piece is the session's.
            if offset < bytes.byteCount {
                follower.relayed(.serverToClient, bytes.extracting(offset..<bytes.byteCount), at: now)
            }
            let early = handshakes.takeEarly()
            if !early.isEmpty { follower.relayed(.clientToServer, early.span.bytes, at: now) }
            return true
        }
    }

    /// A handshake begins: its number, and what will be known of it.
    func beginHandshake(at now: Timestamp) -> (UInt64, HandshakeObservation) {
        let number = desk.number()
        let client = ClientFacts(address: clientAddress)
        return (number, HandshakeObservation(session: session ?? SessionID(number), openedAt: now, client: client))
    }

    private func open(_ exchange: CapturedExchange, _ observation: HandshakeObservation, _ now: Timestamp) -> SessionFollower {
        var judgement = HandshakeJudge.judge(observation)
        // Without the request nothing can be held against the answer.
        if observation.request == nil {
            judgement.verdict = nil
            judgement.findings = []
        }
        opened = (exchange, observation, judgement)
        desk.began(
            OpenedSession(
                number: exchange.number, session: session, server: serverAddress, observation: observation, openedAt: now))
        let log =
            desk.wantsMessages(number: exchange.number, session: session)
            ? MessageLog(request: observation.request, response: observation.response, budget: desk.budget) : nil
        let follower = SessionFollower(HandshakeJudge.analyzer(for: observation, at: now), messages: log, at: now)
        self.follower = follower
        return follower
    }

    // MARK: Gaps and ends

    /// Bytes that the capture doesn't have.
    func missed(_ direction: Direction, _ count: UInt64, at now: Timestamp) {
        if let follower { follower.missed(direction, count, at: now) } else { handshakes.missed(direction, count, at: now) }
    }

    func ended(_ side: Side, _ end: TransportEnd, at now: Timestamp) {
        if let follower { follower.ended(side, end, at: now) } else { handshakes.ended(side, end, at: now) }
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
        guard let follower, let opened else {
            handshakes.closed(why, transport, unseen, at: now)
            return release()
        }
        if opened.observation.request == nil {
            unseen.append("the request is not in the capture, so the handshake is not judged")
        }
        var record = follower.report(&unseen)
        let isLossy = follower.facts.missing.client &+ follower.facts.missing.server > 0
        if let verdict = told.verdict(insteadOf: record.verdict, lossy: isLossy) { record.verdict = verdict }
        if let transport, transport.oneSided { unseen.append("one direction of the connection is not in the capture") }
        var session = AnalyzedSession(
            number: opened.exchange.number, session: self.session,
            ends: SessionEnds(client: opened.observation.client.address, server: serverAddress), observation: opened.observation,
            judgement: opened.judgement, record: record, facts: follower.facts, transport: transport, unseen: unseen,
            endedAt: follower.lastSeen)
        session.hasRedactedHead = hasRedactedHead
        session.observation.timings.connect = transport?.handshake.toServer
        desk.finished(session, follower.takeMessages())
        self.follower = nil
    }

    // MARK: Handshakes that came to nothing

    /// A handshake is over, and opened no session.
    ///
    /// - Parameter status: of an answer of Gatehouse's own.
    func handshakeOver(
        _ exchange: CapturedExchange, _ observation: HandshakeObservation, at now: Timestamp, _ unseen: [String] = [],
        _ transport: CapturedConnection? = nil, status: Int? = nil
    ) {
        var analyzed = AnalyzedSession(
            number: exchange.number, session: session,
            ends: SessionEnds(client: observation.client.address, server: serverAddress), observation: observation,
            judgement: HandshakeJudge.judge(observation), record: nil, ownStatus: status, transport: transport,
            unseen: unseen, endedAt: now)
        analyzed.hasRedactedHead = hasRedactedHead
        guard session != nil else { return desk.finished(analyzed, nil) }
        release()
        held = analyzed
    }

    /// Gatehouse refused although the backend had answered: with which status. A 101 that it didn't accept opened no session.
    func refused(byGatehouse status: Int?, at now: Timestamp) {
        if let opened, follower != nil {
            follower = nil
            self.opened = nil
            return handshakeOver(opened.exchange, opened.observation, at: now, status: status)
        }
        if held != nil {
            held?.ownStatus = status
        } else {
            handshakes.answered(byGatehouse: status, told.failure, at: now)
        }
    }

    /// Hands on the handshake that waited for what Gatehouse says of it.
    func release() {
        guard var analyzed = held else { return }
        held = nil
        if let verdict = told.verdict(insteadOf: analyzed.judgement.verdict, lossy: false) { analyzed.judgement.verdict = verdict }
        told = ToldVerdict()
        desk.finished(analyzed, nil)
    }
}
