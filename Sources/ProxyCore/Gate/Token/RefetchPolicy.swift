public import Wire

/// When a key set is fetched again: from time to time, when a token names a key that the set doesn't have, and after a failure with
/// growing patience. However many unknown names come, there is one fetch in `least` (threat B10).
public struct RefetchPolicy: Sendable, Hashable {
    /// Between fetches that nothing asks for.
    public static let usual = TimeSpan.seconds(600)
    /// Between fetches that unknown keys ask for.
    public static let least = TimeSpan.seconds(10)
    /// After the first failure; doubled with each, up to `most`.
    public static let first = TimeSpan.seconds(1)
    public static let most = TimeSpan.seconds(60)

    private var failures: UInt64 = 0
    /// When the last fetch ended; nil before the first.
    private var endedAt: Timestamp?

    public init() {}

    /// Whether to fetch now. `wanted`: a token named a key that isn't there.
    public func isDue(wanted: Bool, now: Timestamp) -> Bool {
        guard let endedAt else { return true }
        if failures > 0 { return endedAt + patience <= now }
        return endedAt + (wanted ? RefetchPolicy.least : RefetchPolicy.usual) <= now
    }

    public mutating func ended(succeeded: Bool, now: Timestamp) {
        endedAt = now
        failures = succeeded ? 0 : min(failures + 1, 16)
    }

    private var patience: TimeSpan {
        min(TimeSpan(nanoseconds: RefetchPolicy.first.nanoseconds << (failures - 1)), RefetchPolicy.most)
    }
}
