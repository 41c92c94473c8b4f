/// What became of the client's messages in a held session.
public struct HoldFacts: Sendable {
    /// Ordinals of messages, from 1.
    public struct Ordinals: Sendable, Hashable {
        public var count: UInt64
        public var ranges: [ClosedRange<UInt64>]
        /// Earlier ranges were forgotten; the lines of the session's resumptions have them.
        public var isTruncated: Bool

        public init(count: UInt64, ranges: [ClosedRange<UInt64>], isTruncated: Bool = false) {
            self.count = count
            self.ranges = ranges
            self.isTruncated = isTruncated
        }
    }

    /// Complete messages that the client sent.
    public var received: UInt64
    /// A pong of the backend's proved it.
    public var delivered: Ordinals
    /// Sent; whether they arrived isn't known.
    public var unconfirmed: Ordinals
    /// Never sent, or not wholly, by reason.
    public var dropped: [(reason: String, ordinals: Ordinals)]
    /// How often a new backend took the session.
    public var resumptions: UInt64
    /// First messages that were repeated, all times together.
    public var replayed: UInt64
    /// Messages that were sent again without being confirmed, all times together.
    public var resent: UInt64
    /// The backends' messages that the client got whole, and those that a backend's end cut.
    public var fromBackend: UInt64
    public var cutFromBackend: UInt64
    /// Why the session could not be kept; nil where it could.
    public var end: String?

    public init(
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
