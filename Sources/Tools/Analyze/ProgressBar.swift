import Glibc

/// Says on the terminal how far the reading is; says nothing where the standard error is no terminal.
final class ProgressBar {
    private let isShown: Bool
    private var lastShown: UInt64 = 0
    private let startedAt = ProgressBar.now()
    private let total: UInt64?
    private let name: String

    init(name: String, total: UInt64?, isWanted: Bool) {
        self.name = name
        self.total = total
        isShown = isWanted && isatty(2) == 1
    }

    /// `bytes` of the file are read.
    func read(_ bytes: UInt64) {
        guard isShown else { return }
        let now = ProgressBar.now()
        guard now - lastShown > 100_000_000 else { return }
        lastShown = now
        let seconds = Double(now - startedAt) / 1e9
        let rate = seconds > 0 ? AnalysisReport.size(UInt64(Double(bytes) / seconds)) : "–"
        var line = "\(AnalysisReport.size(bytes)), \(rate)/s"
        if let total, total > 0 {
            let part = Int(min(bytes, total) * 24 / total)
            line =
                "\(String(repeating: "█", count: part))\(String(repeating: "░", count: 24 - part)) \(bytes * 100 / total) %  \(line)"
        }
        put("\r\u{1B}[K    \(line)")
    }

    /// Takes the line away.
    func clear() { if isShown, lastShown > 0 { put("\r\u{1B}[K") } }

    private func put(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
    }

    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
