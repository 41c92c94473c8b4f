import Synchronization
import Wire

/// What is true of the whole process, for the admin endpoints. Shared by threads.
final class ProcessStatus: Sendable {
    let version: String
    let started: Timestamp
    let io = Mutex<String>("epoll")
    let isDraining = Atomic<Bool>(false)
    let lastReloadOK = Atomic<Bool>(true)
    let reloads = Atomic<Int>(0)
    /// Hot restarts since a process began by itself, and successors of this one that came to nothing.
    let generation = Atomic<Int>(0)
    let restartsFailed = Atomic<Int>(0)

    init(version: String, started: Timestamp) {
        self.version = version
        self.started = started
    }

    func reloaded(_ ok: Bool) {
        lastReloadOK.store(ok, ordering: .relaxed)
        reloads.add(1, ordering: .relaxed)
    }
}
