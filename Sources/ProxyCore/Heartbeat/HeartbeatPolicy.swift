public import Wire

/// What a route asks of Gatehouse's pings.
public struct HeartbeatPolicy: Sendable, Hashable {
    /// How long a side may be silent before it is asked.
    public enum Interval: Sendable, Hashable {
        case fixed(TimeSpan)
        /// Begins at `automaticStart` and gets shorter where sessions die of less silence.
        case automatic
    }

    /// Where `auto` begins: below the timers of 30 s and more that intermediaries usually have.
    public static let automaticStart = TimeSpan.seconds(25)

    public var interval: Interval
    /// How long a side that was asked has for any sign of life.
    public var timeout: TimeSpan
    public var pingsClient: Bool
    public var pingsUpstream: Bool

    public init(
        interval: Interval = .fixed(HeartbeatPolicy.automaticStart), timeout: TimeSpan = .seconds(10), pingsClient: Bool = true,
        pingsUpstream: Bool = true
    ) {
        self.interval = interval
        self.timeout = timeout
        self.pingsClient = pingsClient
        self.pingsUpstream = pingsUpstream
    }

    /// The times that hold before anything was learnt.
    public var timing: HeartbeatTiming {
        switch interval {
        case .fixed(let span): HeartbeatTiming(interval: span, timeout: timeout)
        case .automatic: HeartbeatTiming(interval: HeartbeatPolicy.automaticStart, timeout: timeout)
        }
    }
}

/// The times of a route's heartbeats as they are at present: `auto` may have learnt a shorter interval.
public struct HeartbeatTiming: Sendable, Hashable {
    public var interval: TimeSpan
    public var timeout: TimeSpan

    public init(interval: TimeSpan, timeout: TimeSpan) {
        self.interval = interval
        self.timeout = timeout
    }

    /// The step of the grid, in nanoseconds: never more than the interval.
    var grid: UInt64 { max(1, min(interval.nanoseconds / 64, 250_000_000)) }

    /// The moment at which a worker acts on `deadline`: the next of a grid (a quarter of a second, finer for short intervals), so that
    /// what many sessions are due for happens in one turn of the loop. A turn for each would cost more than the pings.
    public func moment(_ deadline: Timestamp) -> Timestamp {
        let behind = deadline.nanoseconds % grid
        return behind == 0 || deadline == .never ? deadline : deadline + TimeSpan(nanoseconds: grid - behind)
    }
}
