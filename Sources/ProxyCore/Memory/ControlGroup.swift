// Where the kernel's control groups keep the memory limit that this process is held to.
//
// Theory of operation. /proc/self/cgroup says in which group of which hierarchy the process is, /proc/self/mountinfo where that hierarchy is
// mounted and which part of it is visible there (in a container often not its root). A limit of any group on the way up holds for the
// process, so all of them are candidates, the process's own first. Both versions of control groups may be mounted, the memory controller
// being in one of them: the reader takes what it finds.

/// A directory of a control group that may limit memory.
public struct ControlGroup: Sendable, Hashable {
    /// Version of control groups: the files have other names.
    public enum Version: Sendable, Hashable { case one, two }

    public let version: Version
    public let directory: String

    public init(version: Version, directory: String) {
        self.version = version
        self.directory = directory
    }

    /// Files with a limit in bytes each; the least holds.
    ///
    /// Above `memory.high` the kernel slows the group down until it stands still, so that is as good a limit as the one that kills.
    public var limitFiles: [String] {
        switch version {
        case .one: [directory + "/memory.limit_in_bytes"]
        case .two: [directory + "/memory.max", directory + "/memory.high"]
        }
    }

    /// What the group's processes and the kernel on their behalf take, the page cache included.
    public var usageFile: String {
        directory + (version == .one ? "/memory.usage_in_bytes" : "/memory.current")
    }

    public var statisticsFile: String { directory + "/memory.stat" }

    /// Every group that may limit this process, its own before those above it.
    ///
    /// - Parameters:
    ///   - membership: the text of /proc/self/cgroup
    ///   - mounts: the text of /proc/self/mountinfo
    public static func all(membership: String, mounts: String) -> [ControlGroup] {
        var found: [ControlGroup] = []
        for line in mounts.split(separator: "\n") {
            guard let mount = Mount(line) else { continue }
            guard let path = path(of: mount.version, in: membership) else { continue }
            found += directories(path, under: mount).map { ControlGroup(version: mount.version, directory: $0) }
        }
        return found
    }

    /// A limit, or nil where the text says that there is none or isn't a number.
    public static func limit(_ text: String) -> UInt64? { UInt64(text.split(whereSeparator: \.isWhitespace).first ?? "") }

    /// What of a group's memory can be dropped without harm: page cache that was not used lately, such as that of a log.
    ///
    /// - Parameter statistics: the text of `memory.stat`
    public static func droppable(_ statistics: String) -> UInt64 {
        // In the first version the line without `total_` leaves out the groups below.
        figure("total_inactive_file", in: statistics) ?? figure("inactive_file", in: statistics) ?? 0
    }

    /// What of it the kernel took for sockets, as far as the text says.
    public static func sockets(_ statistics: String) -> UInt64 { figure("sock", in: statistics) ?? 0 }

    private static func figure(_ name: String, in statistics: String) -> UInt64? {
        for line in statistics.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return UInt64(words[1]) }
        }
        return nil
    }

    // MARK: Where

    /// The process's group in the hierarchy that may have the memory controller: the one of version 2, or that of version 1 by name.
    private static func path(of version: Version, in membership: String) -> Substring? {
        for line in membership.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            switch version {
            case .two: if parts[0] == "0", parts[1].isEmpty { return parts[2] }
            case .one: if parts[1].split(separator: ",").contains("memory") { return parts[2] }
            }
        }
        return nil
    }

    /// The group's directory and all above it, as far as the mount shows them.
    private static func directories(_ path: Substring, under mount: Mount) -> [String] {
        var steps = path.split(separator: "/")
        // The mount shows its root's part of the hierarchy. A group elsewhere (`/..`, or another container's) isn't to be seen: then what the mount
        // shows at its top is as near as it gets.
        let hidden = mount.root.split(separator: "/")
        if steps.starts(with: hidden), !steps.contains("..") { steps.removeFirst(hidden.count) } else { steps = [] }
        var all: [String] = []
        while true {
            all.append(steps.isEmpty ? mount.point : mount.point + "/" + steps.joined(separator: "/"))
            guard steps.popLast() != nil else { return all }
        }
    }

    /// A mounted hierarchy that may have the memory controller.
    private struct Mount {
        let version: Version
        let root: String
        let point: String

        /// A line of mountinfo: `36 35 98:0 /root /point options … - type source options`.
        init?(_ line: Substring) {
            let words = line.split(separator: " ")
            guard words.count > 4, let dash = words.firstIndex(of: "-"), dash + 3 < words.count else { return nil }
            switch words[dash + 1] {
            case "cgroup2": version = .two
            case "cgroup" where words[dash + 3].split(separator: ",").contains("memory"): version = .one
            default: return nil
            }
            root = Mount.unescaped(words[3])
            point = Mount.unescaped(words[4])
        }

        /// Blanks, tabs, line feeds and backslashes stand as `\040` and the like.
        private static func unescaped(_ text: Substring) -> String {
            var bytes: [UInt8] = []
            var rest = Array(text.utf8)[...]
            while let byte = rest.popFirst() {
                let digits = rest.prefix(3)
                guard byte == 0x5C, digits.count == 3, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x37 }) else {
                    bytes.append(byte)
                    continue
                }
                bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 &- 0x30) })
                rest = rest.dropFirst(3)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
