import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import WebSocketWire
import Wire

// The hot path. A received buffer is observed (frame headers only) and sent on as it is: no copy, no allocation, no
// reference counted. Observing comes first because a send only queues the buffer for the end of the turn, so
// nothing is gained by the other order, and the buffer is still ours.

extension Worker {
    /// Bytes of a tunnel: observed, and sent on to the other side.
    @inline(__always)
    func relay(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        guard session.pointee.relaysAtOnce else { return relayWithCare(session, side, chunk) }
        let notices =
            session.pointee.analyzer?.relayed(side.direction, RawSpan(_unsafeBytes: chunk.bytes), at: loop.now) ?? []
        transmit(session, side.opposite, chunk)
        if notices.contains(.sawFault) { reportFault(session, side) }
    }

    /// The same for bytes that stand elsewhere.
    func relayCopy(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty, session.pointee.phase == .tunnel {
            guard let room = loop.takeBuffer() else { return abandon(session, .overload) }
            let count = min(room.count, rest.count)
            room.mutableBytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            relay(session, side, room.narrowed(to: 0..<count))
        }
    }

    /// A valid 101 has been sent: from here on the session is a tunnel.
    func openTunnel(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: ResponseHead) {
        guard let endpoint = exchange.endpoint, let route = exchange.route, let request = exchange.request else { return }
        let timeouts = exchange.timeouts
        session.pointee.phase = .tunnel
        session.pointee.tunnel = Tunnel(
            limits: Tunnel.Limits(idle: timeouts.idle, write: timeouts.write, closing: timeouts.closing))
        var findings: [Finding] = []
        if let observation = exchange.observation {
            let opened = HandshakeJudge.opened(observation, at: loop.now, &openedAnswers)
            session.pointee.analyzer = opened.analyzer
            findings = opened.findings
        }
        session.pointee.facts = facts(exchange, endpoint, route, request)
        if let end = exchange.user?.expiresAt, let rule = route.gate?.authentication {
            session.pointee.tunnel?.expire(at: loopTime(ofWall: end), code: rule.expiryCode, warning: rule.expiryWarning)
        }
        if answeredSubprotocol(exchange, head) != nil { findings.removeAll { $0.id.contains("subprotocol") } }
        session.pointee.special = SpecialRelay(
            exchange.state.snapshot.websocket, exchange.state.snapshot.log, agreement: agreement(request, head),
            messageLimit: route.gate?.limits.messageSize, meter: meter(of: route, exchange.state.snapshot.limits),
            listens: speaksInMessages(session, head))
        session.pointee.isPlainRelay = session.pointee.special == nil
        session.pointee.tap?.isTunnel = true
        beginHeartbeat(session, route, request, head)
        beginHold(session, exchange, route, head)
        upgradeSettled(exchange)
        loop.receiveBufferByBuffer(session.pointee.downstream, false)
        tunnels += 1
        shared.tunnelOpened()
        exchange.passSeat()
        session.pointee.facts?.metrics?.sessions.add(1)
        reportOpened(session, exchange, findings)
        setTunnelDeadline(session)
    }

    /// What counts the messages of a session on `route`; nil where nothing limits them.
    private func meter(of route: Route, _ limits: Limits) -> MessageMeter? {
        if let rate = route.gate?.limits.messagesPerSecond {
            return MessageMeter(perSecond: rate, waits: (route.gate?.limits.onLimit ?? limits.onLimit) == .queue)
        }
        guard limits.messagesPerSecond > 0 else { return nil }
        return MessageMeter(perSecond: limits.messagesPerSecond, waits: limits.onLimit == .queue)
    }

    /// Whether the library on the other end may refuse inside of the session.
    private func speaksInMessages(_ session: UnsafeMutablePointer<Session>, _ head: ResponseHead) -> Bool {
        if session.pointee.analyzer?.traits.contains(.engineIO) == true { return true }
        return head.value(of: .secWebSocketProtocol).map { head.text($0, limit: 40).hasPrefix("actioncable") } ?? false
    }

    /// A 101 to an upgrade other than WebSocket has been sent: bytes pass both ways and nothing of them is read.
    func openOpaqueTunnel(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: ResponseHead) {
        guard let endpoint = exchange.endpoint, let route = exchange.route, let request = exchange.request else { return }
        let timeouts = exchange.timeouts
        exchange.response = head
        report(session, exchange, aborted: false)
        session.pointee.phase = .tunnel
        session.pointee.tunnel = Tunnel(
            limits: Tunnel.Limits(idle: timeouts.idle, write: timeouts.write, closing: timeouts.closing))
        session.pointee.analyzer = SessionAnalyzer(opaqueSince: loop.now)
        session.pointee.facts = facts(exchange, endpoint, route, request)
        session.pointee.isPlainRelay = true
        session.pointee.tap?.isTunnel = true
        loop.receiveBufferByBuffer(session.pointee.downstream, false)
        tunnels += 1
        shared.tunnelOpened()
        exchange.passSeat()
        metrics.opaqueTunnels.add(1)
        metrics.openOpaqueTunnels.add(1)
        session.pointee.facts?.metrics?.sessions.add(1)
        setTunnelDeadline(session)
    }

