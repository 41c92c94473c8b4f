import Glibc

/// The processes of the machine, as /proc shows them at one moment: who descends from whom, and who is of which group.
public struct ProcessTable: Sendable {
    public struct Entry: Sendable, Hashable {
        public var pid: Int32
        public var parent: Int32
        public var group: Int32
        /// It has ended and only waits to be asked how.
        public var isZombie: Bool

        /// From /proc/PID/stat, whose second field, the name in parentheses, may hold anything.
        public init?(pid: Int32, stat: [UInt8]) {
            guard let end = stat.lastIndex(of: 0x29) else { return nil }
            let fields = stat[(end + 1)...].split(separator: 0x20, maxSplits: 4)
            guard fields.count > 3, let parent = Int32(String(decoding: fields[1], as: UTF8.self)),
                let group = Int32(String(decoding: fields[2], as: UTF8.self))
            else { return nil }
            self.pid = pid
            self.parent = parent
            self.group = group
            isZombie = fields[0].elementsEqual([0x5A]) || fields[0].elementsEqual([0x58])
        }
    }

    public let entries: [Entry]

    public init(_ entries: [Entry]) { self.entries = entries }

    public static func read() -> ProcessTable {
        ProcessTable(
            ProcessFile.names(in: "/proc").compactMap { Int32($0) }.compactMap { pid in
                ProcessFile.read("/proc/\(pid)/stat").flatMap { Entry(pid: pid, stat: $0) }
            })
    }

    /// Everything that descends from `ancestor`, without it.
    public func descendants(of ancestor: Int32) -> Set<Int32> {
        var found: Set<Int32> = []
        var last = [ancestor]
        while !last.isEmpty {
            let next = entries.filter { last.contains($0.parent) && !found.contains($0.pid) && $0.pid != ancestor }.map(\.pid)
            found.formUnion(next)
            last = next
        }
        return found
    }

    /// Whether anything of a group still runs.
    public func hasLivingMember(of group: Int32) -> Bool { entries.contains { $0.group == group && !$0.isZombie } }

    /// The inodes of the sockets that these processes hold, as far as this user may look.
    public static func sockets(of processes: Set<Int32>) -> Set<UInt64> {
        var inodes: Set<UInt64> = []
        for pid in processes {
            for name in ProcessFile.names(in: "/proc/\(pid)/fd") {
                guard let target = ProcessFile.link("/proc/\(pid)/fd/\(name)"), target.hasPrefix("socket:["),
                    let inode = UInt64(target.dropFirst("socket:[".count).dropLast())
                else { continue }
                inodes.insert(inode)
            }
        }
        return inodes
    }
}
