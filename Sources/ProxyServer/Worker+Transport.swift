import EventLoop
import ProxyCore
import TLSEngine
import Wire

// Bytes to and from a side, whether TLS lies between or not. Above this file nobody asks.

extension Worker {
    // MARK: Receiving

    /// Bytes came from a side of a session: decrypted if need be, and handed to the phase that the session is in.
    @inline(__always)
    func received(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        if session.pointee.phase == .tunnel, session.pointee.channel(side) == nil {
            relay(session, side, chunk)
        } else if let channel = session.pointee.channel(side) {
            receivedSecured(session, side, channel, chunk)
        } else {
            receivedPlain(session, side, chunk)
        }
    }

    func receivedPlain(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        switch (session.pointee.phase, side) {
        case (.tunnel, _): relay(session, side, chunk)
        case (.readingHead, .downstream): receivedRequestBytes(session, chunk)
        case (.connecting, .downstream), (.exchanging, .downstream): receivedRequestBody(session, chunk)
        case (.exchanging, .upstream): receivedResponseBytes(session, chunk)
        default: loop.release(chunk)
        }
    }

    private func receivedSecured(
        _ session: UnsafeMutablePointer<Session>, _ side: Side, _ channel: SecureChannel, _ chunk: Chunk
    ) {
        var ciphertext = chunk.bytes
        defer { loop.release(chunk) }
        if !channel.isOpen {
            let result = channel.session.handshake(&ciphertext)
            sendPending(session, side, channel)
            switch result {
            case .inProgress: return
            case .failed(let failure): return secureFailed(session, side, failure)
            case .complete(let facts):
                channel.facts = facts
                secured(session, side)
            }
        }
        while session.pointee.phase != .over, session.pointee.channel(side) === channel {
            guard let room = loop.takeBuffer() else {
                // All buffers are held by slow peers; this session is the one that pays, not the process.
                return abandon(session, .overload)
            }
            switch channel.session.decrypt(&ciphertext, into: room.mutableBytes) {
            case .plaintext(let count): receivedPlain(session, side, room.narrowed(to: 0..<count))
            case .needMore:
                loop.release(room)
                sendPending(session, side, channel)
                return
            case .closeNotify:
                loop.release(room)
                return transportFinished(session, side)
            case .failed(let failure):
                loop.release(room)
                sendPending(session, side, channel)
                return secureFailed(session, side, failure)
            }
        }
    }

    /// Sends what the TLS session has to say of its own accord.
    func sendPending(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ channel: SecureChannel) {
        while channel.session.pendingCiphertext > 0, let room = loop.takeBuffer() {
            let count = channel.session.drain(into: room.mutableBytes)
            loop.send(session.pointee.connection(side), room.narrowed(to: 0..<count))
        }
    }

    // MARK: Sending

    /// Sends the chunk's bytes to a side; the chunk is given away.
    @inline(__always)
    func send(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        if session.pointee.isTapped { tapSent(session, side, chunk.bytes) }
        transmit(session, side, chunk)
    }

    /// The same for bytes that are in the capture, or in none.
    @inline(__always)
    func transmit(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ chunk: Chunk) {
        guard let channel = session.pointee.channel(side) else {
            loop.send(session.pointee.connection(side), chunk)
            return
        }
        encrypt(session, side, channel, chunk.bytes)
        loop.release(chunk)
    }

    /// Sends a copy of `bytes` to a side.
    func send(_ session: UnsafeMutablePointer<Session>, _ side: Side, copying bytes: UnsafeRawBufferPointer) {
        if session.pointee.isTapped { tapSent(session, side, bytes) }
        if let channel = session.pointee.channel(side) {
            encrypt(session, side, channel, bytes)
        } else {
            loop.send(session.pointee.connection(side), copying: bytes)
        }
    }

    /// Sends a copy of `bytes` to a side.
    func send(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { send(session, side, copying: $0) }
    }

    private func encrypt(
        _ session: UnsafeMutablePointer<Session>, _ side: Side, _ channel: SecureChannel, _ bytes: UnsafeRawBufferPointer
    ) {
        guard channel.isOpen, !channel.hasClosed else { return }
        var rest = bytes
        while !rest.isEmpty {
            guard let room = loop.takeBuffer() else { return abandon(session, .overload) }
            switch channel.session.encrypt(rest, into: room.mutableBytes) {
            case .ciphertext(let produced, let taken):
                loop.send(session.pointee.connection(side), room.narrowed(to: 0..<produced))
                rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
            case .failed(let failure):
                loop.release(room)
                return secureFailed(session, side, failure)
            }
        }
    }

    // MARK: Flow

    func pause(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        if side == .downstream { session.pointee.downstreamPaused = true } else { session.pointee.upstreamPaused = true }
        loop.pauseReceiving(session.pointee.connection(side))
    }

    func resume(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        if side == .downstream { session.pointee.downstreamPaused = false } else { session.pointee.upstreamPaused = false }
        // Its silence was our doing.
        session.pointee.heartbeat?.state.excuse(side)
        loop.startReceiving(session.pointee.connection(side))
    }

    /// FIN (with TLS: close_notify before it) after all that was sent.
    func finish(_ session: UnsafeMutablePointer<Session>, _ side: Side) {
        if session.pointee.tap != nil { tapEnded(session, side, isReset: false) }
        if let channel = session.pointee.channel(side) { closeNotify(session, side, channel) }
        loop.finish(session.pointee.connection(side))
    }

    private func closeNotify(_ session: UnsafeMutablePointer<Session>, _ side: Side, _ channel: SecureChannel) {
        guard channel.isOpen, !channel.hasClosed else { return }
        channel.hasClosed = true
        channel.session.closeNotify()
        sendPending(session, side, channel)
    }

    /// Closes a side's connection. Without reset, what was sent is delivered first, in bounded time.
    func close(_ session: UnsafeMutablePointer<Session>, _ side: Side, reset: Bool = false) {
        let connection = session.pointee.connection(side)
        guard !connection.isNone else { return }
        if session.pointee.tap != nil { tapEnded(session, side, isReset: reset) }
        if reset {
            loop.close(connection, .reset)
        } else {
            if let channel = session.pointee.channel(side) { closeNotify(session, side, channel) }
            closeGently(connection)
        }
        if side == .upstream {
            session.pointee.upstream = .none
            session.pointee.upstreamTLS = nil
        } else {
            session.pointee.downstream = .none
        }
    }

    /// Closes a connection that no session needs any more once its peer has taken what was sent; after half a minute in any case.
    func closeGently(_ connection: ConnectionID) {
        guard loop.queuedBytes(connection) > 0 else { return loop.close(connection, .now) }
        loop.setOwner(connection, Owner.flushing(connection))
        _ = loop.schedule(owner: Owner.flushing(connection), at: loop.now + .seconds(30))
        loop.close(connection, .afterSending)
    }
}
