import Admin
import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import TLSEngine
import Telemetry
import WebSocketWire
import Wire

// What happened, told to the ledger and counted. Everything is reported once, at the moment at which it is decided.

extension Worker {
    /// An upgrade came: from here on, everything that is learnt of it gathers in its observation.
    func observeHandshake(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead) {
        let observation = HandshakeObservation(
            session: session.pointee.id, openedAt: exchange.startedAt, client: clientFacts(exchange))
        observation.request = head
        exchange.observation = observation
    }

    /// The tunnel is open.
    func reportOpened(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ findings: [Finding]) {
        metrics.finished(.opened, cause: nil, after: loop.now - exchange.startedAt)
        guard let observation = completed(session, exchange) else { return }
        exchange.observation = nil
        // A 101 that a browser fails all the same (no subprotocol chosen) has a verdict of its own.
        if findings.isEmpty {
            ledger.sessionOpened(observation, tls: session.pointee.downstreamTLS?.facts, at: loop.now)
        } else {
            ledger.sessionOpened(
                observation, findings: findings, verdict: HandshakeJudge.judge(observation).verdict,
                tls: session.pointee.downstreamTLS?.facts, at: loop.now)
        }
    }

    /// Gatehouse answers an upgrade or request itself; the verdict, where there is one.
    func reportRefusal(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ refusal: Refusal) -> Verdict? {
        guard let observation = completed(session, exchange) else {
            requestLine(session, exchange, status: refusal.status, answeredBy: .gatehouse, reason: refusal.reason)
            return nil
        }
        var judgement = HandshakeJudge.judge(observation)
        // Whoever is to blame: this answer is ours. Who made it necessary stands in the verdict.
        judgement.responder = Responder(
            who: .gatehouse, stack: "Gatehouse", confidence: .proven, because: ["Gatehouse answered itself: \(refusal.reason)"])
        metrics.finished(.refused, cause: judgement.verdict?.cause, after: loop.now - exchange.startedAt)
        ledger.sessionRefused(
            observation, status: refusal.status, judgement: judgement, reason: refusal.reason, detail: refusal.detail,
            tls: session.pointee.downstreamTLS?.facts, at: loop.now)
        exchange.observation = nil
        return judgement.verdict
    }

    /// An exchange is over: a line for the request, or for the refused upgrade that it was.
    func report(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, aborted: Bool) {
        guard !exchange.isReported else { return }
        let status = exchange.response?.status ?? 0
        guard let observation = completed(session, exchange) else {
            return requestLine(
                session, exchange, status: status, answeredBy: exchange.response == nil ? .client : .backend,
                reason: aborted ? exchange.failure?.name ?? "aborted" : nil)
        }
        let judgement = HandshakeJudge.judge(observation)
        metrics.finished(
            exchange.response == nil ? .abandoned : .refused, cause: judgement.verdict?.cause, after: loop.now - exchange.startedAt)
        ledger.sessionRefused(
            observation, status: exchange.response?.status, judgement: judgement, tls: session.pointee.downstreamTLS?.facts,
            at: loop.now)
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
        var record = analyzer.report(at: loop.now)
        reportHeartbeat(session, &record)
        metrics.ended(record)
        metrics.add(record.downstream.counts, bytes: record.downstream.bytes, .clientToServer)
        metrics.add(record.upstream.counts, bytes: record.upstream.bytes, .serverToClient)
        ledger.sessionClosed(
            session.pointee.id, record, client: facts.client, route: facts.route, endpoint: facts.endpoint.name, at: loop.now)
    }

    /// A rule of RFC 6455 was broken in a session that goes on.
    func reportFault(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        guard let fault = session.pointee.analyzer?.frames(from: side).fault else { return }
        ledger.sessionFinding(session.pointee.id, finding(fault, side), at: loop.now)
    }

    /// The client's TLS handshake failed.
    func reportTLSFailure(_ session: UnsafeMutablePointer<Session>, _ failure: TLSFailure) {
        metrics.tlsHandshakes[.downstream, .failure].add(1)
        let finding = Finding(
            id: "tls.\(failure.kind.name)", layer: .tls, severity: .failure, blame: .client, text: failure.sentence,
            evidence: loop.peerAddress(session.pointee.downstream).map { [Evidence(what: "client", observed: "\($0)")] } ?? [])
        ledger.sessionFinding(session.pointee.id, finding, at: loop.now)
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
        let measured = timings(exchange)
        observation.timings.connect = measured.connect
        observation.timings.tls = measured.tls
        observation.timings.total = loop.now - exchange.startedAt
        observation.bodyIsComplete = exchange.isResponseComplete
        return observation
    }

    private func requestLine(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, status: Int, answeredBy: Responder.Who, reason: String?
    ) {
        metrics.requests[answeredBy, StatusClass(status: status)].add(1)
        metrics.requestTime.observe(loop.now - exchange.startedAt)
        var timings = timings(exchange)
        timings.total = loop.now - exchange.startedAt
        ledger.httpRequest(
            session.pointee.id,
            RequestRecord(
                client: clientFacts(exchange), request: exchange.request, status: status == 0 ? nil : status,
                route: exchange.route?.name ?? "", cluster: exchange.cluster?.cluster.name ?? "",
                endpoint: (exchange.endpoint ?? exchange.lastEndpoint)?.name, bytesIn: exchange.requestBytes,
                bytesOut: exchange.responseBytes, timings: timings, answeredBy: answeredBy, reason: reason),
            at: loop.now)
    }

    private func clientFacts(_ exchange: Exchange) -> ClientFacts {
        let identity = exchange.identity
        return ClientFacts(
            address: exchange.peer ?? SocketAddress(v4: 0, port: 0),
            forwardedFor: identity.flatMap { identity in
                exchange.peer.map { $0.isSameHost(as: identity.address) } == true
                    ? nil : identity.address.host
            },
            forwardedTrusted: identity?.peerIsTrusted ?? false, scheme: identity?.isSecure == true ? "https" : "http")
    }

    private func timings(_ exchange: Exchange) -> HandshakeTimings {
        var timings = HandshakeTimings()
        if let began = exchange.connectBegan, let connected = exchange.connectedAt {
            timings.connect = connected - began
            timings.tls = exchange.securedAt.map { $0 - connected }
        }
        if let sent = exchange.sentAt, let answered = exchange.responseStartedAt { timings.response = answered - sent }
        return timings
    }

    private func finding(_ fault: LocatedFault, _ side: Side) -> Finding {
        Finding(
            id: "websocket.\(fault.fault.name)", layer: .websocket, severity: .failure,
            blame: side == .downstream ? .client : .backend,
            text: fault.fault.sentence,
            evidence: [
                Evidence(
                    what: "frame", observed: "byte \(fault.offset) after the opening handshake",
                    location: Evidence.Location(side: side, offset: fault.offset, length: 2))
            ])
    }
}
