// When free heap pages go back to the system though memory isn't short.
//
// Theory of operation. A handshake takes some kilobytes of heap, the session that it opens nearly none. After a crowd has come, or gone, the heap
// keeps what the crowd needed, in pages that hold nothing: with thousands of idle sessions a good part of what each seems to cost. Giving
// it back takes a tenth of a millisecond for some thousand sessions and locks the heap meanwhile, so it is done once a crowd is over and few come or go: sessions that only
// relay allocate nothing and don't notice.

/// Decides from how many connections came and went.
public struct TrimTiming: Sendable {
    /// So many comings and goings are a crowd.
    static let crowd: UInt64 = 256
    /// Fewer than this between two looks are quiet.
    static let quiet: UInt64 = 16

    private var seen: UInt64 = 0
    private var waiting: UInt64 = 0

    public init() {}

    /// Whether pages are to go back now.
    ///
    /// - Parameter changes: connections that came, and those that went, since the process began
    public mutating func look(changes: UInt64) -> Bool {
        let since = changes &- seen
        seen = changes
        waiting &+= since
        guard since < TrimTiming.quiet, waiting >= TrimTiming.crowd else { return false }
        waiting = 0
        return true
    }
}
