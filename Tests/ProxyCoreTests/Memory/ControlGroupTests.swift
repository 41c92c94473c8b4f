import ProxyCore
import Testing

@Suite struct ControlGroupTests {
    private let two = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

    private func directories(_ membership: String, _ mounts: String) -> [String] {
        ControlGroup.all(membership: membership, mounts: mounts).map(\.directory)
    }

    @Test func `a group of version 2 and all above it count, the nearest first`() {
        #expect(
            directories("0::/system.slice/gatehouse.service\n", two) == [
                "/sys/fs/cgroup/system.slice/gatehouse.service", "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup",
            ])
    }

    @Test func `in a container with a name space of its own the group is the top of the mount`() {
        #expect(directories("0::/\n", two) == ["/sys/fs/cgroup"])
    }

    @Test func `a mount that shows a part of the hierarchy is read from there`() {
        let mounts = "40 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
        #expect(
            directories("5:cpu:/docker/abc\n4:memory:/docker/abc/inner\n", mounts) == [
                "/sys/fs/cgroup/memory/inner", "/sys/fs/cgroup/memory",
            ])
        // Where the group itself isn't shown, the top of what is shown is the nearest.
        #expect(directories("4:memory:/docker/other\n", mounts) == ["/sys/fs/cgroup/memory"])
        #expect(directories("4:memory:/../other\n", "1 2 0:3 / /cg rw - cgroup cgroup rw,memory") == ["/cg"])
    }

    @Test func `with both versions mounted both are candidates, and other controllers are none`() {
        let mounts =
            "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
            + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n24 1 0:5 / /proc rw shared:1 - proc proc rw\n"
        #expect(
            ControlGroup.all(membership: "4:hugetlb,memory:/job\n1:cpu:/job\n0::/\n", mounts: mounts) == [
                ControlGroup(version: .one, directory: "/sys/fs/cgroup/memory/job"),
                ControlGroup(version: .one, directory: "/sys/fs/cgroup/memory"),
                ControlGroup(version: .two, directory: "/sys/fs/cgroup/unified"),
            ])
    }

    @Test func `paths with blanks are read as they are`() {
        #expect(directories("0::/a b\n", "31 23 0:28 / /mnt/c\\040g rw - cgroup2 none rw\n") == ["/mnt/c g/a b", "/mnt/c g"])
    }

    @Test(arguments: [
        "", "\n", "0:", "nonsense", "0::", "::::", "\u{0}", "4:memory", "- - -", "31 23 0:28 / /x rw -", "1 2 3 4 5 - cgroup2",
    ])
    func `rubbish gives no group and no trap`(text: String) {
        #expect(ControlGroup.all(membership: text, mounts: text) == [])
        #expect(ControlGroup.all(membership: "0::/a", mounts: text) == [])
    }

    @Test func `files are named as each version has them`() {
        let one = ControlGroup(version: .one, directory: "/m")
        let two = ControlGroup(version: .two, directory: "/m")
        #expect(one.limitFiles == ["/m/memory.limit_in_bytes"] && one.usageFile == "/m/memory.usage_in_bytes")
        #expect(two.limitFiles == ["/m/memory.max", "/m/memory.high"] && two.usageFile == "/m/memory.current")
    }

    @Test func `limits and figures are numbers or nothing`() {
        #expect(ControlGroup.limit("134217728\n") == 128 << 20)
        #expect(ControlGroup.limit("max\n") == nil)
        #expect(ControlGroup.limit("") == nil)
        #expect(ControlGroup.limit("-1") == nil)
        #expect(ControlGroup.limit("99999999999999999999999") == nil)
        #expect(ControlGroup.droppable("anon 5\ninactive_file 4096\nsock 77\n") == 4096)
        #expect(ControlGroup.droppable("inactive_file 1\ntotal_inactive_file 8192\n") == 8192)
        #expect(ControlGroup.droppable("inactive_file many\n") == 0)
        #expect(ControlGroup.sockets("anon 5\nsock 77\n") == 77)
        #expect(ControlGroup.sockets("") == 0)
    }
}
