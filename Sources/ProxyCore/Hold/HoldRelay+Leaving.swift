import WebSocketWire
public import Wire

// Leaving an endpoint that is to be drained:
//
//     leave ── all is confirmed, or a second is over ──► a close frame ── its answer, the end, or a second is over ──► lost
//
// From the beginning the client's messages wait for the next backend. What this one says is relayed until it has answered: it may have sent
// before it read the close frame, and what is on its way then is not lost with it.
extension HoldRelay {
    /// The endpoint is to be left: what it got is confirmed first, then it gets a close frame and another one is sought.
    public mutating func leave(now: Timestamp, _ out: inout HoldOutput) {
        guard mode == .holding, hold.isConnected, leaveBy == .never else { return }
        leaveBy = now + HoldRelay.leaveTimeout
        departIfConfirmed(now, &out)
        askIfDue(now, &out)
    }

    /// Writes the close frame when nothing is owed any more, and gives the backend up that doesn't answer it.
    mutating func departIfConfirmed(_ now: Timestamp, _ out: inout HoldOutput) {
        guard leaveBy != .never, mode == .holding, hold.isConnected, !backend.isStreaming else { return }
        if departBy != .never {
            if departBy <= now { backendLost(HoldLoss(.drain), now: now, &out) }
            return
        }
        guard !client.isStreaming, !account.hasPending && !backend.isInsideMessage || leaveBy <= now else { return }
        FrameWriter.appendClose(.goingAway, reason: "client is sent elsewhere", maskingKey: key(), to: &out.toBackend)
        departBy = now + HoldRelay.leaveTimeout
    }

    /// When to see to the departure; never while a large message is under way, which would be cut.
    var departure: Timestamp {
        guard hold.isConnected, !backend.isStreaming else { return .never }
        if departBy != .never { return departBy }
        return client.isStreaming ? .never : leaveBy
    }
}
