import WebSocketWire
public import Wire

// Leaving an endpoint that is to be drained:
//
//     leave ── all is confirmed, or a second is over ──► a close frame ── its answer, the end, or a second is over ──► lost
//
// From the beginning the client's messages wait for the next backend. What this one says is relayed until it has answered: it may have sent
// before it read the close frame, and what is on its way then is not lost with it. A large message that it is sending is waited for, though not
// longer than for a backend to come: nobody asks this one any more whether it is alive.
extension HoldRelay {
    /// The endpoint is to be left: what it got is confirmed first, then it gets a close frame and another one is sought.
    public mutating func leave(now: Timestamp, _ out: inout HoldOutput) {
        guard mode == .holding, hold.isConnected, leaveBy == .never else { return }
        leaveBy = now + HoldRelay.leaveTimeout
        departIfConfirmed(now, &out)
        askIfDue(now, &out)
        // A client that isn't read could not end the message that keeps the backend from being left.
        regulate(now, &out)
    }

    /// Writes the close frame when nothing is owed any more, and gives the backend up that doesn't answer it.
    mutating func departIfConfirmed(_ now: Timestamp, _ out: inout HoldOutput) {
        guard leaveBy != .never, mode == .holding, hold.isConnected else { return }
        if isDeparting {
            if departure <= now { backendLost(HoldLoss(.drain), now: now, &out) }
            return
        }
        guard !client.isStreaming, !backend.isStreaming, !account.hasPending && !backend.isInsideMessage || leaveBy <= now else {
            return
        }
        FrameWriter.appendClose(.goingAway, reason: "client is sent elsewhere", maskingKey: key(), to: &out.toBackend)
        departBy = now + HoldRelay.leaveTimeout
    }

    /// When to see to the departure. A large message that is under way would be cut: it puts the close frame off, and the end behind that for
    /// the route's deadline.
    var departure: Timestamp {
        guard hold.isConnected else { return .never }
        if isDeparting { return backend.isStreaming ? departBy + policy.deadline : departBy }
        return client.isStreaming || backend.isStreaming ? .never : leaveBy
    }
}
