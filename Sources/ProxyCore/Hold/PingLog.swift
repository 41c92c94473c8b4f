// The pings that are on their way to a backend, and how far the pong to each confirms.
//
// Theory of operation. A peer may answer only the last of several pings (RFC 6455 §5.5.3), so a ping of the confirmation that shares a read
// with the client's, the heartbeat's or another of its own may never be answered itself. Whichever is answered was written behind the
// messages that went before it, so each is remembered with the ordinal that it stands behind, and its pong confirms up to there and
// takes the place of the pongs to all that went before.
//
// A pong without payload proves nothing: some backends send one now and then without having been asked. Of several pings with one payload
// the eldest counts as answered, since no more than that is certain. That is sound only as long as none is forgotten that may be answered yet, so a
// client that asks too often is not believed at all until the next connection; Gatehouse's own pings stay, whatever the client does.
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

    /// What a pong proved.
    struct Answer: Sendable {
        /// Whose ping it answered; nil for one that isn't written down here.
        var origin: Origin?
        /// All messages up to this one have been read.
        var ordinal: UInt64
        /// The payload of the client's last ping, if the pong took the place of the answer to that.
        var passedOver: [UInt8]?
    }

    /// Pings of the client's that are remembered at once. With one more all are forgotten: an answer could not be told from another's.
    static let limit = 16
    /// Pings of the confirmation without an answer; more are not written. By the distances between them it takes half an hour to get there.
    static let askLimit = 64

    private var pings: [Ping] = []
    private var ignoresClient = false

    /// Whether a ping of the confirmation has no answer.
    var isAsking: Bool { pings.contains { $0.origin == .confirmation } }

    /// Whether there is room for one more ping of the confirmation.
    var mayAsk: Bool { count(.confirmation) < PingLog.askLimit }

    /// A ping went out behind the message `ordinal`.
    mutating func wrote(_ payload: [UInt8], _ origin: Origin, behind ordinal: UInt64, now: Timestamp) {
        guard !payload.isEmpty else { return }
        if origin == .client {
            if count(.client) >= PingLog.limit {
                pings.removeAll { $0.origin == .client }
                ignoresClient = true
            }
            guard !ignoresClient else { return }
        }
        pings.append(Ping(payload: payload, ordinal: ordinal, writtenAt: now, origin: origin))
    }

    /// A pong came: what it proves; nil if it answers none of these.
    mutating func answered(_ payload: [UInt8]) -> Answer? {
        guard let place = pings.firstIndex(where: { $0.payload == payload }) else { return nil }
        let ping = pings[place]
        let passedOver = pings[..<place].last(where: { $0.origin == .client })?.payload
        pings.removeFirst(place + 1)
        return Answer(origin: ping.origin, ordinal: ping.ordinal, passedOver: count(.client) == 0 ? passedOver : nil)
    }

    /// A pong came for a ping that others wrote at `moment`: what it proves.
    mutating func answered(before moment: Timestamp) -> Answer? {
        // In the same instant the order isn't known.
        let count = pings.firstIndex { $0.writtenAt >= moment } ?? pings.count
        guard count > 0 else { return nil }
        let ordinal = pings[count - 1].ordinal
        let passedOver = pings[..<count].last(where: { $0.origin == .client })?.payload
        pings.removeFirst(count)
        return Answer(origin: nil, ordinal: ordinal, passedOver: self.count(.client) == 0 ? passedOver : nil)
    }

    /// Another connection takes the place of the one that was asked.
    mutating func removeAll() {
        pings.removeAll()
        ignoresClient = false
    }

    private func count(_ origin: Origin) -> Int { pings.count(where: { $0.origin == origin }) }
}
