import EventLoop
import Synchronization
package import Wire

/// Where refusals and ends are looked at again, once more is known than when their lines were written.
///
/// A thread of its own with a bounded mailbox: a worker leaves a note and goes on. If notes come faster than they are read, they are counted and
/// dropped, and a verdict stays as it was; no worker ever waits.
package final class Casebook: Sendable {
    /// Notes that may wait. A refusal's note holds its heads, so this bounds memory as well.
    static let capacity = 4096

    private let waker: Waker
    private let notes: Mailbox<CasebookNote>
    private let stopped = Atomic<Bool>(false)
    private let dropped = Atomic<UInt64>(0)
    private let thread = Mutex<WorkerThread.Handle?>(nil)

    init(waker: Waker) {
        self.waker = waker
        notes = Mailbox(capacity: Casebook.capacity, waker: waker)
    }

    /// A line that the backend wrote on its standard output or error, without its line end. Never blocks, and may be called from any
    /// thread, also before the server has started.
    ///
    /// Only lines that speak of handshakes or sessions matter (`OutputReading`); others are let go at once.
    package func heard(_ line: [UInt8], at time: Timestamp) { leave(.heard(line, time)) }

    /// Notes that found the mailbox full.
    var lost: UInt64 { dropped.load(ordering: .relaxed) }

    func leave(_ note: CasebookNote) {
        if !notes.post(note) { dropped.add(1, ordering: .relaxed) }
    }

    func start() {
        let handle = WorkerThread.start(name: "gh-casebook") { [self] in run() }
        thread.withLock { $0 = handle }
    }

    func stop() {
        stopped.store(true, ordering: .relaxed)
        waker.wake()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        while !stopped.load(ordering: .relaxed) {
            waker.wait(milliseconds: 1000)
            for note in notes.takeAll() { read(note) }
        }
    }

    private func read(_ note: CasebookNote) {
        switch note {
        case .heard: break
        }
    }
}

/// What is told to the casebook.
enum CasebookNote: Sendable {
    case heard([UInt8], Timestamp)
}
