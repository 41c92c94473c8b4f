/// What became of the client's messages in a held session.
package struct HoldFacts: Sendable {
    /// Ordinals of messages, from 1.
    package struct Ordinals: Sendable, Hashable {
        package var count: UInt64
        package var ranges: [ClosedRange<UInt64>]
        /// Earlier ranges were forgotten; the lines of the session's resumptions have them.
        package var isTruncated: Bool

        package init(count: UInt64, ranges: [ClosedRange<UInt64>], isTruncated: Bool = false) {
            self.count = count
            self.ranges = ranges
            self.isTruncated = isTruncated
        }
    }

    /// Complete messages that the client sent.
    package var received: UInt64
    /// A pong of the backend's proved it.
    package var delivered: Ordinals
    /// Sent; whether they arrived isn't known.
    package var unconfirmed: Ordinals
    /// Never sent, or not wholly, by reason.
    package var dropped: [(reason: String, ordinals: Ordinals)]
    /// How often a new backend took the session.
    package var resumptions: UInt64
    /// First messages that were repeated, all times together.
    package var replayed: UInt64
    /// Messages that were sent again without being confirmed, all times together.
    package var resent: UInt64
    /// The backends' messages that the client got whole, and those that a backend's end cut.
    package var fromBackend: UInt64
    package var cutFromBackend: UInt64
    /// Why the session could not be kept; nil where it could.
    package var end: String?

    package init(
        received: UInt64, delivered: Ordinals, unconfirmed: Ordinals, dropped: [(reason: String, ordinals: Ordinals)],
        resumptions: UInt64, replayed: UInt64 = 0, resent: UInt64 = 0, fromBackend: UInt64 = 0, cutFromBackend: UInt64 = 0,
        end: String? = nil
    ) {
        self.received = received
        self.delivered = delivered
        self.unconfirmed = unconfirmed
        self.dropped = dropped
        self.resumptions = resumptions
        self.replayed = replayed
        self.resent = resent
        self.fromBackend = fromBackend
        self.cutFromBackend = cutFromBackend
        self.end = end
    }
}
