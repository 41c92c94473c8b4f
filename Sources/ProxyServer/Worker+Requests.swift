import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import TLSEngine
import Telemetry
import Wire

extension Worker {
    /// Bytes that wait in front of an upstream, or behind a request, before receiving pauses.
    static let pendingLimit = 64 << 10

    /// Bytes of a request's head, or what stands before it.
    func receivedRequestBytes(_ session: UnsafeMutablePointer<Session>, _ chunk: Chunk) {
        defer { loop.release(chunk) }
        readHead(session, chunk.bytes)
    }

    /// Reads on in a request's head; what stands behind it waits in `pending`.
    func readHead(_ session: UnsafeMutablePointer<Session>, _ bytes: UnsafeRawBufferPointer) {
        let exchange = session.pointee.exchange ?? beginExchange(session)
        let began = exchange.scanner.hasBegun
        let before = exchange.partialHead.count
        switch exchange.scanner.scan(RawSpan(_unsafeBytes: bytes)) {
        case .needMore:
            exchange.partialHead.append(contentsOf: bytes)
            if !began, exchange.scanner.hasBegun {
                exchange.startedAt = loop.now
                // The first byte of a TLS handshake: no head will ever end it, and who waits for ours would wait in vain.
                if exchange.partialHead.first == 0x16 { return refuse(session, exchange, Refusal(400, "tls_to_plain_port")) }
                setDeadline(session, loop.now + state.snapshot.timeouts.head, .requestHead)
            }
        case .tooLarge:
            exchange.startedAt = began ? exchange.startedAt : loop.now
            refuse(session, exchange, Refusal(431, "head_too_large"))
        case .complete(let length):
            if !began { exchange.startedAt = loop.now }
            let inThisPiece = length - before
            let head: RequestHead
            if before == 0 {
                head = RequestHead(
                    parsing: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[..<inThisPiece])),
                    limits: exchange.state.headLimits)
            } else {
                exchange.partialHead.append(contentsOf: bytes[..<inThisPiece])
                head = RequestHead(copy: exchange.partialHead, limits: exchange.state.headLimits)
                exchange.partialHead = []
            }
            if inThisPiece < bytes.count { exchange.pending.append(contentsOf: bytes[inThisPiece...]) }
            requestArrived(session, exchange, head)
        }
    }

    private func beginExchange(_ session: UnsafeMutablePointer<Session>) -> Exchange {
        let exchange = Exchange(id: session.pointee.id, state: state, now: loop.now)
        session.pointee.exchange = exchange
        return exchange
    }

    /// A head is complete: everything that can be decided from it alone is decided here, in order.
    private func requestArrived(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead) {
        exchange.request = head
        exchange.requestBody = BodyDecoder(framing: head.framing)
        exchange.keepsDownstream = head.keepAlive && !drain.isActive
        exchange.identity = identify(session, exchange, head)
        exchange.isUpgrade = UpgradeRequestCheck.isWebSocketAttempt(head)
        if exchange.isUpgrade || SpokenReading.isPolling(head) { observeHandshake(session, exchange, head) }
        if let refusal = RequestForwarding.refusal(of: head) {
            return refuse(
                session, exchange,
                Refusal(
                    refusal.status, "malformed_request", detail: head.refusal?.kind.rawValue,
                    failure: .malformedRequest(head.faults)))
        }
        if isMisdirected(session, exchange, head) {
            return refuse(session, exchange, Refusal(421, "misdirected", failure: .noRoute))
        }
        let path: [UInt8]
        switch CanonicalPath(head, allowing: exchange.state.pathAllowance) {
        case .canonical(let bytes): path = bytes
        case .refused(let reason):
            return refuse(
                session, exchange, Refusal(400, "path_refused", detail: reason.rawValue, failure: .malformedRequest(head.faults)))
        }
        exchange.path = path
        if answersItself(session, exchange, head, path) { return }
        // After a reload in the middle of a head, the request goes by the new configuration, as the clusters do.
        exchange.state = state
        guard let index = exchange.state.match(head, path) else {
            return refuse(session, exchange, Refusal(404, "no_route", failure: .noRoute))
        }
        let route = exchange.state.snapshot.routes.routes[index]
        exchange.take(route)
        exchange.cluster = clusters[route.clusterIndex]
        if exchange.isUpgrade {
            beginTap(session, exchange, head)
            if let refusal = refusalOfUpgrade(exchange, head) { return refuse(session, exchange, refusal) }
        } else if route.upgrade == .any, let protocols = OtherUpgrade.protocols(head) {
            if let refusal = refusalOfTunnel(exchange) { return refuse(session, exchange, refusal) }
            exchange.otherUpgrade = protocols
        }
        beginTap(session, exchange, head)
        if case .contentLength(let count) = head.framing, exceedsBodyLimit(exchange, count) {
            return refuse(session, exchange, Refusal(413, "body_too_large"))
        }
        if exchange.isUpgrade {
            exchange.countsAsUpgrade = true
            upgradesInFlight += 1
        }
        session.pointee.phase = .connecting
        passGate(session, exchange, head, route.gate)
    }

    /// Whether the host is one whose certificate this connection was not opened with (threat C15).
    private func isMisdirected(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead) -> Bool {
        guard let name = session.pointee.downstreamTLS?.facts?.serverName, let range = head.effectiveHost,
            let host = Authority(head.bytes, range), let context = exchange.state.listenerTLS[Int(session.pointee.listener)]
        else { return false }
        return !context.servesAlike(name, head.text(host.host))
    }

    func exceedsBodyLimit(_ exchange: Exchange, _ count: UInt64) -> Bool {
        exchange.state.snapshot.limits.body > 0 && count > exchange.state.snapshot.limits.body
    }

    /// Whether the handshake itself, or a limit, forbids the upgrade.
    private func refusalOfUpgrade(_ exchange: Exchange, _ head: RequestHead) -> Refusal? {
        if let (status, needsVersion) = UpgradeRequestCheck.refusal(for: exchange.observation?.requestFaults ?? []) {
            return Refusal(
                status, "invalid_upgrade", fields: needsVersion ? [("Sec-WebSocket-Version", "13"), ("Upgrade", "websocket")] : [],
                failure: .malformedRequest(head.faults))
        }
        if let refusal = refusalOfTunnel(exchange) { return refusal }
        if upgradesInFlight >= exchange.state.snapshot.limits.upgradesInFlight {
            return Refusal(503, "upgrade_limit", retryAfter: 1, failure: .limit("upgrades_in_flight"))
        }
        return nil
    }

    /// Whether there is room for one more tunnel, of whatever protocol.
    private func refusalOfTunnel(_ exchange: Exchange) -> Refusal? {
        if drain.isActive, !isHandingOver { return Refusal(503, "draining", retryAfter: 5, failure: .draining) }
        // An early way out, before credentials are looked at; the gate counts for good. Where those above the limits may wait, it looks at
        // this one as at the others.
        let waits = exchange.state.snapshot.limits.onLimit != .refuse
        if !waits, shared.openTunnels >= exchange.state.snapshot.limits.sessions {
            return Refusal(503, "session_limit", retryAfter: 10, failure: .limit("sessions"))
        }
        return nil
    }

    /// An upgrade is no longer under way: it has become a session, or come to its end. Many ways lead here, and some of them in turn.
    func upgradeSettled(_ exchange: Exchange) {
        guard exchange.countsAsUpgrade else { return }
        exchange.countsAsUpgrade = false
        upgradesInFlight -= 1
    }

    private func identify(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead
    ) -> ClientIdentity {
        let peer = notePeer(session, exchange)
        return ClientIdentity(
            peer: peer, isSecure: session.pointee.downstreamTLS != nil,
            trustedProxies: exchange.state.snapshot.trustedProxies, family: exchange.state.snapshot.forwardedFamily, head: head)
    }

    /// The transport's other end, asked of the kernel once for each connection.
    @discardableResult
    func notePeer(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) -> SocketAddress {
        let peer = session.pointee.peer ?? loop.peerAddress(session.pointee.downstream) ?? SocketAddress(v4: 0, port: 0)
        session.pointee.peer = peer
        exchange.peer = peer
        return peer
    }

    /// How long the answer to an upgrade is still awaited once the client has sent FIN: it can't use a session any more, but may read.
    static let farewell = TimeSpan.seconds(1)

    // MARK: Body

    /// Bytes behind a request's head: its body, early bytes of a tunnel to be, or the next request.
    func receivedRequestBody(_ session: UnsafeMutablePointer<Session>, _ chunk: Chunk) {
        guard let exchange = session.pointee.exchange else { return loop.release(chunk) }
        if session.pointee.isTapped { tapReceived(session, .downstream, chunk.bytes, isTunnel: true) }
        if session.pointee.phase == .connecting || exchange.isUpgrade || exchange.requestBody.isComplete {
            exchange.pending.append(contentsOf: chunk.bytes)
            loop.release(chunk)
            if exchange.pending.count >= Worker.pendingLimit { pause(session, .downstream) }
            return
        }
        forwardRequestBody(session, exchange, chunk)
    }

    /// Sends on what of the chunk belongs to the request's body.
    func forwardRequestBody(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ chunk: Chunk) {
        defer { loop.release(chunk) }
        var cursor = ByteCursor(RawSpan(_unsafeBytes: chunk.bytes))
        do throws(BodyFault) {
            while let range = try exchange.requestBody.nextForwarded(&cursor, trailers: &exchange.requestTrailers) {
                if !exchange.requestTrailers.isEmpty, exchange.requestBody.isPastTrailers, let request = exchange.request {
                    let lines = TrailerForwarding.lines(
                        of: exchange.requestTrailers, behind: request, without: exchange.removedNames)
                    send(session, .upstream, lines)
                    exchange.requestTrailers = []
                }
                loop.retain(chunk)
                send(session, .upstream, chunk.narrowed(to: range))
                exchange.requestBytes += UInt64(range.count)
                metrics.bodyBytes[.clientToServer].add(UInt64(range.count))
            }
        } catch {
            return requestBodyFailed(session, exchange, Refusal(400, "malformed_body", detail: error.kind.rawValue))
        }
        guard session.pointee.phase == .exchanging else { return }
        if exceedsBodyLimit(exchange, exchange.requestBody.payloadBytes) {
            return requestBodyFailed(session, exchange, Refusal(413, "body_too_large"))
        }
        if exchange.requestBody.isComplete {
            if cursor.offset < chunk.count { exchange.pending.append(contentsOf: chunk.bytes[cursor.offset...]) }
            awaitResponse(session, exchange)
        } else if !loop.isBlocked(session.pointee.upstream) {
            // Else the backend's time to take it runs (`blocked`), and what was on its way from the client doesn't stop that.
            setDeadline(session, loop.now + exchange.timeouts.body, .requestBody)
        }
    }

    /// The body can't be forwarded to its end: the backend must not take what it has for the whole, nor the client what it has of an
    /// answer that came early.
    private func requestBodyFailed(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ refusal: Refusal) {
        close(session, .upstream, reset: true)
        if exchange.hasAnswered { abort(session, exchange) } else { refuse(session, exchange, refusal) }
    }

    /// The request has gone upstream whole.
    func awaitResponse(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        guard exchange.response == nil else { return }
        let wait = exchange.isUpgrade && session.pointee.downstreamFinished ? Worker.farewell : exchange.timeouts.response
        setDeadline(session, loop.now + wait, .responseHead)
    }
}
