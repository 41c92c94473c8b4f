package import Wire

/// What Gatehouse's pings to one side of a session showed.
package struct HeartbeatFacts: Sendable, Hashable {
    /// Pings of Gatehouse's, and the pongs that answered them.
    package var pings: UInt32
    package var pongs: UInt32
    /// Round trips: the last, the median of the last seven, the longest. Nil before the first answer.
    package var last: TimeSpan?
    package var median: TimeSpan?
    package var longest: TimeSpan?

    package init(pings: UInt32, pongs: UInt32, last: TimeSpan? = nil, median: TimeSpan? = nil, longest: TimeSpan? = nil) {
        self.pings = pings
        self.pongs = pongs
        self.last = last
        self.median = median
        self.longest = longest
    }
}
