import CLinux
import Glibc

/// What a bounded queue between workers and one thread waits with: a mutex, a condition for the thread (`wake`) and one for those who wait for its
/// end (`done`).
///
/// A condition variable needs pthread's own mutex, therefore not `Synchronization.Mutex`. Times are those of the monotonic clock, so that nobody
/// waits longer because the wall clock was set.
public struct QueueLock: ~Copyable, @unchecked Sendable {
    // Sendable by hand: the pointers never change, and what they point to is pthread's.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let wakes: UnsafeMutablePointer<pthread_cond_t>
    private let dones: UnsafeMutablePointer<pthread_cond_t>

    public init() {
        mutex = .allocate(capacity: 1)
        wakes = .allocate(capacity: 1)
        dones = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(wakes, &attributes)
        pthread_cond_init(dones, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(wakes)
        pthread_cond_destroy(dones)
        pthread_mutex_destroy(mutex)
        wakes.deallocate()
        dones.deallocate()
        mutex.deallocate()
    }

    @inline(__always) public func lock() { pthread_mutex_lock(mutex) }

    @inline(__always) public func unlock() { pthread_mutex_unlock(mutex) }

    /// Wakes the thread. The lock may be held or not.
    @inline(__always) public func wake() { pthread_cond_signal(wakes) }

    /// Wakes all who wait for the thread's end.
    public func tellDone() { pthread_cond_broadcast(dones) }

    /// Waits for `wake`; the lock is held before and after.
    public func waitForWake() { pthread_cond_wait(wakes, mutex) }

    /// Waits for `wake` until `deadline`; false when it has passed.
    public func waitForWake(until deadline: UInt64) -> Bool {
        var time = QueueLock.time(deadline)
        return pthread_cond_timedwait(wakes, mutex, &time) != ETIMEDOUT
    }

    /// Waits for `tellDone` until `deadline`; false when it has passed.
    public func waitForDone(until deadline: UInt64) -> Bool {
        var time = QueueLock.time(deadline)
        return pthread_cond_timedwait(dones, mutex, &time) != ETIMEDOUT
    }

    /// A deadline: nanoseconds of the monotonic clock, so many from now.
    public static func deadline(after nanoseconds: UInt64) -> UInt64 {
        let (sum, isBeyond) = clinux_monotonic().addingReportingOverflow(nanoseconds)
        return isBeyond ? .max : sum
    }

    private static func time(_ nanoseconds: UInt64) -> timespec {
        timespec(tv_sec: Int(clamping: nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
