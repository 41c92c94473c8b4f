public import Wire

/// The last round trips of one side, in microseconds: enough for a median, small enough for every session.
public struct RoundTrips: Sendable {
    private static let kept = 7

    private var samples = InlineArray<7, UInt32>(repeating: 0)
    private var count: UInt32 = 0
    private var largest: UInt32 = 0

    public init() {}

    public mutating func add(_ time: TimeSpan) {
        let microseconds = UInt32(clamping: time.nanoseconds / 1000)
        samples[Int(count % UInt32(RoundTrips.kept))] = microseconds
        count = count == .max ? UInt32(RoundTrips.kept) : count + 1
        largest = max(largest, microseconds)
    }

    /// The last one; nil before there is one.
    public var last: TimeSpan? {
        count == 0 ? nil : RoundTrips.span(samples[Int((count - 1) % UInt32(RoundTrips.kept))])
    }

    /// The middle one of the last seven (of an even number the smaller one).
    public var median: TimeSpan? {
        guard count > 0 else { return nil }
        let kept = (0..<min(Int(count), RoundTrips.kept)).map { samples[$0] }.sorted()
        return RoundTrips.span(kept[(kept.count - 1) / 2])
    }

    /// The longest of all.
    public var longest: TimeSpan? { count == 0 ? nil : RoundTrips.span(largest) }

    private static func span(_ microseconds: UInt32) -> TimeSpan { TimeSpan(nanoseconds: UInt64(microseconds) * 1000) }
}
