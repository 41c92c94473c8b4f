import Configuration
import Diagnosis
import EventLoop
import ProxyCore
import Telemetry
import WebSocketWire
import Wire

// Relaying with care: enforcement, message lines, and close frames of Gatehouse's own (drain, enforcement). A frame of ours
// stands at a frame boundary of the stream that it joins, and after a close frame nothing follows.

extension Worker {
    /// Relays where more is to be done than observing and sending on.
    func relayWithCare(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        if session.pointee.isTapped {
            if session.pointee.isPlainRelay { return relayTapped(session, side, chunk) }
            // The answer to a handshake of the hold's own is a head, and recorded as that.
            if side == .downstream || session.pointee.hold?.relay.hold.isConnected != false {
                tapReceived(session, side, chunk.bytes)
            }
        }
        if let hold = session.pointee.hold { return relayHeld(session, side, chunk, hold) }
        guard let heartbeat = session.pointee.heartbeat else { return relayObserved(session, side, chunk) }
        relay(session, side, chunk, heartbeat)
    }

    /// Enforcement, message lines, close frames of ours.
    func relayObserved(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        if session.pointee.special?.violator == side { return loop.release(chunk) }
        let direction = side.direction
        let towards = side.opposite
        let bytes = RawSpan(_unsafeBytes: chunk.bytes)
        let boundary =
            session.pointee.hasClosePending(towards) ? session.pointee.analyzer?.frames(from: side).firstBoundary(in: bytes) : nil
        let special = session.pointee.special
        let judgement = session.pointee.tunnel?.closing == nil ? special?.judge(direction, bytes) : nil
        // Behind a breach nothing is observed: what ended the session is the breach, not what a peer said after it.
        let observed = judgement?.fault == nil ? bytes : bytes.extracting(0..<(judgement?.forwardable ?? 0))
        let notices = session.pointee.analyzer?.relayed(direction, observed, at: loop.now) ?? []
        let listens = special?.listens == true
        observe(session, side, bytes)

        if session.pointee.hasSentClose(towards) {
            loop.release(chunk)
        } else if session.pointee.hasClosePending(towards) {
            // Up to the end of the frame that is under way; then ours.
            send(session, towards, chunk.narrowed(to: 0..<(boundary ?? chunk.count)))
            if boundary != nil, session.pointee.phase == .tunnel { writeClose(session, towards) }
        } else if let judgement {
            if !judgement.owed.isEmpty { send(session, towards, judgement.owed) }
            send(session, towards, chunk.narrowed(to: 0..<judgement.forwardable))
        } else {
            send(session, towards, chunk)
        }

        guard session.pointee.phase == .tunnel else { return }
        if listens, special?.isIdle == true {
            session.pointee.special = nil
            session.pointee.isPlainRelay =
                session.pointee.tunnel?.closing == nil && session.pointee.heartbeat?.needsCare != true
        }
        if notices.contains(.sawFault) { reportFault(session, side) }
        if let fault = judgement?.fault { return failSession(session, side, fault) }
        if side == .downstream, let special, special.meter != nil { meter(session, special) }
        guard session.pointee.phase == .tunnel else { return }
        if notices.contains(.sawClose), session.pointee.tunnel?.closing != nil {
            perform(session, session.pointee.tunnel?.answeredClose(side) ?? [])
        }
    }

    /// Message lines, and listening to the first messages.
    func observe(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ bytes: RawSpan) {
        guard let special = session.pointee.special else { return }
        let id = session.pointee.id
        let direction = side.direction
        let listens = special.listens
        special.observe(direction, bytes) { message in
            if listens { special.hear(direction, message) }
            guard special.logsMessages else { return }
            ledger.sessionMessage(
                id, direction, message.opcode, size: message.size, compressed: message.isCompressed,
                inflatedSize: message.inflatedSize,
                start: message.excerpt.isEmpty || special.shown == 0 ? nil : Array(message.excerpt.prefix(special.shown)),
                at: loop.now)
        }
    }

    /// RFC 6455 §7.1.7: the side that broke a rule is told which; the other learns that the session goes away.
    func failSession(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ located: LocatedFault) {
        let fault = located.fault
        session.pointee.analyzer?.enforced(side, located)
        session.pointee.special?.violator = side
        session.pointee.special?.otherCode = (side.opposite, CloseCode(1001))
        let closing = Tunnel.Closing(code: fault.closeCode.rawValue, why: .enforcement)
        let actions = session.pointee.tunnel?.close(closing, now: loop.now) ?? []
        // What a side says after it broke the rules is not read any more, so its answer isn't waited for.
        perform(session, actions)
        guard session.pointee.phase == .tunnel else { return }
        perform(session, session.pointee.tunnel?.answeredClose(side) ?? [])
    }

