public import Wire

/// Holds a session to a number of messages a second, from what is counted anyway at the frame headers that pass.
///
/// Messages can't be taken back once they are counted: what one buffer brought goes on, and what it brought too much is a debt. Either
/// the debt is waited for, by not reading on (the peer then feels TCP's back-pressure, and loses nothing), or the session ends.
public struct MessageMeter: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
        case within
        /// Read on at this time.
        case wait(until: Timestamp)
        /// More than the session may send: it is to end.
        case exceeded
    }

    public let perSecond: Int
    public let waits: Bool
    private let interval: UInt64
    private let capacity: UInt64
    private var fullAt = Timestamp.zero
    private var counted: UInt64 = 0

    /// - Parameters:
    ///   - perSecond: at least 1; as many come at once.
    ///   - waits: whether a session above it is read more slowly, or ends.
    public init(perSecond: Int, waits: Bool) {
        self.perSecond = max(perSecond, 1)
        self.waits = waits
        interval = max(1, 1_000_000_000 / UInt64(self.perSecond))
        capacity = interval.multipliedReportingOverflow(by: UInt64(self.perSecond)).partialValue
    }

    /// `total` messages have come from the beginning of the session on.
    public mutating func reached(_ total: UInt64, now: Timestamp) -> Outcome {
        let fresh = total &- min(total, counted)
        guard fresh > 0 else { return .within }
        counted = total
        let (cost, overflow) = interval.multipliedReportingOverflow(by: fresh)
        let (sum, isHuge) = (fullAt - now).nanoseconds.addingReportingOverflow(overflow ? .max : cost)
        let debt = isHuge ? UInt64.max >> 1 : sum
        fullAt = now + TimeSpan(nanoseconds: debt)
        guard debt > capacity else { return .within }
        guard waits else { return .exceeded }
        return .wait(until: now + TimeSpan(nanoseconds: debt - capacity))
    }
}
