import CaptureFile
import Diagnosis
import HTTPWire
import Wire

// What the comments of a tap add to its packets: acts of Gatehouse's own, and what it concluded.

extension Conversation {
    /// Another session begins on this connection.
    func begins(_ session: SessionID) {
        release()
        hasOpenUpstream = false
        hasRedactedHead = false
        self.session = session
    }

    /// A ping of Gatehouse's went to `side`.
    func pinged(_ side: Side, _ bytes: RawSpan) {
        if isSession { ownPings.pinged(side, bytes) }
    }

    /// Gatehouse's own answer, without a backend: its status, and why.
    func answeredByGatehouse(_ bytes: RawSpan, at now: Timestamp) {
        handshakes.answered(byGatehouse: Conversation.status(bytes), told.failure, at: now)
    }

    /// Gatehouse's own answer in the place of the backend's.
    func answeredAfterAll(_ bytes: RawSpan) { refused(byGatehouse: Conversation.status(bytes), at: handshakes.lastSeen) }

    private static func status(_ bytes: RawSpan) -> Int? {
        var scanner = HeadScanner(limit: HeadLimits.default.head)
        guard case .complete(let length) = scanner.scan(bytes) else { return nil }
        return ResponseHead(copy: bytes.copied(0..<length)).status
    }

    /// The client's connection is over; the session is when the backend's is.
    func downstreamClosed(_ why: ConnectionClosure, _ transport: CapturedConnection, at now: Timestamp) {
        guard hasOpenUpstream, why == .ended, isSession else { return closed(why, transport, at: now) }
        closing = (why, transport)
    }

    func upstreamClosed(at now: Timestamp) {
        hasOpenUpstream = false
        guard let closing else { return }
        self.closing = nil
        closed(closing.why, closing.transport, at: now)
    }
}
