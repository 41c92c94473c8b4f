public import Diagnosis
public import Wire

/// Lines of held sessions: `session.held`, `session.resumed`, and `hold` in `session.closed`.
extension Ledger {
    /// A session lost its backend and goes on without.
    ///
    /// - Parameters:
    ///   - why: `fin`, `rst`, `close_frame`, `heartbeat`, `drain`.
    ///   - unconfirmed: Ordinals of messages that were sent and of which nobody knows whether they arrived.
    ///   - queued: Messages that wait.
    public func sessionHeld(
        _ session: SessionID, why: String, closeCode: UInt16?, endpoint: String?, confirmed: UInt64,
        unconfirmed: [ClosedRange<UInt64>], queued: UInt64, at time: Timestamp
    ) {
        write(
            "session.held", level: .warning, at: time, session: session,
            message: "the backend went away; the client's session stays open"
        ) { line in
            line.field("why", why)
            if let closeCode { line.field("close_code", UInt64(closeCode)) }
            if let endpoint { line.field("endpoint", endpoint) }
            line.field("delivered", confirmed)
            line.field("unconfirmed", unconfirmed)
            line.field("queued", queued)
        }
    }

    /// Another backend took the session.
    ///
    /// - Parameters:
    ///   - replayed: First messages that it got again.
    ///   - queued: Messages that had waited and went to it now.
    ///   - unconfirmed: As the `session.held` before had them.
    public func sessionResumed(
        _ session: SessionID, endpoint: String?, after span: TimeSpan, attempts: Int, replayed: UInt64, queued: UInt64,
        unconfirmed: [ClosedRange<UInt64>], at time: Timestamp
    ) {
        write("session.resumed", at: time, session: session, message: "another connection to a backend carries the session on") {
            line in
            if let endpoint { line.field("endpoint", endpoint) }
            line.field("after_ms", milliseconds: span)
            line.field("attempts", attempts)
            line.field("replayed", replayed)
            line.field("queued_sent", queued)
            line.field("unconfirmed", unconfirmed)
        }
    }
}

extension LineBuffer {
    /// What became of a held session's messages.
    public mutating func field(_ key: StaticString, _ hold: HoldFacts) {
        beginObject(key)
        field("received", hold.received)
        field("delivered", hold.delivered)
        field("unconfirmed", hold.unconfirmed)
        beginObject("dropped")
        field("count", hold.dropped.reduce(UInt64(0)) { $0 + $1.ordinals.count })
        beginArray("by_reason")
        for entry in hold.dropped {
            beginObject()
            field("reason", entry.reason)
            field("count", entry.ordinals.count)
            field("ranges", entry.ordinals.ranges)
            if entry.ordinals.isTruncated { field("ranges_truncated", true) }
            endObject()
        }
        endArray()
        endObject()
        field("resumptions", hold.resumptions)
        if hold.replayed > 0 { field("replayed", hold.replayed) }
        if hold.resent > 0 { field("resent", hold.resent) }
        field("from_backend", hold.fromBackend)
        field("cut_from_backend", hold.cutFromBackend)
        if let end = hold.end { field("end", end) }
        endObject()
    }

    mutating func field(_ key: StaticString, _ ordinals: HoldFacts.Ordinals) {
        beginObject(key)
        field("count", ordinals.count)
        field("ranges", ordinals.ranges)
        if ordinals.isTruncated { field("ranges_truncated", true) }
        endObject()
    }

    /// Ranges as `["1-17","19-19"]`.
    mutating func field(_ key: StaticString, _ ranges: [ClosedRange<UInt64>]) {
        beginArray(key)
        for range in ranges { element("\(range.lowerBound)-\(range.upperBound)") }
        endArray()
    }
}
