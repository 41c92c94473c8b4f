import Admin
import CaptureFile
import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Synchronization
import Telemetry
import WebSocketWire
import Wire

// Taps: what is received from and sent to the sides of a session that is captured, copied on its way. Whether a session is, is decided when its
// request has found a route; heads lose their secrets here, before they leave the worker. Nothing here changes what is relayed.

extension Worker {
    // MARK: The beginning

    /// Whether any session may be captured, for whoever would have to look closer.
    static func taps(_ snapshot: Snapshot, _ orders: [CaptureOrder]) -> Bool {
        guard snapshot.capture.directory != nil else { return false }
        return snapshot.capture.policy.mode != .off || snapshot.routes.routes.contains { $0.capture.mode != .off }
            || orders.contains { $0.mode != .off }
    }

    /// Decides whether this handshake, and the session that may come of it, are captured.
    func beginTap(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: RequestHead) {
        guard mayTap, !exchange.isTapDecided, exchange.opensTunnel else { return }
        exchange.isTapDecided = true
        let policy = capturePolicy(exchange.route, exchange.state)
        let client = exchange.peer ?? SocketAddress(v4: 0, port: 0)
        guard policy.covers(client, forwarded: exchange.identity?.address ?? client, chance: Int(random.next() % 1_000_000)) else {
            return
        }
        if let tap = session.pointee.tap {
            tap.rename(session.pointee.id, at: loop.now, in: taps)
        } else {
            guard let local = loop.localAddress(session.pointee.downstream) else { return }
            let tap = Tap(
                key: taps.makeKey(), session: session.pointee.id, policy: policy, rule: shared.capture.place(of: policy.payload))
            tap.open(.downstream, initiator: client, responder: local, session: session.pointee.id, at: loop.now, in: taps)
            session.pointee.tap = tap
        }
        session.pointee.isTapped = true
        tapHead(session, .received, .downstream, head.bytes)
        if !exchange.pending.isEmpty { exchange.pending.withUnsafeBytes { tapReceived(session, .downstream, $0, isTunnel: true) } }
    }

    /// What holds for a route's sessions: the latest order that is about them, or the configuration.
    private func capturePolicy(_ route: Route?, _ state: ServerState) -> CapturePolicy {
        let base = route?.capture ?? state.snapshot.capture.policy
        guard !captureOrders.isEmpty else { return base }
        for order in captureOrders.reversed() where order.until > loop.now {
            if let policy = order.policy(route: route?.name, over: base) { return policy }
        }
        return base
    }

    /// The gate has let the request pass, so its user is known, if it has one.
    func tapUser(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) {
        guard let tap = session.pointee.tap, session.pointee.isTapped, tap.awaitsUser else { return }
        tap.awaitsUser = false
        guard tap.policy.covers(user: exchange.user?.name) else { return dropTap(session) }
        if tap.policy.mode == .always { tap.release(at: loop.now, in: taps) }
    }

    /// The connection to the endpoint stands, and the request goes out on it.
    func tapUpstream(_ session: UnsafeMutablePointer<Session>) {
        guard session.pointee.isTapped, let tap = session.pointee.tap, let local = loop.localAddress(session.pointee.upstream),
            let peer = loop.peerAddress(session.pointee.upstream)
        else { return }
        tap.open(.upstream, initiator: local, responder: peer, session: session.pointee.id, at: loop.now, in: taps)
    }

    // MARK: Bytes

    /// A head, its secrets made unreadable.
    func tapHead(_ session: UnsafeMutablePointer<Session>, _ kind: TapRecord.Kind, _ side: Side, _ head: [UInt8]) {
        guard session.pointee.isTapped else { return }
        head.withUnsafeBytes { tapHead(session, kind, side, $0) }
    }

    private func tapHead(
        _ session: UnsafeMutablePointer<Session>, _ kind: TapRecord.Kind, _ side: Side, _ head: UnsafeRawBufferPointer
    ) {
        guard let tap = session.pointee.tap else { return }
        guard tap.policy.redacts else { return tap.record(kind, side, head, flags: .head, at: loop.now, in: taps) }
        let (bytes, count) = headMask.masked(head, ledger.redaction)
        bytes.withUnsafeBytes {
            tap.record(kind, side, $0, flags: count > 0 ? [.head, .redacted] : .head, at: loop.now, in: taps)
        }
    }

    /// The next bytes that are sent begin with the head that `writer` holds.
    func tapHeadAhead(_ session: UnsafeMutablePointer<Session>) {
        if session.pointee.isTapped { session.pointee.tap?.headAhead = writer.bytes.count }
    }

