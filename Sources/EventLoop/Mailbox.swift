import CLinux
import Synchronization

/// Wakes a loop from any thread: an eventfd that the loop reads.
public final class Waker: Sendable {
    /// For threads that poll it among others.
    public let descriptor: Int32

    /// Nil when the process is out of descriptors.
    public init?() {
        let descriptor = clinux_eventfd()
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
    }

    deinit { _ = clinux_close(descriptor) }

    /// Makes the loop report `woken` soon. Never blocks; many calls may give one report.
    public func wake() { clinux_eventfd_signal(descriptor) }

    /// Waits until somebody wakes, at most so many milliseconds: for threads that have no loop.
    public func wait(milliseconds: Int32) {
        if clinux_eventfd_wait(descriptor, milliseconds) { clinux_eventfd_clear(descriptor) }
    }
}

/// Messages from other threads to a loop: bounded, in order, taken all at once.
public final class Mailbox<Message: Sendable>: Sendable {
    private let capacity: Int
    private let waker: Waker
    private let messages = Mutex<[Message]>([])

    /// - Parameter capacity: `post` refuses beyond it, so that a stuck loop can't eat the memory.
    public init(capacity: Int, waker: Waker) {
        self.capacity = capacity
        self.waker = waker
    }

    /// Leaves a message and wakes the loop; false when the mailbox is full.
    public func post(_ message: Message) -> Bool {
        let accepted = messages.withLock { messages in
            guard messages.count < capacity else { return false }
            messages.append(message)
            return true
        }
        waker.wake()
        return accepted
    }

    /// Leaves a message that is said once: while the mailbox is full it is tried again, until `limit` on the monotonic clock. For threads
    /// that may wait; false if the loop took nothing for that long.
    public func post(_ message: Message, until limit: UInt64) -> Bool {
        while !post(message) {
            guard clinux_monotonic() < limit else { return false }
            clinux_sleep(1_000_000)
        }
        return true
    }

    /// All messages since the last call, the eldest first.
    public func takeAll() -> [Message] {
        messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
