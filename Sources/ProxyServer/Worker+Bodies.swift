import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import TLSEngine
import Telemetry
import Wire

extension Worker {
    /// Sends on what of the chunk belongs to the response's body, and ends the exchange with it.
    ///
    /// - Parameter observes: false for bytes that were observed together with the head.
    func forwardResponseBody(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ chunk: Chunk, observes: Bool = true
    ) {
        defer { loop.release(chunk) }
        if observes, exchange.observation != nil { observeBody(session, exchange, chunk) }
        var cursor = ByteCursor(RawSpan(_unsafeBytes: chunk.bytes))
        do throws(BodyFault) {
            while let range = try exchange.responseBody.nextForwarded(
                &cursor, to: exchange.responseNextHop, trailers: &exchange.responseTrailers)
            {
                if !exchange.responseTrailers.isEmpty { send(session, .downstream, takeTrailers(exchange)) }
                loop.retain(chunk)
                send(session, .downstream, chunk.narrowed(to: range))
                exchange.responseBytes += UInt64(range.count)
                metrics.bodyBytes[.serverToClient].add(UInt64(range.count))
            }
        } catch {
            return abort(session, exchange)
        }
        guard session.pointee.phase == .exchanging else { return }
        if cursor.offset < chunk.count { exchange.keepsUpstream = false }
        if exchange.responseBody.isComplete {
            exchangeEnded(session, exchange)
        } else if !loop.isBlocked(session.pointee.downstream) {
            // What was on its way when the client stopped taking bytes is no progress of the client's.
            session.pointee.deadline = loop.now + exchange.timeouts.idle
        }
    }

    /// The lines of the response's trailer section that go on, once it has been read to its end.
    func takeTrailers(_ exchange: Exchange) -> [UInt8] {
        guard exchange.responseBody.isPastTrailers, let head = exchange.response else { return [] }
        defer { exchange.responseTrailers = [] }
        return exchange.forwardsResponseTrailers ? TrailerForwarding.lines(of: exchange.responseTrailers, behind: head) : []
    }