    /// Bytes came from a side.
    ///
    /// - Parameter isTunnel: they are frames, though the tunnel isn't open yet.
    func tapReceived(
        _ session: UnsafeMutablePointer<Session>, _ side: Side, _ bytes: UnsafeRawBufferPointer, isTunnel: Bool = false
    ) {
        guard session.pointee.isTapped, let tap = session.pointee.tap, !tap.skipsReceived else { return }
        tap.record(.received, side, bytes, flags: isTunnel ? .tunnel : [], at: loop.now, in: taps)
    }

    /// Bytes go to a side.
    func tapSent(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ bytes: UnsafeRawBufferPointer) {
        guard let tap = session.pointee.tap else { return }
        var rest = bytes
        if tap.headAhead > 0 {
            let count = min(tap.headAhead, bytes.count)
            tap.headAhead = 0
            tapHead(session, .sent, side, UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            rest = UnsafeRawBufferPointer(rebasing: bytes[count...])
        }
        let note = tap.note
        tap.note = []
        tap.record(.sent, side, rest, flags: note, at: loop.now, in: taps)
    }

    /// Relays bytes of a tapped tunnel in which nothing else is to be done: one copy for both sides.
    func relayTapped(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        let notices =
            session.pointee.analyzer?.relayed(side.direction, RawSpan(_unsafeBytes: chunk.bytes), at: loop.now) ?? []
        if let tap = session.pointee.tap {
            if tap.skipsReceived {
                tap.record(.sent, side.opposite, chunk.bytes, at: loop.now, in: taps)
            } else {
                tap.record(.relayed, side, chunk.bytes, at: loop.now, in: taps)
            }
        }
        transmit(session, side.opposite, chunk)
        if notices.contains(.sawFault) { reportFault(session, side) }
    }

    /// The backend's answer never became a head: what came of it, as far as that is known.
    func tapPartialResponse(_ session: UnsafeMutablePointer<Session>) {
        guard session.pointee.isTapped, let exchange = session.pointee.exchange, exchange.response == nil,
            !exchange.partialResponse.isEmpty, !exchange.isPartialTapped
        else { return }
        exchange.isPartialTapped = true
        tapHead(session, .received, .upstream, exchange.partialResponse)
    }

    // MARK: Ends

    /// FIN or RST came from a side.
    func tapPeerEnded(_ session: UnsafeMutablePointer<Session>, _ side: Side, isReset: Bool) {
        guard let tap = session.pointee.tap else { return }
        if side == .upstream { tapPartialResponse(session) }
        tap.record(isReset ? .peerReset : .peerFinished, side, at: loop.now, in: taps)
    }

    /// FIN or RST goes to a side.
    func tapEnded(_ session: UnsafeMutablePointer<Session>, _ side: Side, isReset: Bool) {
        session.pointee.tap?.record(isReset ? .reset : .finished, side, at: loop.now, in: taps)
    }

    /// Gatehouse ends a side of a tunnel, with a close frame of its own if `closeCode` says so.
    func endLocally(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ why: LocalEnd, closeCode: UInt16?) {
        session.pointee.analyzer?.local(side, why, closeCode: closeCode, at: loop.now)
        guard let tap = session.pointee.tap else { return }
        let place = LocalEnd.allCases.firstIndex(of: why) ?? 0
        tap.record(.local, side, extra: UInt8(truncatingIfNeeded: place), length: Int(closeCode ?? 0), at: loop.now, in: taps)
    }

    /// A timer of ours fired for a side of a tunnel.
    func endTimedOut(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ timeout: Timeout) {
        session.pointee.analyzer?.ended(side, .timedOut(timeout), at: loop.now)
        guard let tap = session.pointee.tap else { return }
        let place = Timeout.allCases.firstIndex(of: timeout) ?? 0
        tap.record(.timedOut, side, extra: UInt8(truncatingIfNeeded: place), at: loop.now, in: taps)
    }

    /// The verdict on a handshake that came to nothing.
    ///
    /// - Parameter reason: of a refusal of Gatehouse's own.
    func tapRefused(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ verdict: Verdict?, reason: String? = nil) {
        guard session.pointee.isTapped, let tap = session.pointee.tap else { return }
        if tap.isBlackBox {
            guard !tap.awaitsUser, verdict != nil || reason != nil, tap.policy.covers(verdict?.cause) else { return }
            tap.release(at: loop.now, in: taps)
        }
        guard !exchange.isVerdictTapped || verdict?.cause != exchange.tappedCause else { return }
        exchange.isVerdictTapped = true
        exchange.tappedCause = verdict?.cause
        let words = (verdict?.cause.rawValue ?? "") + (reason.map { " " + $0 } ?? "")
        tap.record(.refused, .downstream, Array(words.utf8), at: loop.now, in: taps)
    }

    /// The record of a tunnel that is over: a black box is written if it ended badly.
    func tapOver(_ session: UnsafeMutablePointer<Session>, _ record: SessionRecord) {
        guard session.pointee.isTapped, let tap = session.pointee.tap else { return }
        if tap.isBlackBox {
            guard record.verdict != nil || !record.findings.isEmpty, tap.policy.covers(record.verdict?.cause) else {
                return dropTap(session)
            }
            tap.release(at: loop.now, in: taps)
        }
        let words = (record.verdict?.cause.rawValue ?? "") + " " + (record.first?.rawValue ?? "")
        tap.record(.over, .downstream, Array(words.utf8), at: loop.now, in: taps)
    }

    /// The connection goes on to another request, which may be anything.
    func pauseTap(_ session: UnsafeMutablePointer<Session>) {
        guard let tap = session.pointee.tap else { return }
        if tap.isBlackBox { return dropTap(session) }
        session.pointee.isTapped = false
    }

    /// Nothing more comes of the connection.
    func closeTap(_ session: UnsafeMutablePointer<Session>) {
        guard let tap = session.pointee.tap else { return }
        if !tap.isBlackBox { tap.record(.closed, .downstream, at: loop.now, in: taps) }
        dropTap(session)
    }

    /// What is in memory is forgotten, and nothing more is recorded.
    func dropTap(_ session: UnsafeMutablePointer<Session>) {
        session.pointee.tap?.discard()
        session.pointee.tap = nil
        session.pointee.isTapped = false
    }

    // MARK: At run time

    /// The admin API ordered something: it holds for handshakes from now on, and for the sessions that are open.
    func adopt(_ orders: [CaptureOrder]) {
        captureOrders = orders
        mayTap = Worker.taps(state.snapshot, orders)
        guard let order = orders.last else { return }
        forEachSession { session in
            guard session.pointee.phase == .tunnel, let facts = session.pointee.facts, concerns(order, session, facts) else {
                return
            }
            if order.mode == .off { return endTap(session) }
            if let tap = session.pointee.tap {
                if order.mode == .always { tap.release(at: loop.now, in: taps) }
                return
            }
            guard Int(random.next() % 1_000_000) < order.sample ?? 1_000_000 else { return }
            tapMidway(session, facts, order)
        }
    }

    private func concerns(_ order: CaptureOrder, _ session: UnsafeMutablePointer<Session>, _ facts: SessionFacts) -> Bool {
        if let id = order.session, id != session.pointee.id { return false }
        if let client = order.client, !client.contains(facts.client), !client.contains(facts.forwardedClient) { return false }
        if let route = order.route, route != facts.route { return false }
        // Who the user was is not kept once the session is open.
        return order.user == nil
    }

    /// Begins in the middle of a session: its heads are gone, what comes from now on is recorded.
    private func tapMidway(_ session: UnsafeMutablePointer<Session>, _ facts: SessionFacts, _ order: CaptureOrder) {
        guard mayTap, let local = loop.localAddress(session.pointee.downstream),
            let upLocal = loop.localAddress(session.pointee.upstream), let upPeer = loop.peerAddress(session.pointee.upstream)
        else { return }
        let base = state.snapshot.routes.routes.first { $0.name == facts.route }?.capture ?? state.snapshot.capture.policy
        var policy = order.policy(route: facts.route, over: base) ?? base
        policy.mode = order.mode
        let id = session.pointee.id
        let tap = Tap(key: taps.makeKey(), session: id, policy: policy, rule: shared.capture.place(of: policy.payload))
        tap.awaitsUser = false
        tap.open(.downstream, initiator: facts.client, responder: local, session: id, at: loop.now, in: taps)
        tap.open(.upstream, initiator: upLocal, responder: upPeer, session: id, at: loop.now, in: taps)
        tap.isTunnel = true
        if order.mode == .always { tap.release(at: loop.now, in: taps) }
        session.pointee.tap = tap
        session.pointee.isTapped = true
    }

    private func endTap(_ session: UnsafeMutablePointer<Session>) {
        guard let tap = session.pointee.tap else { return }
        if !tap.isBlackBox { tap.record(.closed, .downstream, at: loop.now, in: taps) }
        dropTap(session)
    }

    /// Once a second: what could not be recorded is counted and named.
    func tellTapLoss() {
        guard taps.loss.packets > 0 else { return }
        let loss = taps.takeLoss()
        shared.capture.dropped.add(loss.packets, ordering: .relaxed)
        ledger.captureDropped(
            packets: loss.packets, bytes: loss.bytes, sessions: loss.sessionCount, names: loss.sessions, because: "queue",
            worker: index, at: loop.now)
    }
}

extension Worker {
    /// The backend's head is whole, and what stands behind it in the same buffer: a body, or the first frames.
    func tapResponse(_ session: UnsafeMutablePointer<Session>, _ head: ResponseHead, _ rest: Chunk) {
        tapHead(session, .received, .upstream, head.bytes)
        if !head.isInterim, rest.count > 0 { tapReceived(session, .upstream, rest.bytes, isTunnel: head.status == 101) }
    }
}