    private func facts(
        _ exchange: Exchange, _ endpoint: UpstreamEndpoint, _ route: Route, _ request: RequestHead
    ) -> SessionFacts {
        let peer = exchange.peer ?? SocketAddress(v4: 0, port: 0)
        return SessionFacts(
            client: peer, forwardedClient: exchange.identity?.address ?? peer,
            route: route.name, cluster: exchange.cluster?.cluster.name ?? "", endpoint: endpoint,
            path: request.text(request.pathRange, limit: 200),
            origin: request.value(of: .origin).map { request.text($0, limit: 200) },
            openedAt: loop.now, metrics: exchange.cluster?.metrics(of: endpoint), admission: exchange.admission,
            seat: exchange.choice?.seat)
    }

    private func agreement(_ request: RequestHead, _ response: ResponseHead) -> ExtensionAgreement {
        func list(_ head: MessageHead) -> ExtensionList {
            var list = ExtensionList()
            for value in head.values(of: .secWebSocketExtensions) { list.append(head.bytes.span.bytes.extracting(value)) }
            return list
        }
        guard response.has(.secWebSocketExtensions) else { return ExtensionAgreement() }
        return ExtensionAgreement(offered: list(request), answered: list(response))
    }

    /// What the tunnel decided.
    func perform(_ session: UnsafeMutablePointer<Session>, _ actions: TunnelActions) {
        guard !actions.isEmpty, session.pointee.phase == .tunnel else { return }
        for side in Side.allCases {
            if actions.contains(.pause(side)) { pause(session, side) }
            // A client that sent too much is read again when its time has come, one whose backend is away when the queue has room.
            let isHeld =
                side == .downstream
                && (session.pointee.special.map { $0.readsOnAt != .never } == true || session.pointee.hold?.relay.isFull == true)
            if actions.contains(.resume(side)), !isHeld { resume(session, side) }
        }
        if actions.sendsClose { sendCloses(session, actions) }
        for side in Side.allCases {
            if actions.contains(.finish(side)) { finish(session, side) }
            if actions.contains(.reset(side)) {
                endLocally(session, side, .followedOtherSide, closeCode: nil)
                close(session, side, reset: true)
            }
        }
        if actions.contains(.over) { endTunnel(session) } else { setTunnelDeadline(session) }
    }

    /// FIN or RST came from a side of a tunnel.
    func tunnelSideEnded(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ how: TransportEnd) {
        if let hold = session.pointee.hold, heldSideEnded(session, hold, side, how) { return }
        releaseHeld(session, side)
        session.pointee.analyzer?.ended(side, how, at: loop.now)
        let actions =
            how == .finished
            ? session.pointee.tunnel?.finished(side, now: loop.now) : session.pointee.tunnel?.failed(side, now: loop.now)
        perform(session, actions ?? [])
    }

    /// The session is over: its line is written, both connections close.
    func endTunnel(_ session: UnsafeMutablePointer<Session>) {
        reportClosed(session)
        session.pointee.facts?.endpoint.active -= 1
        session.pointee.facts?.metrics?.sessions.add(-1)
        tunnels -= 1
        shared.tunnelClosed()
        shared.leaveSeat()
        close(session, .upstream)
        close(session, .downstream)
        end(session)
    }

    /// Everything is over, whatever the phase: connections, timer, slot.
    func end(_ session: UnsafeMutablePointer<Session>) {
        guard session.pointee.phase != .over, session.pointee.phase != .free else { return }
        if let exchange = session.pointee.exchange, session.pointee.phase == .connecting || session.pointee.phase == .exchanging {
            releaseEndpoint(exchange)
            upgradeSettled(exchange)
        }
        close(session, .upstream)
        close(session, .downstream)
        closeTap(session)
        loop.cancel(session.pointee.timer)
        session.pointee.timer = .none
        sessions.end(session)
        shared.releaseConnection()
    }

    /// Ends a session of ours for our own reasons, with what its phase still allows to say.
    func abandon(_ session: UnsafeMutablePointer<Session>, _ why: LocalEnd) {
        if session.pointee.phase == .tunnel {
            for side in Side.allCases { endLocally(session, side, why, closeCode: nil) }
            for side in Side.allCases { close(session, side, reset: true) }
            endTunnel(session)
        } else {
            close(session, .downstream, reset: true)
            end(session)
        }
    }
}
