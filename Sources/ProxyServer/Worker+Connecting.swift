import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import TLSEngine
import Telemetry
import Wire

extension Worker {
    /// Finds a connection for the request: a kept one of the chosen endpoint, or a new one.
    func connect(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        guard let cluster = exchange.cluster, let request = exchange.request else { return }
        tapUser(session, exchange)
        guard let choice = chooseEndpoint(exchange, cluster) else {
            return noEndpointLeft(session, exchange)
        }
        exchange.triedEndpoints.insert(choice)
        let endpoint = cluster.endpoints[choice]
        endpoint.active += 1
        exchange.endpoint = endpoint
        exchange.nextAddress = 0
        exchange.firstAddress = endpoint.addresses.begin(now: loop.now)
        exchange.connectBegan = loop.now
        // A kept connection may be closed by the backend at this very moment. That is survivable where the request may be
        // sent twice, and only there; an upgrade, to whatever protocol, takes its connection away anyway.
        if request.method.isIdempotent, !exchange.opensTunnel, exchange.requestBody.isComplete, let kept = endpoint.takeIdle() {
            exchange.isReused = true
            session.pointee.upstream = kept.connection
            session.pointee.upstreamTLS = kept.channel
            loop.setOwner(kept.connection, Owner.session(session.pointee.slot, .upstream))
            return sendRequest(session)
        }
        openConnection(session, exchange, endpoint)
    }

    /// Begins to connect to the endpoint's next address.
    private func openConnection(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ endpoint: UpstreamEndpoint) {
        exchange.isReused = false
        session.pointee.phase = .connecting
        while let address = endpoint.addresses.address(attempt: exchange.nextAddress, from: exchange.firstAddress) {
            exchange.nextAddress += 1
            do throws(LoopFailure) {
                session.pointee.upstream = try loop.connect(
                    to: address, owner: Owner.session(session.pointee.slot, .upstream))
                return setDeadline(session, loop.now + exchange.timeouts.connect, .connect)
            } catch {
                exchange.lastConnectError = error.errno
            }
        }
        if endpoint.addresses.isEmpty {
            upstreamUnusable(session, .nameNotResolved(endpoint.resolutionError ?? endpoint.endpoint.host))
        } else {
            let errno = exchange.lastConnectError
            // No port or descriptor of ours left is no refusal of the backend's.
            upstreamUnusable(session, errno == 111 ? .upstreamRefused(errno: errno) : .connectFailed(errno: errno))
        }
    }

    /// The upstream connection is established; TLS begins, or the request goes out.
    func connected(_ session: UnsafeMutablePointer<Session>) {
        if session.pointee.phase == .tunnel, let hold = session.pointee.hold { return heldConnected(session, hold) }
        guard session.pointee.phase == .connecting, let exchange = session.pointee.exchange, let endpoint = exchange.endpoint
        else { return }
        if isConnectedToItself(session, exchange, endpoint) { return upstreamUnusable(session, .upstreamRefused(errno: 111)) }
        exchange.connectedAt = loop.now
        if let began = exchange.connectBegan { metrics.connectTime.observe(loop.now - began) }
        guard endpoint.endpoint.isSecure else { return sendRequest(session) }
        guard let context = exchange.cluster.flatMap({ clusterContext($0, exchange) }),
            let tls = try? TLSSession(client: context, serverName: endpoint.endpoint.host)
        else {
            return upstreamUnusable(
                session, .upstreamTLS(kind: "other", sentence: "The upstream's server name can't be used for TLS."))
        }
        let channel = SecureChannel(session: tls, now: loop.now)
        session.pointee.upstreamTLS = channel
        setDeadline(session, loop.now + exchange.timeouts.tls, .tlsHandshake)
        var nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        if case .failed(let failure) = channel.session.handshake(&nothing) {
            return secureFailed(session, .upstream, failure)
        }
        sendPending(session, .upstream, channel)
        loop.startReceiving(session.pointee.upstream)
    }

    /// Where nobody listens on a port of this machine, the kernel may take that very port for our end, and TCP then connects the socket with
    /// itself: to be had when a backend in the range of local ports is down and often asked for.
    private func isConnectedToItself(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ endpoint: UpstreamEndpoint
    ) -> Bool {
        guard let wanted = address(of: endpoint, exchange), wanted.isLoopback else { return false }
        return loop.localAddress(session.pointee.upstream) == wanted
    }

