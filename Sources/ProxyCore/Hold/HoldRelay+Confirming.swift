import WebSocketWire
public import Wire

// Pings behind the client's messages, and what their pongs prove.
//
// One is in flight. Where its pong doesn't come, it may have been passed over for a later one, so the backend is asked anew after two seconds,
// then after twice as long each time, up to half a minute: a backend that is merely slow is not asked more and more. While what must be
// kept until it is confirmed fills the queue, nothing is taken from the client; that ends with the route's deadline.
extension HoldRelay {
    /// Asks, if it is time.
    mutating func askIfDue(_ now: Timestamp, _ out: inout HoldOutput) {
        guard mode == .holding, account.hasPending, mayWrite else { return }
        guard nextAsk <= now || ((leaveBy != .never || isFilling) && !pings.isAsking) else { return }
        ask(now, &out)
    }

    /// Whether messages that wait for their confirmation fill more than half of the queue.
    var isFilling: Bool { keepsSent && queuedBytes > policy.queue / 2 }

    /// When the next ping of the confirmation may go.
    var nextAsk: Timestamp {
        guard pings.mayAsk else { return .never }
        return lastAsk + (pings.isAsking ? TimeSpan.seconds(1 << min(max(asksInVain, 1), 5)) : HoldRelay.pingInterval)
    }

    /// Nothing of the client's will follow: a last ping asks for what is not confirmed yet.
    public mutating func askLast(now: Timestamp, _ out: inout HoldOutput) {
        guard mayWrite, !hasAskedLast, account.hasPending, pings.mayAsk else { return }
        hasAskedLast = true
        ask(now, &out)
    }

    mutating func ask(_ now: Timestamp, _ out: inout HoldOutput) {
        lastAsk = now
        asksInVain += 1
        let number = draw()
        var payload: [UInt8] = []
        for shift in stride(from: UInt64(56), through: 0, by: -8) { payload.append(UInt8(truncatingIfNeeded: number >> shift)) }
        FrameWriter.appendPing(payload, maskingKey: key(), to: &out.toBackend)
        pings.wrote(payload, .confirmation, behind: account.sent, now: now)
    }

    /// Takes note of a pong of the backend's; whether it stays here, because a ping of Gatehouse's own asked for it.
    mutating func confirms(_ payload: [UInt8], _ claim: (UInt64) -> Timestamp?, _ out: inout HoldOutput) -> Bool {
        if let answer = pings.answered(payload) {
            confirm(answer.ordinal)
            guard answer.origin == .confirmation else { return false }
            answerClient(answer, &out)
            return true
        }
        guard let number = HoldRelay.number(payload), let moment = claim(number) else { return false }
        if let answer = pings.answered(before: moment) {
            confirm(answer.ordinal)
            answerClient(answer, &out)
        }
        return true
    }

    /// A pong that stays here took the place of the one to the client's last ping: the client gets that from here.
    private mutating func answerClient(_ answer: PingLog.Answer, _ out: inout HoldOutput) {
        guard mode == .holding, let payload = clientPing, payload == answer.passedOver else { return }
        FrameWriter.appendPong(payload, to: &out.toClient)
        clientPing = nil
    }

    mutating func confirm(_ ordinal: UInt64) {
        asksInVain = 0
        if ordinal > account.settled { fullSince = .never }
        account.confirm(ordinal)
        guard keepsSent else { return }
        let kept = queue.firstIndex { $0.ordinal > ordinal } ?? queue.count
        for entry in queue[..<kept] { queuedBytes -= entry.bytes.count }
        queue.removeFirst(kept)
    }

    /// Ends a session that stands still because its backend takes messages and confirms none.
    mutating func giveUpIfUnconfirmed(_ now: Timestamp, _ out: inout HoldOutput) {
        guard sends, fullSince + policy.deadline <= now else { return }
        if mayWrite { FrameWriter.appendClose(.goingAway, maskingKey: key(), to: &out.toBackend) }
        if client.isStreaming, !isRestOfCut {
            account.cut(account.receive())
            isRestOfCut = true
        }
        perform(hold.giveUp(.unconfirmed), &out)
    }
}
