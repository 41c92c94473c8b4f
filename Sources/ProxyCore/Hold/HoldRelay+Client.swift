import Diagnosis
import WebSocketWire
public import Wire

// What comes from the client: its messages, which are sent or wait, and its close frame, which goes behind them.
extension HoldRelay {
    /// Bytes came from the client.
    ///
    /// - Parameter claim: When the heartbeat's ping was written that a pong with this payload answers, `zero` where that isn't known any more;
    ///   nil if it answers none.
    public mutating func fromClient(_ bytes: RawSpan, now: Timestamp, claim: (UInt64) -> Timestamp?, _ out: inout HoldOutput) {
        var cursor = ByteCursor(bytes)
        while let item = client.next(&cursor, mayStream: sends) {
            take(client: item, now, claim, &out)
            // Here a ping has its place; at the end of these bytes a large frame may be under way.
            if sends, isFilling { askIfDue(now, &out) }
        }
        departIfConfirmed(now, &out)
        askIfDue(now, &out)
        regulate(now, &out)
    }

    mutating func take(
        client item: MessageCollector.Item, _ now: Timestamp, _ claim: (UInt64) -> Timestamp?, _ out: inout HoldOutput
    ) {
        switch item {
        case .message(let bytes): queueMessage(bytes, &out)
        case .part(_, let isLast) where isRestOfCut: isRestOfCut = !isLast
        case .part(let bytes, let isLast):
            out.toBackend += bytes
            guard isLast else { break }
            let ordinal = account.receive()
            account.send(ordinal)
            // It is not kept, so it can't go again.
            if policy.unconfirmed == .resend { queue.append(Entry(ordinal: ordinal, bytes: [], isSent: true)) }
            if ordinal <= UInt64(policy.replayFirst) { replayIsTooLarge = true }
        case .control(.ping, let payload, let frame):
            if sends {
                out.toBackend += frame
                clientPing = payload
                pings.wrote(payload, .client, behind: account.sent, now: now)
            } else {
                FrameWriter.appendPong(payload, to: &out.toClient)
            }
        case .control(.pong, let payload, let frame):
            if let number = HoldRelay.number(payload), claim(number) != nil { break }
            if sends { out.toBackend += frame }
        case .control(.close, let payload, let frame): clientCloses(payload, frame, now, &out)
        case .control(_, _, let frame): if sends { out.toBackend += frame }
        case .unreadable(let bytes):
            if hold.isConnected {
                mode = .ending
                out.toBackend += bytes
            } else {
                perform(hold.giveUp(.unreadable), &out)
            }
        }
    }

    mutating func queueMessage(_ bytes: [UInt8], _ out: inout HoldOutput) {
        let ordinal = account.receive()
        if ordinal <= UInt64(policy.replayFirst), mode == .holding {
            firstBytes += bytes.count
            if firstBytes > policy.queue { replayIsTooLarge = true }
            firstMessages.append(Entry(ordinal: ordinal, bytes: replayIsTooLarge ? [] : bytes))
        }
        if sends {
            out.toBackend += bytes
            account.send(ordinal)
            guard keepsSent else { return }
        } else {
            // Nobody comes for it any more.
            guard mode == .holding else { return }
            unsent += 1
        }
        queue.append(Entry(ordinal: ordinal, bytes: bytes, isSent: sends))
        queuedBytes += bytes.count
    }

    mutating func clientCloses(_ payload: [UInt8], _ frame: [UInt8], _ now: Timestamp, _ out: inout HoldOutput) {
        guard pendingClose == nil else { return }
        guard mode == .holding else {
            // It answers the backend's, whatever waited for another one. Behind Gatehouse's own nothing follows.
            if hold.isConnected, departBy == .never { forwardClose(frame, now, &out) }
            return
        }
        if unsent == 0, hold.isConnected, departBy == .never {
            // Also to a backend that is being left: nobody else has to hear of a session that is over.
            forwardClose(frame, now, &out)
        } else if unsent == 0 {
            mode = .ending
            out.answersClose = payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : CloseCode.noCode.rawValue
        } else {
            pendingClose = frame
        }
    }

    /// The client's close frame goes to the backend, behind a ping that confirms all before it.
    mutating func forwardClose(_ frame: [UInt8], _ now: Timestamp, _ out: inout HoldOutput) {
        askLast(now: now, &out)
        pendingClose = nil
        mode = .ending
        out.toBackend += frame
    }
}
