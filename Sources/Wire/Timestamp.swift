/// A point in time on the feeder's own line: nanoseconds since the Unix epoch.
///
/// A live loop reads the monotonic clock and adds the offset that it measured once at its start, so that
/// times never run back and deadlines survive a clock that is set. A capture takes the packet's time.
/// The core never reads a clock: every input that needs the time carries it.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public var nanoseconds: UInt64

    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// Later than everything: the deadline of something that never happens.
    @inlinable public static var never: Timestamp { Timestamp(nanoseconds: .max) }

    /// The start of the line; recordings that have no wall clock count from here.
    @inlinable public static var zero: Timestamp { Timestamp(nanoseconds: 0) }

    @inlinable public static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }

    @inlinable public static func == (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds == b.nanoseconds }

    /// The point that lies `span` later; saturates at `never`.
    @inlinable public static func + (time: Timestamp, span: TimeSpan) -> Timestamp {
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(span.nanoseconds)
        return overflow ? .never : Timestamp(nanoseconds: sum)
    }

    /// The span since `earlier`; zero if that lies later (a capture's clock may run back).
    @inlinable public static func - (later: Timestamp, earlier: Timestamp) -> TimeSpan {
        later.nanoseconds > earlier.nanoseconds
            ? TimeSpan(nanoseconds: later.nanoseconds - earlier.nanoseconds) : .zero
    }
}

/// A length of time in nanoseconds, never negative.
public struct TimeSpan: Sendable, Hashable, Comparable {
    public var nanoseconds: UInt64

    @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @inlinable public static var zero: TimeSpan { TimeSpan(nanoseconds: 0) }

    /// A whole number of seconds; saturates.
    @inlinable public static func seconds(_ count: UInt64) -> TimeSpan {
        let (product, overflow) = count.multipliedReportingOverflow(by: 1_000_000_000)
        return TimeSpan(nanoseconds: overflow ? .max : product)
    }

    /// A whole number of milliseconds; saturates.
    @inlinable public static func milliseconds(_ count: UInt64) -> TimeSpan {
        let (product, overflow) = count.multipliedReportingOverflow(by: 1_000_000)
        return TimeSpan(nanoseconds: overflow ? .max : product)
    }

    /// Milliseconds with their fraction, for logs.
    @inlinable public var milliseconds: Double { Double(nanoseconds) / 1_000_000 }

    /// Seconds with their fraction, for logs and metrics.
    @inlinable public var seconds: Double { Double(nanoseconds) / 1_000_000_000 }

    @inlinable public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.nanoseconds < b.nanoseconds }

    @inlinable public static func == (a: TimeSpan, b: TimeSpan) -> Bool { a.nanoseconds == b.nanoseconds }
}
