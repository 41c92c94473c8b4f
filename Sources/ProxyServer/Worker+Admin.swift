import Admin
import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import WebSocketWire
import Wire

extension Worker {
    /// A request to the admin endpoints on the public port: passed to the admin thread, since the answer may need all workers.
    func answersAdmin(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead, _ path: [UInt8]
    ) -> Bool {
        let settings = exchange.state.snapshot.admin
        guard let prefix = settings.publicPath, let token = settings.token, PathPattern.isBelow(path.span.bytes, Array(prefix.utf8))
        else { return false }
        let request = AdminDesk.request(head, AdminRouter(publicPath: prefix, token: token.revealed))
        let question = AdminQuestion(
            request: request, headOnly: head.method == .head, worker: index, slot: session.pointee.slot, session: session.pointee.id
        )
        guard shared.askAdmin(question) else {
            refuse(session, exchange, Refusal(503, "admin_busy", retryAfter: 1))
            return true
        }
        session.pointee.phase = .exchanging
        setDeadline(session, loop.now + .seconds(5), .responseHead)
        return true
    }

    /// The admin thread's answer, if the one who asked is still there.
    func adminAnswered(_ slot: UInt32, _ id: SessionID, _ status: Int, _ bytes: [UInt8]) {
        let session = sessions.session(slot)
        guard session.pointee.id == id, session.pointee.phase == .exchanging, let exchange = session.pointee.exchange else {
            return
        }
        exchange.keepsDownstream = false
        send(session, .downstream, bytes)
        guard session.pointee.phase == .exchanging else { return }
        reportOwnAnswer(session, exchange, status)
        session.pointee.exchange = nil
        linger(session)
    }

    /// What the admin API shows of this worker's sessions.
    func summaries() -> [SessionSummary] {
        var list: [SessionSummary] = []
        forEachSession { session in
            guard session.pointee.phase == .tunnel, let facts = session.pointee.facts, let analyzer = session.pointee.analyzer
            else { return }
            let client = analyzer.frames(from: .downstream)
            let server = analyzer.frames(from: .upstream)
            var summary = SessionSummary(
                id: session.pointee.id, client: facts.client,
                forwardedFor: facts.forwardedClient.isSameHost(as: facts.client) ? nil : facts.forwardedClient.host,
                route: facts.route, cluster: facts.cluster, endpoint: facts.endpoint.name, path: facts.path,
                origin: facts.origin,
                openedAt: facts.openedAt, state: client.close != nil || server.close != nil ? .closing : .open,
                clientToServer: SessionSummary.Traffic(messages: client.messages, bytes: analyzer.bytes(from: .downstream)),
                serverToClient: SessionSummary.Traffic(messages: server.messages, bytes: analyzer.bytes(from: .upstream)),
                lastActivity: analyzer.lastActivity, worker: index)
            summary.downstreamHeartbeat = session.pointee.heartbeat?.state.facts(.downstream)
            summary.upstreamHeartbeat = session.pointee.heartbeat?.state.facts(.upstream)
            if let held = held(session) {
                summary.held = held
                if summary.state == .open { summary.state = .held }
            }
            list.append(summary)
        }
        return list
    }

    /// What a session keeps that has no backend at present; nil for every other.
    private func held(_ session: UnsafeMutablePointer<Session>) -> SessionSummary.Held? {
        guard let hold = session.pointee.hold, hold.relay.isAway else { return nil }
        return SessionSummary.Held(
            since: hold.relay.hold.lostAt, why: hold.loss?.kind.rawValue, attempts: hold.relay.hold.attempts,
            lastFailure: hold.lastFailure, queuedMessages: hold.relay.account.queued, queuedBytes: hold.relay.waitingBytes)
    }
}
