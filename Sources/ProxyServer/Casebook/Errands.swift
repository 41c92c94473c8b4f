import EventLoop
import Synchronization

/// A thread that does one errand after the other, for work that blocks. The queue is bounded: what finds it full isn't done.
final class Errands: Sendable {
    private let name: String
    private let capacity: Int
    private let waker: Waker
    private let queue = Mutex<[@Sendable () -> Void]>([])
    private let stopped = Atomic<Bool>(false)
    private let thread = Mutex<WorkerThread.Handle?>(nil)

    init(name: String, capacity: Int) throws(Server.StartFailure) {
        guard let waker = Waker() else {
            throw Server.StartFailure("eventfd failed: the process is out of descriptors (ulimit -n)")
        }
        self.waker = waker
        self.name = name
        self.capacity = capacity
    }

    /// Appends an errand; false if too many wait.
    func add(_ errand: @escaping @Sendable () -> Void) -> Bool {
        let isKept = queue.withLock { queue in
            guard queue.count < capacity else { return false }
            queue.append(errand)
            return true
        }
        if isKept { waker.wake() }
        return isKept
    }

    func start() {
        let handle = WorkerThread.start(name: name) { [self] in
            while !stopped.load(ordering: .relaxed) {
                guard let errand = queue.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                    waker.wait(milliseconds: 60_000)
                    continue
                }
                errand()
            }
        }
        thread.withLock { $0 = handle }
    }

    /// Ends the thread after the errand that is under way, which knows by itself that it should hurry.
    func stop() {
        stopped.store(true, ordering: .relaxed)
        waker.wake()
        thread.withLock { $0 }?.join()
    }
}
