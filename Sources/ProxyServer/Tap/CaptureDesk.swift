import Admin
import CLinux
import Configuration
import EventLoop
import ProxyCore
import Synchronization
import Telemetry
import Wire

/// The capture as the process knows it: the queue between workers and thread, what was asked for at run time, and what came of it.
///
///     worker ─ Tap ─► TapChannel ─ chunks ─► CaptureQueue ─► CaptureThread ─ TapEncoder ─► CaptureFolder ─► disk
///
/// Relaying waits for none of it: without an empty chunk records are dropped and counted, without room on the disk packets are.
final class CaptureDesk: Sendable {
    let queue = CaptureQueue()

    private struct State {
        var settings = CaptureSettings()
        /// Counts the settings, so that the thread sees that there are new ones.
        var generation = 0
        var thread: WorkerThread.Handle?
        var rules: [PayloadRule] = [PayloadRule(), CaptureDesk.strictest]
        var orders: [CaptureOrder] = []
    }

    /// Keeps nothing of any payload; the second of the rules from the beginning, for those that find no place.
    private static let strictest = PayloadRule(.cut, limit: 0)

    private let state = Mutex(State())
    let packets = Atomic<UInt64>(0)
    let bytes = Atomic<UInt64>(0)
    let dropped = Atomic<UInt64>(0)
    let filesMade = Atomic<UInt64>(0)
    /// The errno of the last failure; 0 once something could be written again.
    let failure = Atomic<Int32>(0)

    /// Takes up settings; the thread begins with the first directory.
    func adopt(_ settings: CaptureSettings, log: LogWriter, redaction: LogRedaction) {
        state.withLock { state in
            if settings != state.settings || state.generation == 0 {
                state.settings = settings
                state.generation += 1
            }
            guard state.thread == nil, settings.directory != nil else { return }
            state.thread = WorkerThread.start(name: "gh-capture") { [self] in
                CaptureThread(self, Ledger(writer: log, redaction: redaction)).run()
            }
        }
    }

    /// The settings, if there are others than those of `generation`.
    func settings(after generation: Int) -> (CaptureSettings, Int)? {
        state.withLock { $0.generation == generation ? nil : ($0.settings, $0.generation) }
    }

    /// The place of a payload rule in the list; equal ones share it.
    func place(of rule: PayloadRule) -> UInt32 {
        state.withLock { state in
            if let place = state.rules.firstIndex(of: rule) { return UInt32(place) }
            // Each reload may bring some; a process that saw so many of them keeps nothing of payloads that it can't name.
            guard state.rules.count < 4096 else { return 1 }
            state.rules.append(rule)
            return UInt32(state.rules.count - 1)
        }
    }

    var rules: [PayloadRule] { state.withLock { $0.rules } }

    // MARK: At run time

    /// Whether files can be written at all.
    var isPossible: Bool { state.withLock { $0.settings.directory != nil } }

    /// Takes an order, and gives all that are in force.
    func take(_ order: CaptureOrder, now: Timestamp) -> [CaptureOrder] {
        state.withLock { state in
            state.orders.removeAll { $0.until <= now || $0.isAbout(order) }
            state.orders.append(order)
            if state.orders.count > 64 { state.orders.removeFirst() }
            return state.orders
        }
    }

    func orders(_ now: Timestamp) -> [CaptureOrder] {
        state.withLock { state in
            state.orders.removeAll { $0.until <= now }
            return state.orders
        }
    }

    /// For the admin API.
    func status(_ now: Timestamp) -> CaptureStatus {
        let settings = state.withLock { $0.settings }
        let files = settings.directory.map { CaptureFolder.files($0) } ?? []
        return CaptureStatus(
            directory: settings.directory, mode: settings.policy.mode, files: files.map { .init(name: $0.name, size: $0.size) },
            packets: packets.load(ordering: .relaxed), bytes: bytes.load(ordering: .relaxed),
            dropped: dropped.load(ordering: .relaxed), errno: failure.load(ordering: .relaxed), orders: orders(now))
    }

    /// Ends the thread once everything is written, or after `limit`.
    func stop(within limit: TimeSpan) {
        guard let thread = state.withLock({ $0.thread }) else { return }
        if queue.stop(within: limit.nanoseconds) { thread.join() }
    }
}
