public import Wire

/// When a key set is fetched again: from time to time, when a token's signature holds under no key of the set, and after a failure with
/// growing patience. However many such tokens come, there is one fetch in `least` (threat B10).
public struct RefetchPolicy: Sendable, Hashable {
    /// Between fetches that nothing asks for.
    public static let usual = TimeSpan.seconds(600)
    /// Between fetches that such tokens ask for.
    public static let least = TimeSpan.seconds(10)
    /// After the first failure; doubled with each, up to `most`.
    public static let first = TimeSpan.seconds(1)
    public static let most = TimeSpan.seconds(60)

    private var failures: UInt64 = 0
    /// When the last fetch ended; nil before the first.
    private var endedAt: Timestamp?

    public init() {}

    /// Whether to fetch now. `wanted`: a token's signature held under no key.
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
