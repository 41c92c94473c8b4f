public import Wire

/// What Gatehouse's pings to one side of a session showed.
public struct HeartbeatFacts: Sendable, Hashable {
    /// Pings of Gatehouse's, and the pongs that answered them.
    public var pings: UInt32
    public var pongs: UInt32
    /// Round trips: the last, the median of the last seven, the longest. Nil before the first answer.
    public var last: TimeSpan?
    public var median: TimeSpan?
    public var longest: TimeSpan?

    public init(pings: UInt32, pongs: UInt32, last: TimeSpan? = nil, median: TimeSpan? = nil, longest: TimeSpan? = nil) {
        self.pings = pings
        self.pongs = pongs
        self.last = last
        self.median = median
        self.longest = longest
    }
}
