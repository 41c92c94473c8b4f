import Foundation
import Glibc
import Synchronization

/// Kills what tests started and removes the folders that they left, when the test process leaves by `exit`.
///
/// Peers besides leave by themselves when their input ends, which covers a test process that crashes.
final class Undertaker: Sendable {
    static let shared = Undertaker()

    private let living = Mutex<Set<pid_t>>([])
    private let folders = Mutex<Set<String>>([])

    private init() {
        atexit {
            Undertaker.shared.living.withLock { pids in pids.forEach { kill($0, SIGKILL) } }
            Undertaker.shared.folders.withLock { paths in
                paths.forEach { try? FileManager.default.removeItem(atPath: $0) }
            }
        }
    }

    func watch(folder path: String) { folders.withLock { _ = $0.insert(path) } }
    func forget(folder path: String) { folders.withLock { _ = $0.remove(path) } }

    func watch(_ pid: pid_t) { living.withLock { _ = $0.insert(pid) } }
    func forget(_ pid: pid_t) { living.withLock { _ = $0.remove(pid) } }
}
