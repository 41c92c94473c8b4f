import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import Wire

extension Worker {
    /// Bytes from the backend while an exchange is under way.
    func receivedResponseBytes(_ session: UnsafeMutablePointer<Session>, _ chunk: Chunk) {
        guard let exchange = session.pointee.exchange else { return loop.release(chunk) }
        if exchange.response != nil {
            if session.pointee.isTapped { tapReceived(session, .upstream, chunk.bytes) }
            return forwardResponseBody(session, exchange, chunk)
        }
        if exchange.responseStartedAt == nil { exchange.responseStartedAt = loop.now }
        var rest = chunk
        while true {
            let before = exchange.partialResponse.count
            switch exchange.responseScanner.scan(RawSpan(_unsafeBytes: rest.bytes)) {
            case .needMore:
                exchange.partialResponse.append(contentsOf: rest.bytes)
                loop.release(chunk)
                // What doesn't begin like HTTP never becomes it: no need to wait for the limit.
                if !mayBeHTTP(exchange.partialResponse) {
                    responseUnusable(session, exchange, .notHTTP(first: Array(exchange.partialResponse.prefix(64))))
                }
                return
            case .tooLarge:
                loop.release(chunk)
                let first = Array((exchange.partialResponse + Array(rest.bytes.prefix(64))).prefix(64))
                return responseUnusable(
                    session, exchange,
                    mayBeHTTP(first) ? .malformedResponse([HeadFault(.headTooLarge, at: 0..<0)]) : .notHTTP(first: first))
            case .complete(let length):
                let inThisPiece = length - before
                let head = responseHead(exchange, rest, inThisPiece)
                rest = rest.narrowed(to: inThisPiece..<rest.count)
                exchange.responseScanner.reset()
                if session.pointee.isTapped { tapResponse(session, head, rest) }
                guard head.isInterim else { return responseArrived(session, exchange, head, rest) }
                guard relayInterim(session, exchange, head) else { return loop.release(chunk) }
                if rest.count == 0 { return loop.release(chunk) }
            }
        }
    }

