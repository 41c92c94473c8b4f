import CaptureFile
import Diagnosis
import HTTPWire
import WebSocketWire
import Wire

// What the comments of a tap add to its packets: acts of Gatehouse's own, and what it concluded when it knew more than the bytes show (a name that
// doesn't resolve, a rule of its gate, a secret that the capture doesn't have).

extension Conversation {
    /// Another session begins on this connection.
    func begins(_ session: SessionID) {
        release()
        hasOpenUpstream = false
        self.session = session
    }

    /// The verdict of Gatehouse's on the session's end.
    func told(_ cause: String) { toldCause = cause }

    /// Gatehouse says that it refused, or that it passed a refusal on.
    func refused(cause: String?, reason: String?) {
        toldCause = cause
        toldReason = reason
    }

    /// A ping of Gatehouse's went to `side`: its pong isn't the peer's own.
    func pinged(_ side: Side, _ bytes: RawSpan) {
        guard isSession, let header = FrameHeader.read(bytes, at: 0), header.opcode == .ping, header.payloadLength == 8,
            bytes.byteCount >= Int(header.headerLength) + 8
        else { return }
        let key = UInt64(header.maskingKey ?? 0)
        let payload = bytes.bigEndian64(at: Int(header.headerLength)) ^ (key << 32 | key)
        if side == .downstream { pings.client.append(payload) } else { pings.server.append(payload) }
        if pings.client.count > 16 { pings.client.removeFirst() }
        if pings.server.count > 16 { pings.server.removeFirst() }
    }

    var isSifting: Bool { !sieves.client.held.isEmpty || !sieves.server.held.isEmpty }

    /// Hands on what of the bytes is the peer's own.
    func sift(_ follower: SessionFollower, _ direction: Direction, _ bytes: RawSpan, at now: Timestamp) {
        let isClient = direction == .clientToServer
        var waiting = isClient ? pings.client : pings.server
        var sieve = isClient ? sieves.client : sieves.server
        let sifted = sieve.sift(bytes, after: follower.analyzer.frames(from: direction.source)) { payload in
            guard let place = waiting.firstIndex(of: payload) else { return false }
            waiting.remove(at: place)
            return true
        }
        if isClient {
            pings.client = waiting
            sieves.client = sieve
        } else {
            pings.server = waiting
            sieves.server = sieve
        }
        follower.heard(direction.source, at: now)
        if !sifted.released.isEmpty { follower.relayed(direction, sifted.released.span.bytes, at: now) }
        for piece in sifted.pieces { follower.relayed(direction, bytes.extracting(piece), at: now) }
    }

    /// What Gatehouse concluded, where it differs from what the capture shows.
    ///
    /// - Parameter lossy: bytes are missing, so that nothing can be concluded here at all.
    func told(instead own: Verdict?, lossy: Bool) -> Verdict? {
        guard let cause = toldCause.flatMap({ Cause(rawValue: $0) }), own?.cause != cause else { return nil }
        let entry = CauseCatalogue.entry(cause)
        return Verdict(
            cause: cause, title: entry.title, confidence: own == nil ? .likely : .proven, blame: entry.blame,
            answeredBy: own?.answeredBy,
            evidence: [Evidence(what: "comment of Gatehouse's", observed: "cause=\(cause.rawValue)")],
            fix: [
                lossy
                    ? "Look at the ledger's line of this session: it has what the capture lost"
                    : "Look at the ledger's line of this session for the evidence"
            ])
    }

    /// Gatehouse's own answer, without a backend: its status, and why.
    func answeredByGatehouse(_ bytes: RawSpan, at now: Timestamp) -> Bool {
        answered(byGatehouse: Conversation.status(bytes), toldReason.flatMap { HandshakeFailure(reason: $0) }, at: now)
        return true
    }
}

extension Conversation {
    /// Gatehouse's own answer in the place of the backend's.
    func answeredAfterAll(_ bytes: RawSpan) { refused(byGatehouse: Conversation.status(bytes), at: lastSeen) }

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

extension HandshakeFailure {
    /// The failure behind the reason of a refusal of Gatehouse's own, as far as its name tells it; nil for a rule of the gate.
    init?(reason: String) {
        switch reason {
        case "upstream_refused": self = .upstreamRefused(errno: 111)
        case "connect_failed": self = .connectFailed(errno: 0)
        case "connect_timeout": self = .connectTimedOut
        case "name_not_resolved": self = .nameNotResolved("")
        case "no_address": self = .noAddress
        case "no_endpoint": self = .noEndpoint
        case "response_head_timeout": self = .responseHeadTimedOut
        case "no_route", "misdirected": self = .noRoute
        case "draining": self = .draining
        case "session_limit": self = .limit("sessions")
        case "upgrade_limit": self = .limit("upgrades_in_flight")
        case "malformed_request", "path_refused", "invalid_upgrade": self = .malformedRequest([])
        default: return nil
        }
    }
}