    /// Writes, or marks as pending, the close frames that the tunnel asks for.
    func sendCloses(_ session: UnsafeMutablePointer<Session>, _ actions: TunnelActions) {
        session.pointee.isPlainRelay = false
        if let hold = session.pointee.hold {
            // Nothing is held for a session that Gatehouse ends; without a backend there is one side less to be told.
            let isAway = !hold.relay.hold.isConnected
            hold.relay.stop()
            if isAway, !session.pointee.closeSentUpstream {
                hold.resetAttempt()
                close(session, .upstream, reset: true)
                session.pointee.setCloseSent(.upstream)
                perform(session, session.pointee.tunnel?.answeredClose(.upstream) ?? [])
            }
        }
        for side in Side.allCases where actions.contains(.sendClose(side)) {
            guard session.pointee.phase == .tunnel, let analyzer = session.pointee.analyzer else { return }
            if side == .upstream, session.pointee.closeSentUpstream { continue }
            let incoming = analyzer.frames(from: side.opposite)
            let enforcing = session.pointee.special.flatMap { $0.enforces ? $0 : nil }
            let closed = enforcing?.hasClosed(towards: side) ?? (incoming.close != nil)
            if side == .upstream, session.pointee.hold?.relay.isDeparting == true {
                // It is being left, and has had its close frame with that.
                session.pointee.setCloseSent(side)
            } else if closed || (incoming.isDesynchronised && enforcing == nil) {
                // The other side's own close frame went through, or there is no telling where a frame ends: ours has no place.
                session.pointee.setCloseSent(side)
            } else if isAtFrameBoundary(session, towards: side) {
                writeClose(session, side)
            } else if enforcing != nil {
                // A frame was cut by enforcement; it will never end.
                session.pointee.setCloseSent(side)
            } else {
                session.pointee.setClosePending(side)
            }
            if session.pointee.phase == .tunnel, analyzer.frames(from: side).close != nil {
                perform(session, session.pointee.tunnel?.answeredClose(side) ?? [])
            }
        }
    }

    func isAtFrameBoundary(_ session: UnsafeMutablePointer<Session>, towards side: Side) -> Bool {
        if let hold = session.pointee.hold {
            return hold.relay.isAtBoundary(towards: side) && (side == .downstream || hold.relay.hold.isConnected)
        }
        if let special = session.pointee.special, special.enforces { return special.isAtFrameBoundary(towards: side) }
        return session.pointee.analyzer?.look { $0.isAtFrameBoundary(towards: side) } ?? false
    }

    func writeClose(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        guard let closing = session.pointee.tunnel?.closing else { return }
        var code = CloseCode(closing.code)
        // A backend whose client is sent away sees somebody go, not a restart.
        if closing.why == .drain, side == .upstream { code = CloseCode(1001) }
        if let other = session.pointee.special?.otherCode, other.side == side { code = other.code }
        if side == .upstream, let hold = session.pointee.hold { askLast(session, hold) }
        session.pointee.setCloseSent(side)
        // We are the server of the downstream side and the client of the upstream one: only the latter's frame is masked.
        var frame: [UInt8] = []
        FrameWriter.appendClose(
            code, reason: closeReason(session, side, closing),
            maskingKey: side == .upstream ? UInt32(truncatingIfNeeded: random.next()) : nil, to: &frame)
        endLocally(session, side, closing.why, closeCode: code.rawValue)
        session.pointee.tap?.note = .close
        send(session, side, frame)
    }

    private func closeReason(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ closing: Tunnel.Closing) -> String {
        switch closing.why {
        case .drain: side == .downstream ? drainReason(session) : "client is sent elsewhere"
        case .enforcement:
            switch CloseCode(closing.code) {
            case .messageTooBig: "message too big"
            case .invalidPayload: "invalid payload"
            default: "protocol error"
            }
        case .refused: side == .downstream ? "too many messages" : ""
        case .credentialExpired: "credential expired"
        case .followedOtherSide: "the other side stopped answering"
        case .overload: side == .downstream ? "overloaded, try again later" : ""
        case .backendLost: session.pointee.hold?.closeReason ?? ""
        default: ""
        }
    }
}

extension Session {
    func hasSentClose(_ side: Side) -> Bool { side == .downstream ? closeSentDownstream : closeSentUpstream }

    func hasClosePending(_ side: Side) -> Bool { side == .downstream ? closePendingDownstream : closePendingUpstream }

    mutating func setCloseSent(_ side: Side) {
        isPlainRelay = false
        if side == .downstream {
            closeSentDownstream = true
            closePendingDownstream = false
        } else {
            closeSentUpstream = true
            closePendingUpstream = false
        }
    }

    mutating func setClosePending(_ side: Side) {
        isPlainRelay = false
        if side == .downstream { closePendingDownstream = true } else { closePendingUpstream = true }
    }
}