    private func responseHead(_ exchange: Exchange, _ chunk: Chunk, _ length: Int) -> ResponseHead {
        if exchange.partialResponse.isEmpty {
            return ResponseHead(
                parsing: RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: chunk.bytes[..<length])),
                limits: exchange.state.headLimits)
        }
        exchange.partialResponse.append(contentsOf: chunk.bytes[..<length])
        defer { exchange.partialResponse = [] }
        return ResponseHead(copy: exchange.partialResponse, limits: exchange.state.headLimits)
    }

    private func mayBeHTTP(_ bytes: [UInt8]) -> Bool {
        let expected: [UInt8] = [0x48, 0x54, 0x54, 0x50, 0x2F]
        return zip(bytes, expected).allSatisfy { $0 == $1 }
    }

    /// Passes a 1xx on; false if that ended the exchange.
    private func relayInterim(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: ResponseHead) -> Bool {
        guard let request = exchange.request else { return false }
        if let fault = ResponseForwarding.fault(
            of: head, forUpgrade: exchange.opensTunnel, interimCount: exchange.interimResponses)
        {
            exchange.responseFault = fault
            responseUnusable(session, exchange, .malformedResponse(head.faults))
            return false
        }
        exchange.interimResponses += 1
        if ResponseForwarding.writeInterim(head, toRequest: request, into: &writer) {
            tapHeadAhead(session)
            send(session, .downstream, writer.bytes)
        }
        return session.pointee.phase == .exchanging
    }

    /// A final response's head is complete.
    private func responseArrived(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ head: ResponseHead, _ rest: Chunk
    ) {
        guard let request = exchange.request else { return loop.release(rest) }
        // The client left while it waited: a session that opens now is nobody's, and what it met was the wait.
        if exchange.isUpgrade, head.status == 101, session.pointee.downstreamFinished {
            loop.release(rest)
            return clientGone(session, exchange, .finished)
        }
        countAnswer(exchange, head.status)
        noteAnswer(exchange, head)
        exchange.observation?.response = head
        if exchange.observation != nil { recallSessionName(exchange, head) }
        exchange.observation?.timings.response = exchange.sentAt.map { loop.now - $0 }
        if let fault = ResponseForwarding.fault(of: head, forUpgrade: exchange.opensTunnel) {
            loop.release(rest)
            exchange.responseFault = fault
            return responseUnusable(session, exchange, .malformedResponse(head.faults))
        }
        if head.status == 101 {
            guard exchange.opensTunnel else {
                loop.release(rest)
                return responseUnusable(session, exchange, .malformedResponse(head.faults))
            }
            return switchProtocols(session, exchange, request, head, rest)
        }
        exchange.response = head
        exchange.responseBody = BodyDecoder(framing: head.framing(forRequestMethod: request.method))
        startResponse(session, exchange, request, head, rest)
    }

    /// The backend's answer can't be passed on: 502, and its connection is never used again.
    func responseUnusable(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ failure: HandshakeFailure) {
        exchange.failure = failure
        exchange.observation?.failure = failure
        noteUnanswered(exchange)
        tapPartialResponse(session)
        close(session, .upstream, reset: true)
        releaseEndpoint(exchange)
        if exchange.hasAnswered { return abort(session, exchange) }
        var refusal = Refusal(failure)
        // Of faults in a head the failure tells itself.
        if case .malformedResponse(let faults) = failure, faults.isEmpty { refusal.detail = exchange.responseFault?.name }
        refuse(session, exchange, refusal)
    }

    /// Writes the head of an ordinary response, together with what of its body has come in the same buffer.
    private func startResponse(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ request: RequestHead, _ head: ResponseHead, _ rest: Chunk
    ) {
        let framing = head.framing(forRequestMethod: request.method)
        let plan = ResponsePlan(request: request, framing: framing)
        exchange.responseNextHop = plan.nextHop
        exchange.forwardsResponseTrailers = plan.forwardsTrailers
        exchange.keepsUpstream = ResponseForwarding.keepsUpstream(head, requestMethod: request.method)
        exchange.keepsDownstream =
            exchange.keepsDownstream && plan.mayKeepConnection && exchange.requestBody.isComplete && !drain.isActive
        // Bytes behind an upgrade were meant for the tunnel that there is not: they are no request (threat C4).
        if exchange.opensTunnel, !exchange.pending.isEmpty {
            exchange.keepsDownstream = false
            exchange.keepsUpstream = false
        }
        var verdictField: [UInt8]?
        if let observation = exchange.observation {
            observeBody(session, exchange, rest)
            if let code = explanation(of: head.status, exchange) {
                loop.release(rest)
                return explainRefusal(session, exchange, head, code)
            }
            if exchange.isUpgrade { verdictField = refusalField(exchange, observation) }
        }
        if session.pointee.isTapped { tapRefused(session, exchange, exchange.judgement?.0.verdict) }
        ResponseForwarding.write(
            head, toRequest: request, plan: plan, keepsConnection: exchange.keepsDownstream, verdict: verdictField,
            extra: exchange.choice == nil ? [] : affinityFields(exchange, head.status), into: &writer)
        exchange.hasAnswered = true
        tapHeadAhead(session)
        setDeadline(session, loop.now + exchange.timeouts.idle, .idle)
        guard writer.bytes.count <= 32 << 10, let room = loop.takeBuffer() else {
            send(session, .downstream, writer.bytes)
            guard session.pointee.phase == .exchanging else { return loop.release(rest) }
            return forwardResponseBody(session, exchange, rest, observes: false)
        }
        // A small body goes out with its head in one piece: one send, one segment.
        writer.bytes.withUnsafeBytes { room.mutableBytes.copyMemory(from: $0) }
        var filled = writer.bytes.count
        var forwarded = rest
        if rest.count <= room.count - filled, rest.count <= 16 << 10 {
            guard copyBody(session, exchange, rest, into: room, filled: &filled) else { return }
            forwarded = rest.narrowed(to: rest.count..<rest.count)
        }
        send(session, .downstream, room.narrowed(to: 0..<filled))
        guard session.pointee.phase == .exchanging else { return loop.release(rest) }
        forwardResponseBody(session, exchange, forwarded, observes: false)
    }

    /// Copies what goes on of a body's beginning behind its head; false if the body is malformed and the exchange over.
    private func copyBody(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ rest: Chunk, into room: Chunk, filled: inout Int
    ) -> Bool {
        var cursor = ByteCursor(RawSpan(_unsafeBytes: rest.bytes))
        do throws(BodyFault) {
            while let range = try exchange.responseBody.nextForwarded(
                &cursor, to: exchange.responseNextHop, trailers: &exchange.responseTrailers)
            {
                if !exchange.responseTrailers.isEmpty {
                    // No more than what was read of this very body, so there is room.
                    let lines = takeTrailers(exchange)
                    lines.withUnsafeBytes { bytes in
                        if let start = bytes.baseAddress { (room.start + filled).copyMemory(from: start, byteCount: bytes.count) }
                    }
                    filled += lines.count
                }
                (room.start + filled).copyMemory(from: rest.start + range.lowerBound, byteCount: range.count)
                filled += range.count
                exchange.responseBytes += UInt64(range.count)
                metrics.bodyBytes[.serverToClient].add(UInt64(range.count))
            }
        } catch {
            loop.release(room)
            loop.release(rest)
            exchange.hasAnswered = false
            responseUnusable(session, exchange, .malformedResponse([]))
            return false
        }
        // Bytes behind the end of the response: nobody asked for them, and the connection is not used again.
        if cursor.offset < rest.count { exchange.keepsUpstream = false }
        return true
    }

    // MARK: 101

    /// Whether the 101 is one that opens a tunnel.
    private func isValid101(_ exchange: Exchange, _ request: RequestHead, _ head: ResponseHead) -> Bool {
        if exchange.otherUpgrade != nil { return exchange.requestBody.isComplete && OtherUpgrade.isAnswer(head, to: request) }
        return exchange.observation?.isValid101 ?? UpgradeResponseCheck.isValid101(request, head)
            || exchange.state.snapshot.websocket.invalid101 == .relay
    }

    /// The backend says 101 to an upgrade: a tunnel, if the answer is valid.
    private func switchProtocols(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ request: RequestHead, _ head: ResponseHead, _ rest: Chunk
    ) {
        guard isValid101(exchange, request, head) else {
            loop.release(rest)
            exchange.failure = nil
            close(session, .upstream, reset: true)
            releaseEndpoint(exchange)
            return refuse(session, exchange, Refusal(502, "invalid_101"))
        }
        ResponseForwarding.writeUpgrade(
            head, toRequest: request, isWebSocket: exchange.isUpgrade, subprotocol: answeredSubprotocol(exchange, head),
            extra: exchange.choice == nil ? [] : affinityFields(exchange, head.status), into: &writer)
        let hasRest = rest.count > 0
        tapHeadAhead(session)
        send(session, .downstream, writer.bytes)
        guard session.pointee.phase == .exchanging else { return loop.release(rest) }
        if exchange.isUpgrade { openTunnel(session, exchange, head) } else { openOpaqueTunnel(session, exchange, head) }
        // What stands behind the heads was recorded when it came.
        session.pointee.tap?.skipsReceived = true
        if hasRest { relay(session, .upstream, rest) } else { loop.release(rest) }
        guard session.pointee.phase == .tunnel else { return }
        if !exchange.pending.isEmpty {
            exchange.pending.withUnsafeBytes { relayCopy(session, .downstream, $0) }
            exchange.pending = []
        }
        guard session.pointee.phase == .tunnel else { return }
        session.pointee.tap?.skipsReceived = false
        session.pointee.exchange = nil
        if session.pointee.downstreamPaused { resume(session, .downstream) }
        if session.pointee.downstreamFinished { transportFinished(session, .downstream) }
    }
}
