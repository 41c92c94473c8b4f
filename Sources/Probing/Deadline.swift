import CLinux
import Glibc
public import Wire

/// A point on the monotonic clock at which waiting ends. Every wait of a diagnosis has one, so that no peer can keep it.
public struct Deadline: Sendable, Comparable {
    private let at: UInt64

    private init(at: UInt64) { self.at = at }

    /// The point that lies `span` from now.
    public static func after(_ span: TimeSpan) -> Deadline {
        let (sum, overflow) = clinux_monotonic().addingReportingOverflow(span.nanoseconds)
        return Deadline(at: overflow ? .max : sum)
    }

    public static func < (a: Deadline, b: Deadline) -> Bool { a.at < b.at }

    /// What is left; zero once it has passed.
    public var remaining: TimeSpan {
        let now = clinux_monotonic()
        return TimeSpan(nanoseconds: at > now ? at - now : 0)
    }

    public var hasPassed: Bool { remaining == .zero }

    /// Waits until `descriptor` is ready for `events` (POLLIN, POLLOUT), has failed or ended; false if the time passed first.
    public func wait(for descriptor: Int32, _ events: Int32) -> Bool {
        while true {
            // Rounded up, so that the deadline has passed when the wait ends.
            let milliseconds = min((remaining.nanoseconds + 999_999) / 1_000_000, 3_600_000)
            var entry = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
            let ready = poll(&entry, 1, Int32(truncatingIfNeeded: milliseconds))
            if ready > 0 { return true }
            if hasPassed { return false }
            // A signal came in between, or the cap was reached: wait on.
        }
    }
}

/// How long something took, from the moment this was made.
public struct Stopwatch {
    private let began = clinux_monotonic()

    public init() {}

    public var span: TimeSpan { TimeSpan(nanoseconds: clinux_monotonic() &- began) }
}
