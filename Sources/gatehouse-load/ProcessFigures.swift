import Glibc

/// What processes have used, with all their descendants and threads, as /proc and their CPU clocks say.
struct ProcessFigures {
    /// CPU time in nanoseconds, all threads, ended ones included.
    var cpu: UInt64 = 0
    /// The same in ticks, split.
    var userTicks: UInt64 = 0
    var systemTicks: UInt64 = 0
    /// Proportional set size: what the memory of these processes costs the machine, in KiB.
    var pss = 0

    init(of roots: [Int32]) {
        var seen: Set<Int32> = []
        var waiting = roots
        while let process = waiting.popLast() {
            guard seen.insert(process).inserted else { continue }
            add(process)
            waiting += ProcessFigures.children(of: process)
        }
    }

    private mutating func add(_ process: Int32) {
        var clock = clockid_t()
        var time = timespec()
        if clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0 {
            cpu += UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }
        // The name in parentheses may hold blanks; what follows the last one doesn't.
        if let stat = ProcessFigures.read("/proc/\(process)/stat"), let name = stat.lastIndex(of: ")") {
            let words = stat[name...].split(separator: " ")
            if words.count > 13 {
                userTicks += UInt64(words[12]) ?? 0
                systemTicks += UInt64(words[13]) ?? 0
            }
        }
        for line in (ProcessFigures.read("/proc/\(process)/smaps_rollup") ?? "").split(separator: "\n")
        where line.hasPrefix("Pss:") {
            pss += line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
    }

    private static func children(of process: Int32) -> [Int32] {
        guard let directory = opendir("/proc/\(process)/task") else { return [] }
        defer { closedir(directory) }
        var children: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard Int32(name) != nil else { continue }
            let list = read("/proc/\(process)/task/\(name)/children") ?? ""
            children += list.split(separator: " ").compactMap { Int32($0) }
        }
        return children
    }

    /// A file as text; nil if it can't be opened.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while case let count = Glibc.read(descriptor, &part, part.count), count > 0 { bytes += part[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
