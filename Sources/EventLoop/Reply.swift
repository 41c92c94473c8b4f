import CLinux
import Synchronization

/// One value that a thread waits for and another one gives: how control threads ask a loop.
public final class Reply<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let descriptor: Int32

    public init() { descriptor = clinux_eventfd() }

    deinit { if descriptor >= 0 { _ = clinux_close(descriptor) } }

    /// Gives the value; the first one counts.
    public func give(_ given: sending Value) {
        value.withLock { if $0 == nil { $0 = given } }
        clinux_eventfd_signal(descriptor)
    }

    /// Waits for the value, at most so many milliseconds.
    public func wait(milliseconds: Int32) -> Value? {
        if descriptor >= 0 { _ = clinux_eventfd_wait(descriptor, milliseconds) }
        return value.withLock { $0 }
    }
}
