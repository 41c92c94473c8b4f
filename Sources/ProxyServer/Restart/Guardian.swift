import CLinux
import Synchronization

// Where a platform watches one process, and ends everything when that one ends (process 1 of a container), the first process of a
// line of hot restarts stays when it has drained: it passes signals on to whoever serves now, takes what ended off the kernel's
// table, and leaves with the exit code of the last.

/// Stands for the processes that came after this one. The main thread's.
final class Guardian {
    /// Who serves now.
    private var current: Int32
    /// Where each process of the line writes who follows it; -1: nobody does.
    let lineage: Int32
    /// How the last of the line ended, as a shell has it.
    private(set) var ended: Int32?
    private var line = ""

    init(successor: Int32, lineage: Int32) {
        current = successor
        self.lineage = lineage
    }

    /// A signal came (0: none): passes it on, and looks who is left.
    func received(_ signal: Int32) {
        readLineage()
        switch signal {
        case 1, 2, 10, 12, 15: _ = clinux_signal_process(current, signal)
        default: break
        }
        var code: Int32 = 0
        while true {
            let pid = clinux_reap_any(&code)
            guard pid > 0 else { break }
            // Whoever hands over writes before it ends.
            readLineage()
            if pid == current { ended = code }
        }
        if ended == nil, !clinux_process_exists(current) { ended = 0 }
    }

    /// Waits until nobody is left; the exit code.
    func watch() -> Int32 {
        while true {
            if let ended { return ended }
            received(clinux_wait_signal_or(lineage, 1000))
        }
    }

    private func readLineage() {
        guard lineage >= 0 else { return }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = clinux_read_some(lineage, &bytes, bytes.count)
        guard count > 0 else { return }
        line += String(decoding: bytes[..<count], as: UTF8.self)
        let words = line.split(separator: "\n", omittingEmptySubsequences: false)
        for word in words.dropLast() {
            if let pid = Int32(word), pid > 1 {
                current = pid
                ended = nil
            }
        }
        line = String(words.last ?? "")
    }
}
