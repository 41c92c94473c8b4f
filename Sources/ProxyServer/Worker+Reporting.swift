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
        metrics.requests[.backend, .informational].add(1)
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
        guard exchange.isUpgrade, let observation = completed(session, exchange) else {
            exchange.observation = nil
            requestLine(session, exchange, status: refusal.status, answeredBy: .gatehouse, reason: refusal.reason)
            return nil
        }
        concealEchoes(exchange, observation)
        var judgement = HandshakeJudge.judge(observation)
        // Whoever is to blame: this answer is ours. Who made it necessary stands in the verdict.
        judgement.responder = Responder(
            who: .gatehouse, stack: "Gatehouse", confidence: .proven, because: ["Gatehouse answered itself: \(refusal.reason)"])
        metrics.finished(
            refusal.failure?.isUnanswered == true ? .failed : .refused, cause: judgement.verdict?.cause,
            after: loop.now - exchange.startedAt)
        metrics.requests[.gatehouse, StatusClass(status: refusal.status)].add(1)
        ledger.sessionRefused(
            observation, status: refusal.status, judgement: judgement, reason: refusal.reason, detail: refusal.detail,
            explainedWith: exchange.explainedWith, tls: session.pointee.downstreamTLS?.facts, at: loop.now)
        file(session, exchange, observation, judgement.verdict)
        exchange.observation = nil
        return judgement.verdict
    }

    /// An exchange is over: a line for the request, or for the refused upgrade that it was.
    @discardableResult
    func report(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, aborted: Bool) -> Verdict? {
        guard !exchange.isReported else { return nil }
        let status = exchange.response?.status ?? 0
        guard let observation = completed(session, exchange) else {
            requestLine(
                session, exchange, status: status, answeredBy: exchange.response == nil ? .client : .backend,
                reason: aborted ? exchange.failure?.name ?? "aborted" : nil)
            return nil
        }
        let judgement = judged(exchange, observation)
        guard exchange.isUpgrade else {
            requestLine(
                session, exchange, status: status, answeredBy: exchange.response == nil ? .client : .backend,
                reason: aborted ? exchange.failure?.name ?? "aborted" : nil, verdict: judgement.verdict)
            file(session, exchange, observation, judgement.verdict)
            exchange.observation = nil
            return judgement.verdict
        }
        metrics.finished(
            exchange.response == nil ? .abandoned : .refused, cause: judgement.verdict?.cause, after: loop.now - exchange.startedAt)
        metrics.requests[exchange.response == nil ? .client : .backend, StatusClass(status: status)].add(1)
        ledger.sessionRefused(
            observation, status: exchange.response?.status, judgement: judgement, explainedWith: exchange.explainedWith,
            tls: session.pointee.downstreamTLS?.facts, at: loop.now)
        file(session, exchange, observation, judgement.verdict)
        exchange.observation = nil
        return judgement.verdict
    }

    /// Most refusals come in one piece: then the conclusion that the response's head took along is the last one, too.
    private func judged(_ exchange: Exchange, _ observation: HandshakeObservation) -> HandshakeJudgement {
        if let (judgement, body) = exchange.judgement, body == observation.bodyStart.count, observation.failure == nil {
            return judgement
        }
        concealEchoes(exchange, observation)
        return HandshakeJudge.judge(observation)
    }

    /// What the backend repeats of the request's secrets is made unreadable before anything is concluded from its answer.
    private func concealEchoes(_ exchange: Exchange, _ observation: HandshakeObservation) {
        guard let request = observation.request, observation.response != nil || !observation.bodyStart.isEmpty else { return }
        let mask = exchange.echoes ?? EchoMask(request, &headMask, ledger.redaction)
        exchange.echoes = mask
        mask.conceal(observation)
    }

    /// The value of `Gatehouse-Verdict` on a refusal of the backend's that is passed on.
    func refusalField(_ exchange: Exchange, _ observation: HandshakeObservation) -> [UInt8]? {
        concealEchoes(exchange, observation)
        let judgement = HandshakeJudge.judge(observation)
        exchange.judgement = (judgement, observation.bodyStart.count)
        guard let verdict = judgement.verdict else { return nil }
        return Array("\(verdict.cause.rawValue); id=\(observation.session); confidence=\(verdict.confidence.rawValue)".utf8)
    }

    /// A session of ours is over.
    func reportClosed(_ session: UnsafeMutablePointer<Session>) {
        guard let (isOpaque, report) = session.pointee.analyzer?.look({ ($0.isOpaque, $0.report(at: loop.now)) }),
            let facts = session.pointee.facts
        else { return }
        var record = report
        if isOpaque {
            metrics.openOpaqueTunnels.add(-1)
            metrics.opaqueBytes[.clientToServer].add(record.downstream.bytes)
            metrics.opaqueBytes[.serverToClient].add(record.upstream.bytes)
        } else {
            if let heard = session.pointee.special?.heard {
                record = record.judged(with: heard.signs, evidence: heard.evidence)
            }
            reportHeartbeat(session, &record)
            reportHold(session, &record)
            metrics.ended(record)
            endedTraffic.add(record.downstream.counts, bytes: record.downstream.bytes, .clientToServer)
            endedTraffic.add(record.upstream.counts, bytes: record.upstream.bytes, .serverToClient)
        }
        tapOver(session, record)
        ledger.sessionClosed(
            session.pointee.id, record, client: facts.client, route: facts.route, endpoint: facts.endpoint.name, at: loop.now)
        if !isOpaque { file(session.pointee.id, record, facts) }
    }

    /// An attempt to connect to the endpoint of the session's request came to its end.
    func countConnect(_ session: UnsafeMutablePointer<Session>, _ outcome: Success) {
        guard session.pointee.phase == .connecting, let exchange = session.pointee.exchange, let endpoint = exchange.endpoint,
            let cells = exchange.cluster?.metrics(of: endpoint)
        else { return }
        cells.connects[outcome].add(1)
        if outcome == .success, let began = exchange.connectBegan { cells.connectTime.observe(loop.now - began) }
    }

    /// The endpoint answered with a final status.
    func countAnswer(_ exchange: Exchange, _ status: Int) {
        guard let endpoint = exchange.endpoint else { return }
        exchange.cluster?.metrics(of: endpoint)?.requests[StatusClass(status: status)].add(1)
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
        observation.pathIsRewritten = exchange.route?.rewrite != nil
        observation.cluster = exchange.cluster?.cluster.name ?? ""
        observation.endpoint = (exchange.endpoint ?? exchange.lastEndpoint)?.name
        let measured = timings(exchange)
        observation.timings.connect = measured.connect
        observation.timings.tls = measured.tls
        observation.timings.waited = measured.waited
        observation.timings.total = loop.now - exchange.startedAt
        observation.affinity = exchange.choice?.affinity
        if exchange.isUpgrade { countAffinity(exchange) }
        observation.bodyIsComplete = exchange.isResponseComplete
        return observation
    }

    private func requestLine(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, status: Int, answeredBy: Responder.Who, reason: String?,
        verdict: Verdict? = nil
    ) {
        metrics.requests[answeredBy, StatusClass(status: status)].add(1)
        countAffinity(exchange)
        if status != 101 { metrics.requestTime.observe(loop.now - exchange.startedAt) }
        var timings = timings(exchange)
        timings.total = loop.now - exchange.startedAt
        ledger.httpRequest(
            session.pointee.id,
            RequestRecord(
                client: clientFacts(exchange), request: exchange.request, status: status == 0 ? nil : status,
                route: exchange.route?.name ?? "", cluster: exchange.cluster?.cluster.name ?? "",
                endpoint: (exchange.endpoint ?? exchange.lastEndpoint)?.name, bytesIn: exchange.requestBytes,
                bytesOut: exchange.responseBytes, timings: timings, answeredBy: answeredBy, reason: reason,
                affinity: exchange.choice?.affinity),
            verdict: verdict, at: loop.now)
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
        timings.waited = exchange.choice?.waited
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
