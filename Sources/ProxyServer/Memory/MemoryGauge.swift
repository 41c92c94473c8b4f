import CLinux
import ProxyCore

/// Reads how much memory there is and how much is taken: of the control group that leaves the least, or of the machine.
struct MemoryGauge: Sendable {
    /// What holds the process to its limit.
    enum Bound: Sendable, Hashable {
        /// The operator's word (`limits.memory`).
        case configured
        /// A control group's files, at this directory.
        case group(ControlGroup)
        /// The machine has no more.
        case machine
    }

    /// The tightest bound and its bytes at the time of the first look.
    let limit: UInt64
    let bound: Bound
    private let configured: UInt64?
    private let groups: [ControlGroup]
    private let physical: UInt64

    /// - Parameter configured: the operator's limit for this process, where there is one
    init(configured: UInt64?) {
        self.configured = configured
        physical = clinux_physical_memory()
        groups = ControlGroup.all(
            membership: MemoryGauge.text("/proc/self/cgroup"), mounts: MemoryGauge.text("/proc/self/mountinfo"))
        var (least, what) = (physical > 0 ? physical : .max, Bound.machine)
        for group in groups {
            guard let limit = MemoryGauge.limit(of: group), limit < least else { continue }
            (least, what) = (limit, .group(group))
        }
        if let configured, configured <= least { (least, what) = (configured, .configured) }
        (limit, bound) = (least, what)
    }

    /// What is taken now, against the bound that leaves the least. Limits are read anew each time: a host may change them.
    func read() -> MemoryWatch.Reading {
        let resident = clinux_resident_memory()
        var tightest = MemoryWatch.Reading(limit: physical, used: resident, own: resident)
        func consider(_ reading: MemoryWatch.Reading) {
            guard reading.limit > 0, tightest.limit == 0 || reading.share > tightest.share else { return }
            tightest = reading
        }
        if let configured { consider(MemoryWatch.Reading(limit: configured, used: resident, own: resident)) }
        for group in groups {
            guard let limit = MemoryGauge.limit(of: group), limit < physical,
                let usage = ControlGroup.limit(MemoryGauge.text(group.usageFile))
            else { continue }
            let statistics = MemoryGauge.text(group.statisticsFile)
            let used = usage - min(usage, ControlGroup.droppable(statistics))
            consider(MemoryWatch.Reading(limit: limit, used: used, own: min(used, resident + ControlGroup.sockets(statistics))))
        }
        return tightest
    }

    private static func limit(of group: ControlGroup) -> UInt64? {
        group.limitFiles.compactMap { ControlGroup.limit(text($0)) }.min()
    }

    /// A small file's text; empty where it can't be read.
    private static func text(_ path: String) -> String {
        String(
            decoding: [UInt8](unsafeUninitializedCapacity: 32 << 10) { buffer, count in
                count = max(0, clinux_read_file(path, buffer.baseAddress, buffer.count))
            }, as: UTF8.self)
    }
}

extension MemoryWatch.Reading {
    /// The part of the limit that is taken.
    var share: Double { Double(used) / Double(max(limit, 1)) }
}
