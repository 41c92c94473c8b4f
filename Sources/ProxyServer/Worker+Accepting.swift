import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import TLSEngine
import Telemetry
import Wire

extension Worker {
    /// A client connected: it gets a session, and TLS begins where the listener speaks it.
    func accepted(_ connection: ConnectionID, listener: Int) {
        metrics.connections.add(1)
        // Accepted in the same turn in which the drain began: too late, unless a successor has the listener and this one is still ours.
        guard !drain.isActive || isHandingOver else { return loop.close(connection, .now) }
        guard shared.admitConnection(limit: state.snapshot.limits.connections) else {
            metrics.acceptErrors[.other].add(1)
            return loop.close(connection, .now)
        }
        guard let session = sessions.insert(id: makeID(), downstream: connection, listener: UInt16(listener), now: loop.now)
        else {
            shared.releaseConnection()
            return loop.close(connection, .now)
        }
        loop.setOwner(connection, Owner.session(session.pointee.slot, .downstream))
        if let context = state.listenerTLS[listener] {
            guard let tls = try? TLSSession(server: context) else { return abandon(session, .overload) }
            session.pointee.downstreamTLS = SecureChannel(session: tls, now: loop.now)
            session.pointee.phase = .securing
            setDeadline(session, loop.now + state.snapshot.timeouts.tls, .tlsHandshake)
        } else {
            setDeadline(session, loop.now + state.snapshot.timeouts.head, .requestHead)
        }
        // Until its tunnel is open, it may be paused at any moment: behind its request nothing is to come.
        loop.receiveBufferByBuffer(connection, true)
        loop.startReceiving(connection)
    }

    /// A TLS handshake is complete.
    func secured(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        metrics.tlsHandshakes[side, .success].add(1)
        if side == .downstream {
            session.pointee.phase = .readingHead
            setDeadline(session, loop.now + state.snapshot.timeouts.head, .requestHead)
        } else if session.pointee.phase == .tunnel, let hold = session.pointee.hold {
            sendHeldRequest(session, hold)
        } else {
            session.pointee.exchange?.securedAt = loop.now
            sendRequest(session)
        }
    }

    /// A TLS session failed, in its handshake or later.
    func secureFailed(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ failure: TLSFailure) {
        switch (session.pointee.phase, side) {
        case (.over, _), (.free, _): break
        case (.securing, .downstream) where failure.kind == .plainHTTPOnTLSPort(.request):
            reportTLSFailure(session, failure)
            answerPlainHTTP(session)
        case (.securing, _):
            reportTLSFailure(session, failure)
            end(session)
        case (.connecting, .upstream):
            metrics.tlsHandshakes[.upstream, .failure].add(1)
            upstreamUnusable(session, .upstreamTLS(kind: failure.kind.name, sentence: failure.sentence))
        case (.exchanging, .upstream):
            // TLS 1.3: the server may refuse our certificate after the handshake, in place of an answer.
            guard let exchange = session.pointee.exchange, exchange.response == nil else {
                return transportFailed(session, side, 0)
            }
            responseUnusable(session, exchange, .upstreamTLS(kind: failure.kind.name, sentence: failure.sentence))
        default: transportFailed(session, side, 0)
        }
    }

    /// Somebody speaks plain HTTP to this port, who would take a bare end for anything: one sentence in the language that they speak.
    private func answerPlainHTTP(_ session: UnsafeMutablePointer<Session>) {
        // Not one octet of TLS went out, and none will.
        session.pointee.downstreamTLS = nil
        var page = ErrorPage(status: 400, reason: "plain_http_on_tls_port", session: session.pointee.id)
        page.cause = Cause.plainHttpToTlsPort.rawValue
        page.confidence = Confidence.proven.rawValue
        page.sentence = "Plain HTTP was sent to a port that speaks TLS: use https:// or wss://."
        page.write(to: nil, keepsConnection: false, into: &writer)
        send(session, .downstream, writer.bytes)
        guard session.pointee.phase != .over else { return }
        linger(session)
    }
}
