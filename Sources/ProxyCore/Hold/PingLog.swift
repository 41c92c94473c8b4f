// The pings that are on their way to a backend, and how far the pong to each confirms.
//
// Theory of operation. A peer may answer only the last of several pings (RFC 6455 §5.5.3), so a ping of the confirmation that shares a read
// with the client's, the heartbeat's or another of its own may never be answered itself. Whichever is answered was written behind the
// messages that went before it, so each is remembered with the ordinal that it stands behind, and its pong confirms up to there and
// takes the place of the pongs to all that went before.
//
// A pong without payload proves nothing: some backends send one now and then without having been asked. Of several pings with one payload
// the eldest counts as answered, since no more than that is certain.
import Wire

/// What one connection to a backend was asked and has not answered.
struct PingLog: Sendable {
    enum Origin: Sendable, Hashable {
        /// Gatehouse's own, behind messages.
        case confirmation
        case client
    }

    private struct Ping: Sendable {
        var payload: [UInt8]
        var ordinal: UInt64
        var writtenAt: Timestamp
        var origin: Origin
    }

    /// More are not remembered. The eldest stays: a backend that is far behind answers it first.
    static let limit = 16

    private var pings: [Ping] = []

    /// Whether a ping of the confirmation has no answer.
    var isAsking: Bool { pings.contains { $0.origin == .confirmation } }

    /// A ping went out behind the message `ordinal`.
    mutating func wrote(_ payload: [UInt8], _ origin: Origin, behind ordinal: UInt64, now: Timestamp) {
        guard !payload.isEmpty else { return }
        if pings.count >= PingLog.limit { pings.remove(at: 1) }
        pings.append(Ping(payload: payload, ordinal: ordinal, writtenAt: now, origin: origin))
    }

    /// A pong came: whose ping it answers, and up to which ordinal that confirms; nil if it answers none of these.
    mutating func answered(_ payload: [UInt8]) -> (origin: Origin, ordinal: UInt64)? {
        guard let place = pings.firstIndex(where: { $0.payload == payload }) else { return nil }
        let ping = pings[place]
        pings.removeFirst(place + 1)
        return (ping.origin, ping.ordinal)
    }

    /// A pong came for a ping that others wrote at `moment`: up to which ordinal that confirms.
    mutating func answered(before moment: Timestamp) -> UInt64? {
        // In the same instant the order isn't known.
        let count = pings.firstIndex { $0.writtenAt >= moment } ?? pings.count
        guard count > 0 else { return nil }
        let ordinal = pings[count - 1].ordinal
        pings.removeFirst(count)
        return ordinal
    }

    /// Another connection takes the place of the one that was asked.
    mutating func removeAll() { pings.removeAll() }
}
