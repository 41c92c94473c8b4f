// What became of each message that the client sent.
//
// Theory of operation. Complete messages get ordinals from 1, in the order in which the client sent them. Each meets one of three ends:
//
//     received ──► queued ──► sent ──► delivered      a pong of the backend's came for a ping behind it
//                    │          └────► unconfirmed    the backend went away first: it may have arrived, or not
//                    └───────────────► dropped        it was never sent, or not wholly
//
// Bytes that were written are not delivered; a pong that answers a ping written behind them is the proof. Messages are sent in order, so
// nearly all is said by a few numbers: up to `settled` every end is known, up to `sent` messages have gone. What is named out of turn
// (a message that stays behind while earlier ones go again) stands in `ahead` until `settled` has come there. Ranges keep this small: a
// session of a million messages and three lost backends has four of them.
/// The ordinals of one held session's messages.
public struct MessageAccount: Sendable {
    /// Complete messages of the client's.
    public private(set) var received: UInt64 = 0
    /// The highest ordinal that the present connection got.
    public private(set) var sent: UInt64 = 0
    /// The highest ordinal that any connection got.
    public private(set) var everSent: UInt64 = 0
    /// Up to here the end of each is known.
    public private(set) var settled: UInt64 = 0
    public private(set) var delivered = OrdinalRanges()
    public private(set) var unconfirmed = OrdinalRanges()
    /// By reason, in the order in which reasons came up.
    public private(set) var dropped: [(reason: HoldDrop, ordinals: OrdinalRanges)] = []
    /// Ends that are known beyond `settled`.
    private var ahead: [ClosedRange<UInt64>] = []

    public init() {}

    // MARK: Inputs

    /// The client sent one more; its ordinal.
    public mutating func receive() -> UInt64 {
        received += 1
        return received
    }

    /// The message `ordinal` went to the backend; all before it have, or never will.
    public mutating func send(_ ordinal: UInt64) {
        sent = max(sent, ordinal)
        everSent = max(everSent, sent)
    }

    /// A pong came for a ping that was written when `ordinal` was the last that had been sent.
    public mutating func confirm(_ ordinal: UInt64) {
        guard ordinal > settled, ordinal <= sent else { return }
        for range in unnamed(settled + 1, ordinal) { delivered.append(range) }
        settled = ordinal
        settleNamed()
    }

    /// The backend went away.
    ///
    /// - Parameters:
    ///   - last: The last ordinal that goes again: at the beginning of each connection, or because the policy says so. All later
    ///     ones that were sent and not confirmed are named now.
    /// - Returns: The ordinals that are unconfirmed for ever.
    public mutating func lose(keepingUpTo last: UInt64) -> [ClosedRange<UInt64>] {
        let lost = unnamed(max(settled, last) + 1, sent)
        for range in lost { unconfirmed.append(range) }
        name(lost)
        return lost
    }

    /// The messages behind `ordinal` that were sent go again.
    public mutating func rewind(to ordinal: UInt64) { sent = min(sent, max(ordinal, settled)) }

    /// One message that was sent can't go again with the others: unconfirmed.
    public mutating func loseOne(_ ordinal: UInt64) {
        for range in unnamed(ordinal, ordinal) {
            unconfirmed.append(range)
            name([range])
        }
    }

    /// One message was sent in part and will never be complete.
    public mutating func cut(_ ordinal: UInt64) {
        drop([ordinal...ordinal], .cut)
        name([ordinal...ordinal])
    }

    /// Nothing more will happen: what was sent is unconfirmed, what was not is dropped.
    public mutating func finish(_ reason: HoldDrop) {
        // What was to go again has gone once, and may have arrived then.
        let last = max(sent, everSent)
        for range in unnamed(settled + 1, last) { unconfirmed.append(range) }
        drop(unnamed(max(settled, last) + 1, received), reason)
        settled = received
        sent = received
        ahead = []
    }

    // MARK: State

    /// Whether a message was sent whose arrival isn't known.
    public var hasPending: Bool { settled < sent }

    /// Messages that wait for a connection.
    public var queued: UInt64 { received - min(sent, received) }

    private mutating func drop(_ ranges: [ClosedRange<UInt64>], _ reason: HoldDrop) {
        guard !ranges.isEmpty else { return }
        let place = dropped.firstIndex { $0.reason == reason } ?? dropped.count
        if place == dropped.count { dropped.append((reason, OrdinalRanges())) }
        for range in ranges { dropped[place].ordinals.append(range) }
    }

    /// Remembers ends beyond `settled`, and moves `settled` over them where they join it.
    private mutating func name(_ ranges: [ClosedRange<UInt64>]) {
        ahead += ranges
        ahead.sort { $0.lowerBound < $1.lowerBound }
        settleNamed()
    }

    private mutating func settleNamed() {
        while let first = ahead.first, first.lowerBound <= settled + 1 {
            settled = max(settled, first.upperBound)
            ahead.removeFirst()
        }
    }

    /// The ordinals from `first` to `last` whose end isn't named yet.
    private func unnamed(_ first: UInt64, _ last: UInt64) -> [ClosedRange<UInt64>] {
        var ranges: [ClosedRange<UInt64>] = []
        var next = first
        for range in ahead where range.upperBound >= next && range.lowerBound <= last {
            if range.lowerBound > next { ranges.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= last { ranges.append(next...last) }
        return ranges
    }
}

/// Why a message was never sent.
public enum HoldDrop: String, Sendable, Hashable, CaseIterable {
    /// No backend came for it.
    case noBackend = "no_backend"
    /// The client left before.
    case clientLeft = "client_left"
    /// Gatehouse ended the session before.
    case sessionEnded = "session_ended"
    /// The backend went away in the middle of it, and it was too large to be kept.
    case cut
}

/// Ordinals as ranges, neighbours joined; of more than 64 ranges only the last are kept, and the count of all.
public struct OrdinalRanges: Sendable, Hashable {
    public static let limit = 64

    public private(set) var ranges: [ClosedRange<UInt64>] = []
    /// How many ordinals, those of forgotten ranges included.
    public private(set) var count: UInt64 = 0
    /// Whether ranges were forgotten.
    public private(set) var isTruncated = false

    public init() {}

    public mutating func append(_ range: ClosedRange<UInt64>) {
        count += range.upperBound - range.lowerBound + 1
        if let last = ranges.last, last.upperBound + 1 == range.lowerBound {
            ranges[ranges.count - 1] = last.lowerBound...range.upperBound
            return
        }
        ranges.append(range)
        if let last = ranges.dropLast().last, last.lowerBound > range.lowerBound { ranges.sort { $0.lowerBound < $1.lowerBound } }
        if ranges.count > OrdinalRanges.limit {
            ranges.removeFirst()
            isTruncated = true
        }
    }

    public func contains(_ ordinal: UInt64) -> Bool { ranges.contains { $0.contains(ordinal) } }
}
