public import Wire

/// A rate with a burst: `burst` at once, then one every `interval`.
///
/// Kept as the one time at which the bucket will be full again, in whole nanoseconds: nothing to refill, nothing to round, and a
/// clock that jumps ahead can at most fill the bucket.
public struct TokenBucket: Sendable, Hashable {
    private let interval: UInt64
    private let capacity: UInt64
    private var fullAt = Timestamp.zero

    /// - Parameters:
    ///   - perSecond: at least 1.
    ///   - burst: at least 1.
    public init(perSecond: Int, burst: Int) {
        interval = 1_000_000_000 / UInt64(max(perSecond, 1))
        capacity = interval.multipliedReportingOverflow(by: UInt64(max(burst, 1))).partialValue
    }

    /// Takes one; or says how long it takes until there is one.
    public mutating func take(at now: Timestamp) -> TimeSpan? {
        // A clock that was set back would let nobody in until it had caught up.
        if fullAt - now > TimeSpan(nanoseconds: capacity) { fullAt = now + TimeSpan(nanoseconds: capacity) }
        let debt = (fullAt - now).nanoseconds
        guard debt + interval <= capacity else { return TimeSpan(nanoseconds: debt + interval - capacity) }
        fullAt = now + TimeSpan(nanoseconds: debt + interval)
        return nil
    }
}
