// Watches the process's memory.
//
// Theory of operation. One thread reads what is taken (`MemoryGauge`), about once a second and more often when it becomes tight, and performs what
// `MemoryWatch` decides: it has all workers stop or go on accepting, has them end sessions, and gives free heap pages back itself; the
// latter also when a crowd has come and gone (`TrimTiming`). Reading
// a group's statistics can take a millisecond, which is why no worker does it.
import CLinux
import Configuration
import EventLoop
import ProxyCore
import Synchronization
import Telemetry
import Wire

/// See above.
final class MemoryWarden: Sendable {
    private struct State {
        var gauge: MemoryGauge
        var isStopped = false
    }

    private let state: Mutex<State>
    private let shared: SharedParts
    private let ledgers: LedgerSource
    private let waker: Waker

    /// - Parameter waker: wakes the thread, to stop it or to have it look at once
    init(_ limits: Limits, shared: SharedParts, ledgers: LedgerSource, waker: Waker) {
        let gauge = MemoryGauge(configured: limits.memory)
        state = Mutex(State(gauge: gauge))
        shared.memory.limit.store(gauge.limit, ordering: .relaxed)
        self.shared = shared
        self.ledgers = ledgers
        self.waker = waker
    }

    /// What each worker's loop may take.
    var loopMemory: LoopMemory {
        LoopMemory(limit: shared.memory.limit.load(ordering: .relaxed), workers: shared.metrics.count)
    }

    func start() {
        let gauge = state.withLock { $0.gauge }
        if case .group(let group) = gauge.bound { ledger.memoryLimited(limit: gauge.limit, group: group.directory, at: now) }
        _ = WorkerThread.start(name: "gh-memory") { [self] in run() }
    }

    /// Another limit, from a reloaded configuration. The loops' buffers keep the size that they had at the start.
    func adopt(_ limits: Limits) {
        let gauge = MemoryGauge(configured: limits.memory)
        state.withLock { $0.gauge = gauge }
        waker.wake()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        waker.wake()
    }

    private var ledger: Ledger { ledgers.ledger }

    private var now: Timestamp { Timestamp(nanoseconds: clinux_realtime()) }

    private func run() {
        var watch = MemoryWatch()
        var timing = TrimTiming()
        while true {
            let (gauge, isStopped) = state.withLock { ($0.gauge, $0.isStopped) }
            if isStopped { return }
            let reading = gauge.read()
            shared.memory.limit.store(reading.limit, ordering: .relaxed)
            shared.memory.used.store(reading.used, ordering: .relaxed)
            // Monotonic, since spans are measured with it.
            for action in watch.look(at: reading, now: Timestamp(nanoseconds: clinux_monotonic())) {
                perform(action, reading)
            }
            if timing.look(changes: changes) { clinux_trim_heap() }
            waker.wait(milliseconds: Int32(clamping: watch.interval(after: reading).nanoseconds / 1_000_000))
        }
    }

    private func perform(_ action: MemoryWatch.Action, _ reading: MemoryWatch.Reading) {
        switch action {
        case .stopAccepting:
            accept(false)
            ledger.memoryShort(limit: reading.limit, used: reading.used, held: held, at: now)
        case .goOnAccepting:
            accept(true)
            ledger.memoryRecovered(limit: reading.limit, used: reading.used, at: now)
        case .shed(let bytes):
            ledger.memoryShedding(limit: reading.limit, used: reading.used, held: held, wanted: bytes, at: now)
            // Each worker its part of what slow peers hold.
            let all = held
            for (mailbox, cells) in zip(shared.mailboxes, shared.metrics) {
                let share = all > 0 ? Double(cells.heldBytes.value) / Double(all) : 1 / Double(shared.metrics.count)
                _ = mailbox.post(.shed(bytes: Int(Double(bytes) * share) + 1))
            }
        case .trim: clinux_trim_heap()
        }
    }

    /// Workers that miss the message see the state in their next sweep.
    private func accept(_ accepts: Bool) {
        shared.memory.isAccepting.store(accepts, ordering: .relaxed)
        for mailbox in shared.mailboxes { _ = mailbox.post(.memoryChanged) }
    }

    /// Connections that came, and those that went, of all workers.
    private var changes: UInt64 {
        shared.metrics.reduce(0) { $0 &+ 2 &* $1.connections.value &- UInt64(clamping: $1.openConnections.value) }
    }

    /// Bytes in blocks of slow peers, of all workers.
    private var held: Int { shared.metrics.reduce(0) { $0 + $1.heldBytes.value } }
}
