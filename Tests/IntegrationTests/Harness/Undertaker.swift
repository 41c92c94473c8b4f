import Glibc
import Synchronization

/// Kills what tests started and left, when the test process leaves by `exit`.
///
/// Peers besides leave by themselves when their input ends, which covers a test process that crashes.
final class Undertaker: Sendable {
    static let shared = Undertaker()

    private let living = Mutex<Set<pid_t>>([])

    private init() {
        atexit { Undertaker.shared.living.withLock { pids in pids.forEach { kill($0, SIGKILL) } } }
    }

    func watch(_ pid: pid_t) { living.withLock { _ = $0.insert(pid) } }
    func forget(_ pid: pid_t) { living.withLock { _ = $0.remove(pid) } }
}
