import Admin
import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import TLSEngine
import Telemetry
import Wire

// What happened, told to the ledger and counted. Everything is reported once, at the moment at which it is decided.

extension Worker {
    /// An upgrade came: from here on, everything that is learnt of it gathers in its observation.
    func observeHandshake(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead) {
        let identity = exchange.identity
        let observation = HandshakeObservation(
            session: session.pointee.id, openedAt: exchange.startedAt,
            client: ClientFacts(
                address: exchange.peer ?? SocketAddress(v4: 0, port: 0),
                forwardedFor: identity.flatMap { $0.address.host == exchange.peer?.host ? nil : $0.address.host },
                forwardedTrusted: identity?.peerIsTrusted ?? false, scheme: identity?.isSecure == true ? "https" : "http"))
        observation.request = head
        exchange.observation = observation
    }

    /// The tunnel is open.
    func reportOpened(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: ResponseHead) {
        metrics.handshakes[.opened].add(1)
        metrics.liveSessions.add(1)
        guard let observation = completed(session, exchange) else { return }
        observation.response = head
        let judgement = HandshakeJudge.judge(observation)
        ledger.handshake(.opened, observation, judgement, status: 101, reason: nil, detail: nil, at: loop.now)
        exchange.observation = nil
    }

    /// Gatehouse answers an upgrade or request itself; the verdict, where there is one.
    func reportRefusal(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ refusal: Refusal) -> Verdict? {
        guard let observation = completed(session, exchange) else {
            requestLine(session, exchange, status: refusal.status, answeredBy: .gatehouse, reason: refusal.reason)
            return nil
        }
        metrics.handshakes[.refused].add(1)
        let judgement = HandshakeJudge.judge(observation)
        if let verdict = judgement.verdict { metrics.refusals[verdict.cause].add(1) }
        ledger.handshake(
            .refused, observation, judgement, status: refusal.status, reason: refusal.reason, detail: refusal.detail, at: loop.now)
        exchange.observation = nil
        return judgement.verdict
    }

    /// An exchange is over: a line for the request, or for the refused upgrade that it was.
    func report(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, aborted: Bool) {
        let status = exchange.response?.status ?? 0
        guard let observation = completed(session, exchange) else {
            return requestLine(
                session, exchange, status: status, answeredBy: exchange.response == nil ? .client : .backend,
                reason: aborted ? exchange.failure?.name ?? "aborted" : nil)
        }
        metrics.handshakes[exchange.response == nil ? .abandoned : .refused].add(1)
        let judgement = HandshakeJudge.judge(observation)
        if let verdict = judgement.verdict { metrics.refusals[verdict.cause].add(1) }
        ledger.handshake(
            .refused, observation, judgement, status: status, reason: exchange.failure?.name, detail: nil, at: loop.now)
        exchange.observation = nil
    }

    /// The value of `Gatehouse-Verdict` on a refusal of the backend's that is passed on.
    func refusalField(_ exchange: Exchange, _ observation: HandshakeObservation) -> [UInt8]? {
        guard let verdict = HandshakeJudge.judge(observation).verdict else { return nil }
        return Array("\(verdict.cause.rawValue); id=\(observation.session)".utf8)
    }

    /// A session of ours is over.
    func reportClosed(_ session: UnsafeMutablePointer<Session>) {
        guard let analyzer = session.pointee.analyzer, let facts = session.pointee.facts else { return }
        let record = analyzer.report(at: loop.now)
        metrics.liveSessions.add(-1)
        metrics.sessionEnded(record)
        ledger.closed(
            record, session: session.pointee.id, client: facts.client, route: facts.route, endpoint: facts.endpoint.name, at: loop.now)
    }

    /// A rule of RFC 6455 was broken in a session that goes on.
    func reportFault(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        guard let fault = session.pointee.analyzer?.frames(from: side).fault else { return }
        ledger.fault(fault, side: side, session: session.pointee.id, at: loop.now)
    }

    /// The client's TLS handshake failed.
    func reportTLSFailure(_ session: UnsafeMutablePointer<Session>, _ failure: TLSFailure) {
        metrics.tlsHandshakes[.downstream, .failure].add(1)
        ledger.tlsFailed(
            kind: failure.kind.name, sentence: failure.sentence, client: loop.peerAddress(session.pointee.downstream),
            session: session.pointee.id, at: loop.now)
    }

    /// An answer of Gatehouse's own that is no error.
    func reportOwnAnswer(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ status: Int) {
        requestLine(session, exchange, status: status, answeredBy: .gatehouse, reason: nil)
    }

    /// The observation of an upgrade with all that the exchange knows by now.
    private func completed(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) -> HandshakeObservation? {
        guard let observation = exchange.observation else { return nil }
        observation.route = exchange.route?.name ?? ""
        observation.cluster = exchange.cluster?.cluster.name ?? ""
        observation.endpoint = (exchange.endpoint ?? exchange.lastEndpoint)?.name
        if let began = exchange.connectBegan, let connected = exchange.connectedAt {
            observation.timings.connect = connected - began
            observation.timings.tls = exchange.securedAt.map { $0 - connected }
        }
        observation.timings.total = loop.now - exchange.startedAt
        observation.bodyIsComplete = exchange.isResponseComplete
        return observation
    }

    private func requestLine(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, status: Int, answeredBy: Responder.Who, reason: String?
    ) {
        metrics.requests[answeredBy, StatusClass(status: status)].add(1)
        metrics.requestTime.observe(loop.now - exchange.startedAt)
        ledger.request(
            RequestRecord(
                session: session.pointee.id, client: exchange.peer, identity: exchange.identity?.address, isTrusted: exchange.identity?.peerIsTrusted ?? false,
                isSecure: exchange.identity?.isSecure ?? false, request: exchange.request, status: status,
                route: exchange.route?.name, cluster: exchange.cluster?.cluster.name,
                endpoint: (exchange.endpoint ?? exchange.lastEndpoint)?.name, bytesIn: exchange.requestBytes,
                bytesOut: exchange.responseBytes, startedAt: exchange.startedAt, connectBegan: exchange.connectBegan,
                connectedAt: exchange.connectedAt, sentAt: exchange.sentAt, respondedAt: exchange.responseStartedAt,
                answeredBy: answeredBy, reason: reason),
            at: loop.now)
    }
}
