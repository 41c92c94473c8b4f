import Synchronization

/// What is known of the process's memory, for every thread: as `MemoryWarden` last read it.
final class MemoryState: Sendable {
    /// What there is, and what is taken of it, in bytes. Zero before the first reading.
    let limit = Atomic<UInt64>(0)
    let used = Atomic<UInt64>(0)
    /// Whether there is enough for new connections.
    let isAccepting = Atomic<Bool>(true)

    init() {}
}
