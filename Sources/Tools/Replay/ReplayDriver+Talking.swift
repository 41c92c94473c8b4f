import CLinux
import EventLoop
import Probing
import TLSEngine
import WebSocketWire
import Wire

/// One session while it lasts: the handshakes of TLS and of WebSocket, what comes, and what is due.
extension ReplayDriver {
    func connected(_ session: ReplaySession) {
        guard let context else {
            session.isConnected = true
            return send(session, session.request.bytes)
        }
        do throws(TLSFailure) {
            let security = try ReplaySecurity(context, serverName: options.place.host)
            session.security = security
            put(session, security.begin())
        } catch {
            unreachable(session, error.sentence)
        }
    }

    /// Bytes of a connection with TLS. What stands in the replay's own capture is what was in it.
    func secured(_ session: ReplaySession, _ security: ReplaySecurity, _ bytes: UnsafeRawBufferPointer) {
        let (steps, answer) = security.received(bytes)
        put(session, answer)
        for step in steps where !session.isOver {
            switch step {
            case .opened:
                session.isConnected = true
                send(session, session.request.bytes)
            case .plaintext(let plain): plain.withUnsafeBytes { received(session, $0) }
            case .finished: ended(session, reset: false)
            case .failed(let sentence):
                guard session.isConnected else { return unreachable(session, "TLS: \(sentence)") }
                session.played.fault = "TLS: \(sentence)"
                finish(session)
            }
        }
    }

    func received(_ session: ReplaySession, _ bytes: UnsafeRawBufferPointer) {
        if var conversation = session.conversation {
            capture?.received(&conversation, RawSpan(_unsafeBytes: bytes), at: loop.now)
            session.conversation = conversation
        }
        var rest = bytes
        if session.player == nil {
            switch session.readHead(bytes) {
            case .needMore: return
            case .over: return finish(session)
            case .opened(let offset):
                rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                session.player = SessionPlayer(
                    session.script, pace: options.pace, speed: options.speed, patience: options.patience,
                    settling: options.span == nil ? SessionPlayer.settling : .zero,
                    // A load that goes on for a time is no comparison of ends, and one idle hour of the recording would outlast it.
                    waitsForEnd: options.span == nil, openedAt: loop.now)
            }
        }
        var cursor = ByteCursor(RawSpan(_unsafeBytes: rest))
        while let found = session.reader.next(&cursor, session.script) {
            switch found {
            case .same:
                session.played.same += 1
                answered(session)
            case .answer(let opcode, let payload):
                session.learnt.learn(payload)
                session.played.take(opcode, payload, recorded: session.script.answers.count)
                answered(session)
            case .ping(let payload): frame(session, .pong, payload)
            case .close(let payload):
                session.played.ending = .closed(CloseFrame(payload: payload.span.bytes).code?.rawValue)
                session.played.closedFirst = session.hasClosed
                // The same payload comes back, as most clients do it.
                if !session.hasClosed { frame(session, .close, Array(payload.prefix(2))) }
                return finish(session)
            }
        }
        if let fault = session.reader.fault {
            session.played.fault = "the server's frames: \(fault.name)"
            return finish(session)
        }
        proceed(session)
    }

    private func answered(_ session: ReplaySession) {
        figures.messagesReceived += 1
        session.played.replyTimes.answered(at: loop.now)
        session.player?.received(at: loop.now)
    }

    /// Does what is due, and says when to look again.
    func proceed(_ session: ReplaySession) {
        guard session.player != nil else {
            session.played.fault =
                session.isConnected
                ? "handshake: no answer within \(options.patience.shown)" : "no connection within \(options.patience.shown)"
            return session.isConnected ? finish(session) : unreachable(session, "no answer")
        }
        while let act = session.player?.act(at: loop.now) {
            switch act {
            case .send(let index, let due):
                let message = session.script.session.messages[index]
                guard message.opcode.isData else {
                    frame(session, message.opcode, message.payload)
                    continue
                }
                let said = session.script.isSaidVerbatim ? message.payload : session.learnt.sent(message.payload)
                let (payload, isCompressed) = session.outgoing(said, wasCompressed: message.wasCompressed)
                frame(session, message.opcode, payload, isCompressed: isCompressed)
                figures.messagesSent += 1
                note(due)
                session.played.sent += 1
                session.played.replyTimes.asked(at: loop.now)
            case .close(let code):
                session.hasClosed = true
                var payload: [UInt8] = []
                if let code { payload = [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)] }
                frame(session, .close, payload)
            case .wait(let until): return schedule(session, until)
            case .end: return finish(session)
            }
        }
    }

    /// How much later than due a message is given to the loop, which hands all of a turn's to the kernel at its end. At full speed nothing is due.
    func note(_ due: Timestamp) {
        guard options.speed != .max, figures.lateness.count < 1 << 22 else { return }
        let now = loop.now + TimeSpan(nanoseconds: clinux_monotonic() - wokeAt)
        figures.lateness.append(now > due ? now - due : .zero)
    }

    /// A later moment than the one that is in the queue waits until that has come: most are deadlines that every answer moves on.
    func schedule(_ session: ReplaySession, _ at: Timestamp) {
        guard at < session.dueAt else { return }
        session.dueAt = at
        queue.push(at, session.slot)
    }

    func frame(_ session: ReplaySession, _ opcode: Opcode, _ payload: [UInt8], isCompressed: Bool = false) {
        let key = keys.next()
        let header = FrameHeader(
            opcode: opcode, payloadLength: UInt64(payload.count), reservedBits: isCompressed ? 0b100 : 0, maskingKey: key)
        if capture == nil, session.security == nil, let room = loop.takeBuffer() {
            let count = FrameWriter.write(header, payload.span.bytes, into: room.mutableBytes)
            if count > 0 { return loop.send(session.id, room.narrowed(to: 0..<count)) }
            loop.release(room)
        }
        var bytes: [UInt8] = []
        FrameWriter.append(header, to: &bytes)
        Masking.append(payload.span.bytes, 0..<payload.count, key: key, to: &bytes)
        send(session, bytes)
    }

    func send(_ session: ReplaySession, _ bytes: [UInt8]) {
        if var conversation = session.conversation {
            capture?.sent(&conversation, bytes, at: loop.now)
            session.conversation = conversation
        }
        put(session, session.security?.encrypt(bytes) ?? bytes)
    }

    /// Gives bytes to the connection as they are.
    func put(_ session: ReplaySession, _ bytes: [UInt8]) {
        if !bytes.isEmpty { bytes.withUnsafeBytes { loop.send(session.id, copying: $0) } }
    }
}
