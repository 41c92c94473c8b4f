import Diagnosis
import WebSocketWire
public import Wire

// Without a backend: what its loss means for the messages under way, the attempts, and what the next one gets first.
extension HoldRelay {
    /// The backend went away, and the session goes on without it if it can. False where it can't be held: then its end is the session's.
    @discardableResult
    public mutating func backendLost(_ loss: HoldLoss, now: Timestamp, _ out: inout HoldOutput) -> Bool {
        guard mode == .holding, hold.isConnected else { return false }
        let cutDownstream = backend.isStreaming
        if backend.isInsideMessage { cutFromBackend += 1 }
        backend = MessageCollector(direction: .serverToClient, limit: policy.queue)
        pings.removeAll()
        asksInVain = 0
        hasAskedLast = false
        // However the connection to a backend ends that was left, it is because it was left.
        let why = departBy == .never ? loss : HoldLoss(.drain)
        leaveBy = .never
        departBy = .never
        if let payload = clientPing { FrameWriter.appendPong(payload, to: &out.toClient) }
        clientPing = nil
        let cutUpstream = client.isStreaming
        if cutUpstream {
            account.cut(account.receive())
            isRestOfCut = true
        }
        out.lost = (why, accountForLoss())
        if cutUpstream || cutDownstream {
            perform(hold.giveUp(.cutMessage), &out)
        } else if replayIsTooLarge {
            perform(hold.giveUp(.replayTooLarge), &out)
        } else {
            perform(hold.lost(now: now, random: draw()), &out)
        }
        regulate(now, &out)
        return true
    }

    /// Names what may or may not have arrived, and puts back what goes again.
    mutating func accountForLoss() -> [ClosedRange<UInt64>] {
        guard keepsSent else { return account.lose(keepingUpTo: lastReplayed) }
        var lost: [ClosedRange<UInt64>] = []
        for entry in queue where entry.isSent && entry.bytes.isEmpty {
            account.loseOne(entry.ordinal)
            lost.append(entry.ordinal...entry.ordinal)
        }
        queue.removeAll { $0.isSent && $0.bytes.isEmpty }
        if let first = queue.first { account.rewind(to: first.ordinal - 1) }
        for index in queue.indices where queue[index].isSent {
            queue[index].isSent = false
            unsent += 1
            resent += 1
        }
        return lost
    }

    /// The attempt under way came to nothing.
    public mutating func attemptFailed(final: HoldEnd? = nil, now: Timestamp, _ out: inout HoldOutput) {
        perform(hold.failed(final: final, now: now, random: draw()), &out)
    }

    /// What a new connection got at once.
    public struct Resumption: Sendable, Hashable {
        public var after: TimeSpan
        public var attempts: Int
        /// First messages that were repeated.
        public var replayed: UInt64
        /// Messages that had waited.
        public var queued: UInt64
    }

    /// A backend took the session: it gets the first messages, if they are to be repeated, and what has waited.
    public mutating func resumed(now: Timestamp, _ out: inout HoldOutput) -> Resumption {
        let again = lastReplayed
        var resumption = Resumption(after: hold.resumed(now: now), attempts: hold.attempts, replayed: again, queued: 0)
        resumptions += 1
        for entry in firstMessages where entry.ordinal <= again { out.toBackend += entry.bytes }
        replayed += again
        for index in queue.indices where !queue[index].isSent {
            queue[index].isSent = true
            // What was repeated just now has gone already.
            guard queue[index].ordinal > again else {
                account.send(queue[index].ordinal)
                continue
            }
            out.toBackend += queue[index].bytes
            account.send(queue[index].ordinal)
            resumption.queued += 1
        }
        unsent = 0
        if !keepsSent {
            queue.removeAll()
            queuedBytes = 0
        }
        // Behind the beginning of a large message there is no place to ask.
        if client.wantsStreaming { askIfDue(now, &out) }
        if let part = client.part(true) { take(client: part, now, { _ in nil }, &out) }
        if let frame = pendingClose, client.isAtBoundary { forwardClose(frame, now, &out) }
        askIfDue(now, &out)
        regulate(now, &out)
        return resumption
    }

    /// The session ends for a reason of its own: nothing is held any more.
    public mutating func stop() { mode = .ending }

    // MARK: Time

    /// `deadline` has passed, as far as the caller knew it.
    public mutating func deadlinePassed(now: Timestamp, _ out: inout HoldOutput) {
        guard mode == .holding else { return askIfDue(now, &out) }
        perform(hold.deadlinePassed(now: now), &out)
        departIfConfirmed(now, &out)
        giveUpIfUnconfirmed(now, &out)
        askIfDue(now, &out)
        regulate(now, &out)
    }

    /// When to ask `deadlinePassed` at the latest.
    public var deadline: Timestamp {
        guard mode == .holding else { return .never }
        var earliest = min(hold.deadline, fullSince + policy.deadline, departure)
        if mayWrite, account.hasPending { earliest = min(earliest, nextAsk) }
        return earliest
    }
}