    /// Keeps the beginning of a refusal's body, without its chunk framing: it often says why. A refusal whose body goes on past
    /// what is kept is reported at once.
    func observeBody(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ chunk: Chunk) {
        guard let observation = exchange.observation else { return }
        // A copy reads ahead; the exchange's own decoder forwards afterwards.
        var ahead = exchange.responseBody
        var cursor = ByteCursor(RawSpan(_unsafeBytes: chunk.bytes))
        while let range = try? ahead.nextForwarded(&cursor, to: .payload) {
            observation.appendBody(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: chunk.bytes[range])))
        }
        if exchange.choice != nil { learnSessionName(exchange, observation.bodyStart) }
        if !exchange.isUpgrade { rememberSessionName(exchange, observation) }
        if exchange.hasAnswered, observation.bodyStart.count >= HandshakeObservation.bodyLimit {
            report(session, exchange, aborted: false)
            exchange.isReported = true
        }
    }

    /// The response can't be completed. The client must not take what it has for the whole, so it gets RST.
    func abort(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        exchange.keepsDownstream = false
        tapRefused(session, exchange, report(session, exchange, aborted: true))
        close(session, .upstream, reset: true)
        close(session, .downstream, reset: true)
        end(session)
    }

    /// Request and response are complete, or the response came without waiting for the request's end.
    func exchangeEnded(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        if exchange.keepsUpstream, exchange.requestBody.isComplete, !session.pointee.upstream.isNone,
            let endpoint = exchange.endpoint
        {
            keepUpstream(session, endpoint)
        } else {
            close(session, .upstream)
        }
        if let verdict = report(session, exchange, aborted: false) { tapRefused(session, exchange, verdict) }
        releaseEndpoint(exchange)
        upgradeSettled(exchange)
        exchange.admission = nil
        exchange.leaveSeat()
        session.pointee.exchange = nil
        guard exchange.keepsDownstream, !session.pointee.downstreamFinished else { return linger(session) }
        nextRequest(session, exchange)
    }

    private func keepUpstream(_ session: UnsafeMutablePointer<Session>, _ endpoint: UpstreamEndpoint) {
        let connection = session.pointee.upstream
        if session.pointee.tap != nil {
            // Other requests will use it; for this capture it ends here.
            tapEnded(session, .upstream, isReset: false)
            tapPeerEnded(session, .upstream, isReset: false)
        }
        loop.setOwner(connection, Owner.idle(endpoint.index))
        if session.pointee.upstreamPaused { loop.startReceiving(connection) }
        if let eldest = endpoint.keep(connection, session.pointee.upstreamTLS, now: loop.now) {
            loop.close(eldest.connection, .now)
        }
        session.pointee.upstream = .none
        session.pointee.upstreamTLS = nil
        session.pointee.upstreamPaused = false
    }

    /// The connection is kept: on to the next request, which may lie there already.
    func nextRequest(_ session: UnsafeMutablePointer<Session>, _ last: Exchange) {
        session.pointee.phase = .readingHead
        pauseTap(session)
        session.pointee.id = makeID()
        setDeadline(session, loop.now + last.timeouts.keepAlive, .keepAlive)
        if session.pointee.downstreamPaused { resume(session, .downstream) }
        guard !last.pending.isEmpty else { return }
        last.pending.withUnsafeBytes { readHead(session, $0) }
    }

    /// The last response is out: FIN, then what still comes is read and dropped for a moment, so that no RST destroys it.
    func linger(_ session: UnsafeMutablePointer<Session>) {
        session.pointee.phase = .lingering
        finish(session, .downstream)
        if session.pointee.downstreamFinished { return end(session) }
        if session.pointee.downstreamPaused { resume(session, .downstream) }
        lingerOnceSent(session)
    }

    /// A slow client gets its response first; the moment of lingering counts from when it has taken everything.
    private func lingerOnceSent(_ session: UnsafeMutablePointer<Session>) {
        if loop.queuedBytes(session.pointee.downstream) > 0 {
            loop.notifyWhenSent(session.pointee.downstream)
            setDeadline(session, loop.now + state.snapshot.timeouts.write, .write)
        } else {
            setDeadline(session, loop.now + state.snapshot.timeouts.closing, .closingHandshake)
        }
    }

    // MARK: Flow and ends of the HTTP stage

    /// A side doesn't take bytes at present.
    func blocked(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        metrics.backPressure[side.opposite.direction].add(1)
        if session.pointee.phase == .tunnel { return perform(session, session.pointee.tunnel?.blocked(side, now: loop.now) ?? []) }
        guard session.pointee.phase == .exchanging else { return }
        pause(session, side.opposite)
        setDeadline(session, loop.now + (session.pointee.exchange?.timeouts.write ?? .seconds(60)), .write)
    }

    /// A side has taken everything.
    func drained(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        if session.pointee.phase == .tunnel { return perform(session, session.pointee.tunnel?.drained(side, now: loop.now) ?? []) }
        if session.pointee.phase == .lingering { return lingerOnceSent(session) }
        guard session.pointee.phase == .exchanging, let exchange = session.pointee.exchange else { return }
        if exchange.response != nil {
            setDeadline(session, loop.now + exchange.timeouts.idle, .idle)
        } else if exchange.requestBody.isComplete {
            awaitResponse(session, exchange)
        } else {
            setDeadline(session, loop.now + exchange.timeouts.body, .requestBody)
        }
        if !session.pointee.connection(side.opposite).isNone { resume(session, side.opposite) }
    }

    /// FIN (or, with TLS, close_notify) came from a side.
    func transportFinished(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        if session.pointee.tap != nil { tapPeerEnded(session, side, isReset: false) }
        switch (session.pointee.phase, side) {
        case (.over, _), (.free, _): break
        case (.tunnel, _): tunnelSideEnded(session, side, .finished)
        case (.exchanging, .upstream), (.connecting, .upstream): upstreamEnded(session, .finished)
        case (.exchanging, .downstream), (.connecting, .downstream):
            guard !session.pointee.downstreamFinished else { return }
            session.pointee.downstreamFinished = true
            // A client may finish sending and still wait for its answer. One that stops in the middle of its
            // body gets none, and the backend must not take the part for the whole.
            guard let exchange = session.pointee.exchange else { return }
            if !exchange.requestBody.isComplete {
                clientGone(session, exchange, .finished)
            } else if exchange.isUpgrade, exchange.isRequestSent, exchange.response == nil {
                setDeadline(session, loop.now + Worker.farewell, .responseHead)
            }
        default: end(session)
        }
    }

    /// A side's transport failed.
    func transportFailed(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ errno: Int32) {
        if session.pointee.tap != nil { tapPeerEnded(session, side, isReset: true) }
        switch (session.pointee.phase, side) {
        case (.over, _), (.free, _): break
        case (.tunnel, _): tunnelSideEnded(session, side, .reset(errno: errno))
        case (.connecting, .upstream):
            session.pointee.exchange?.lastConnectError = errno
            if session.pointee.upstreamTLS == nil { countConnect(session, .failure) }
            upstreamUnusable(session, errno == 111 ? .upstreamRefused(errno: errno) : .connectFailed(errno: errno))
        case (.exchanging, .upstream): upstreamEnded(session, .reset(errno: errno))
        case (.exchanging, .downstream), (.connecting, .downstream):
            if let exchange = session.pointee.exchange { clientGone(session, exchange, .reset(errno: errno)) } else { end(session) }
        default: end(session)
        }
    }

    private func upstreamEnded(_ session: UnsafeMutablePointer<Session>, _ how: TransportEnd) {
        guard let exchange = session.pointee.exchange else { return end(session) }
        if session.pointee.phase == .connecting {
            return upstreamUnusable(session, .closedBeforeResponse(how, bytesSeen: 0))
        }
        if exchange.response != nil {
            // RFC 9112 §9.8: whoever stands on the way can send FIN. Over TLS it is close_notify that ends a body without a length.
            let isCutShort = session.pointee.upstreamTLS?.session.hasReceivedCloseNotify == false
            if how == .finished, !isCutShort, (try? exchange.responseBody.senderFinished()) != nil,
                exchange.responseBody.isComplete
            {
                exchange.keepsUpstream = false
                return exchangeEnded(session, exchange)
            }
            return abort(session, exchange)
        }
        let seen = exchange.partialResponse.count
        if seen == 0, !exchange.isReused, session.pointee.upstreamTLS?.session.owesCertificate == true {
            return responseUnusable(
                session, exchange,
                .upstreamTLS(
                    kind: "client_certificate_required",
                    sentence:
                        "The server asked for a client certificate, there is none to send, and it closed the connection right "
                        + "after the handshake without an alert. Set tls.certificate and tls.key of the cluster."))
        }
        if exchange.isReused, seen == 0, exchange.interimResponses == 0 { return retryOnNewConnection(session, exchange) }
        if seen == 0, resendAfterEnd(session, exchange, .closedBeforeResponse(how, bytesSeen: 0)) { return }
        responseUnusable(
            session, exchange,
            seen > 0 && !exchange.partialResponse.starts(with: Array("HTTP/".utf8).prefix(seen))
                ? .notHTTP(first: Array(exchange.partialResponse.prefix(64))) : .closedBeforeResponse(how, bytesSeen: seen))
    }

    /// The client went away before its answer.
    func clientGone(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ how: TransportEnd) {
        exchange.failure = .clientGone(how)
        exchange.observation?.failure = .clientGone(how)
        exchange.keepsDownstream = false
        let verdict = report(session, exchange, aborted: true)
        if verdict != nil { tapRefused(session, exchange, verdict) }
        end(session)
    }

    // MARK: Connections that belong to no session

    /// Bytes on a kept connection: nobody asked for them (over TLS, they may be a ticket).
    func receivedElsewhere(_ connection: ConnectionID, _ owner: UInt64, _ chunk: Chunk) {
        defer { loop.release(chunk) }
        guard case .idle(let index) = Owner.meaning(owner) else { return }
        guard let endpoint = endpoint(numbered: index), let idle = endpoint.forget(connection) else {
            return loop.close(connection, .now)
        }
        if let channel = idle.channel {
            var ciphertext = chunk.bytes
            var scratch: UInt64 = 0
            let result = withUnsafeMutableBytes(of: &scratch) { channel.session.decrypt(&ciphertext, into: $0) }
            if case .needMore = result {
                _ = endpoint.keep(connection, channel, now: idle.since)
                return
            }
        }
        loop.close(connection, .now)
    }

    /// A kept connection ended.
    func endedElsewhere(_ connection: ConnectionID, _ owner: UInt64) {
        if case .idle(let index) = Owner.meaning(owner) { _ = endpoint(numbered: index)?.forget(connection) }
        loop.close(connection, .now)
    }
}