    private func clusterContext(_ cluster: UpstreamCluster, _ exchange: Exchange) -> TLSContext? {
        guard let route = exchange.route else { return nil }
        return exchange.state.clusterTLS[route.clusterIndex]
    }

    /// The present attempt to reach the backend failed before anything of an answer had come: the next address, the next
    /// endpoint, or an honest answer.
    func upstreamUnusable(_ session: UnsafeMutablePointer<Session>, _ failure: HandshakeFailure) {
        guard let exchange = session.pointee.exchange else { return }
        close(session, .upstream)
        exchange.observation?.failure = failure
        exchange.failure = failure
        if session.pointee.phase == .connecting, let endpoint = exchange.endpoint {
            suspectAddress(endpoint, attempt: exchange.nextAddress - 1, from: exchange.firstAddress)
            if exchange.nextAddress < endpoint.addresses.count { return openConnection(session, exchange, endpoint) }
            noteUnreachable(exchange)
            releaseEndpoint(exchange)
            return connect(session, exchange)
        }
        releaseEndpoint(exchange)
        noEndpointLeft(session, exchange)
    }

    /// A kept connection turned out to be closed before a byte of an answer: the same request on a new one.
    func retryOnNewConnection(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        guard let endpoint = exchange.endpoint else { return }
        close(session, .upstream)
        exchange.isRequestSent = false
        exchange.partialResponse = []
        exchange.responseScanner.reset()
        exchange.nextAddress = 0
        openConnection(session, exchange, endpoint)
    }

    /// The endpoint no longer counts this request or session as its load.
    func releaseEndpoint(_ exchange: Exchange) {
        exchange.endpoint?.active -= 1
        exchange.choice?.seat = nil
        exchange.lastEndpoint = exchange.endpoint ?? exchange.lastEndpoint
        exchange.endpoint = nil
    }

    private func noEndpointLeft(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        if hold(session, exchange) { return }
        refuse(session, exchange, refusalWithoutEndpoint(exchange))
    }

    /// Writes the request's head to the upstream connection, and what of its body has come already.
    func sendRequest(_ session: UnsafeMutablePointer<Session>) {
        guard let exchange = session.pointee.exchange, let request = exchange.request, let route = exchange.route,
            let endpoint = exchange.endpoint, let identity = exchange.identity
        else { return }
        session.pointee.phase = .exchanging
        if let choice = exchange.choice { gotThrough(exchange, choice) }
        exchange.isRequestSent = true
        exchange.sentAt = loop.now
        let context = forwardingContext(session, exchange, route, endpoint, identity)
        guard RequestForwarding.write(request, context: context, into: &writer) else {
            return refuse(session, exchange, Refusal(400, "malformed_request"))
        }
        tapUpstream(session)
        tapHeadAhead(session)
        writer.bytes.withUnsafeBytes { send(session, .upstream, copying: $0) }
        guard session.pointee.phase == .exchanging else { return }
        loop.startReceiving(session.pointee.upstream)
        if exchange.isRequestComplete {
            awaitResponse(session, exchange)
        } else {
            setDeadline(session, loop.now + exchange.timeouts.body, .requestBody)
            if !exchange.pending.isEmpty { forwardPendingBody(session, exchange) }
        }
        if session.pointee.downstreamPaused, exchange.pending.isEmpty { resume(session, .downstream) }
    }

    /// Sends on the part of the body that had come together with the head, or while the connection was being opened.
    private func forwardPendingBody(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        let bytes = exchange.pending
        exchange.pending = []
        bytes.withUnsafeBytes { raw in
            var rest = raw
            while !rest.isEmpty, session.pointee.phase == .exchanging {
                guard let room = loop.takeBuffer() else { return abandon(session, .overload) }
                let count = min(room.count, rest.count)
                room.start.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: rest[..<count]).baseAddress ?? UnsafeRawPointer(room.start),
                    byteCount: count)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                if exchange.requestBody.isComplete {
                    exchange.pending.append(contentsOf: room.bytes[..<count])
                    loop.release(room)
                } else {
                    forwardRequestBody(session, exchange, room.narrowed(to: 0..<count))
                }
            }
        }
    }
}
