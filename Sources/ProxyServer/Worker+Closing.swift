import Configuration
import Diagnosis
import EventLoop
import ProxyCore
import WebSocketWire
import Wire

// Close frames of Gatehouse's own: at drain, and when enforcement fails a session. They stand at a frame boundary of the stream that
// they join, and nothing follows them.

extension Worker {
    /// Relays where more is to be done than sending on.
    func relayWithCare(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        var chunk = chunk
        var violation: FrameFault?
        let special = session.pointee.special
        if let special, session.pointee.tunnel?.closing == nil {
            (violation, chunk) = enforce(session, special, side, chunk)
        }
        let notices = session.pointee.analyzer?.relayed(side.direction, RawSpan(_unsafeBytes: chunk.bytes), at: loop.now) ?? []
        let towards = side.opposite
        if session.pointee.hasSentClose(towards) {
            loop.release(chunk)
        } else if session.pointee.hasClosePending(towards) {
            sendUpToBoundary(session, side, chunk)
        } else if chunk.count > 0 {
            send(session, towards, chunk)
        } else {
            loop.release(chunk)
        }
        guard session.pointee.phase == .tunnel else { return }
        if notices.contains(.sawFault) { reportFault(session, side) }
        if notices.contains(.sawClose), session.pointee.tunnel?.closing != nil {
            perform(session, session.pointee.tunnel?.answeredClose(side) ?? [])
        }
        if let violation { failSession(session, side, violation) }
    }

    /// Hands the chunk to the validator, and cuts it where the first violation stands.
    private func enforce(
        _ session: UnsafeMutablePointer<Session>, _ special: SpecialRelay, _ side: Side, _ chunk: Chunk
    ) -> (FrameFault?, Chunk) {
        special.observeMessages(side.direction, chunk.bytes) { message in
            ledger.message(message, direction: side.direction, session: session.pointee.id, at: loop.now)
        }
        guard let (allowed, fault) = special.validate(side.direction, chunk.bytes) else { return (nil, chunk) }
        return (fault, chunk.narrowed(to: 0..<min(allowed, chunk.count)))
    }

    /// RFC 6455 §7.1.7: the side that broke a rule is told which; the other learns that the session goes away.
    private func failSession(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ fault: FrameFault) {
        guard session.pointee.phase == .tunnel else { return }
        session.pointee.special?.closeCodes[Int(side.opposite.rawValue)] = 1001
        perform(session, session.pointee.tunnel?.close(Tunnel.Closing(code: fault.closeCode, why: .enforcement), now: loop.now) ?? [])
    }

    /// Writes, or marks as pending, the close frames that the tunnel asks for.
    func sendCloses(_ session: UnsafeMutablePointer<Session>, _ actions: TunnelActions) {
        session.pointee.isPlainRelay = false
        for side in Side.allCases where actions.contains(.sendClose(side)) {
            let direction = side.opposite.direction
            // Bytes towards this side come from the other; between two frames of theirs is a place for ours. Where the stream
            // can't be read any more there is none, and the session ends without one.
            guard let analyzer = session.pointee.analyzer, !analyzer.isDesynchronised(direction) || isEnforced(session) else {
                session.pointee.setCloseSent(side)
                continue
            }
            if analyzer.hasClosed(direction) {
                // The other side's own close frame has gone through; ours may not follow it.
                session.pointee.setCloseSent(side)
            } else if analyzer.isAtFrameBoundary(direction) || isEnforced(session) {
                writeClose(session, side)
            } else {
                session.pointee.setClosePending(side)
            }
            if session.pointee.phase == .tunnel, analyzer.hasClosed(side.direction) {
                perform(session, session.pointee.tunnel?.answeredClose(side) ?? [])
            }
            guard session.pointee.phase == .tunnel else { return }
        }
    }

    private func isEnforced(_ session: UnsafeMutablePointer<Session>) -> Bool {
        session.pointee.tunnel?.closing?.why == .enforcement
    }

    private func writeClose(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        guard let closing = session.pointee.tunnel?.closing else { return }
        let code = session.pointee.special?.closeCodes[Int(side.rawValue)] ?? closing.code
        session.pointee.setCloseSent(side)
        // We are the server of the downstream side and the client of the upstream one, so only the latter's frame is masked.
        let key = side == .upstream ? UInt32(truncatingIfNeeded: random.next()) : nil
        send(session, side, FrameWriter.close(code: code, reason: closeReason(closing.why), maskingKey: key))
        session.pointee.analyzer?.local(side, closing.why, closeCode: code, at: loop.now)
    }

    private func closeReason(_ why: LocalEnd) -> String {
        switch why {
        case .drain: "server going away"
        case .enforcement: "protocol error"
        default: ""
        }
    }

    /// A close frame waits for a boundary: what of the chunk still belongs to the frame is sent, then the close.
    private func sendUpToBoundary(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        let towards = side.opposite
        guard let boundary = session.pointee.analyzer?.lastBoundary(side.direction) else { return send(session, towards, chunk) }
        send(session, towards, chunk.narrowed(to: 0..<min(boundary, chunk.count)))
        guard session.pointee.phase == .tunnel else { return }
        writeClose(session, towards)
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
