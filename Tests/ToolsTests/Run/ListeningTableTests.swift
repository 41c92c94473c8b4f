import TestSupport
import Testing
import Wire

@testable import Tools

@Suite struct `The kernel's table says who listens where` {
    private static let v4 = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0
           1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0 0 10 0
           2: 0500A8C0:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0 100 0 0 10 0
           3: 0100007F:1F92 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 4714 1 0 20 4 30 10 -1
        """
    private static let v6 = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000000000000000000001000000:1F93 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4715 1
           1: 00000000000000000000000000000000:1F94 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4716 1
        """

    private var table: ListeningTable {
        var table = ListeningTable()
        table.add(Array(Self.v4.utf8), isV4: true)
        table.add(Array(Self.v6.utf8), isV4: false)
        return table
    }

    @Test func `listening sockets alone are read, with their addresses`() {
        #expect(
            table.sockets.map { "\($0.address) \($0.inode)" } == [
                "127.0.0.1:8080 4711", "0.0.0.0:80 4712", "192.168.0.5:8081 4713", "[::1]:8083 4715", "[::]:8084 4716",
            ])
    }

    @Test(arguments: [(8080, true), (80, true), (8081, false), (8082, false), (8083, false), (9, false)])
    func `127.0.0.1 is reached by a socket of its own or one for all addresses`(_ port: Int, _ accepts: Bool) {
        #expect(table.accepts(port: UInt16(port)) == accepts)
    }

    @Test func `only trying tells whether a socket for all IPv6 addresses takes IPv4`() {
        #expect(table.accepts(port: 8084) == nil)
    }

    @Test func `sockets are found by what their processes hold`() {
        #expect(table.addresses(of: [4713, 4714, 9]).map(\.description) == ["192.168.0.5:8081"])
    }

    @Test(arguments: ["", "x", "0: 0100007F 0 0A", "0: ZZ:1 0:0 0A a b c d e 1", "0: 0100007F:1FFFF0 0:0 0A a b c d e 1"])
    func `what is no line of the table is passed over`(_ text: String) {
        var table = ListeningTable()
        table.add(Array(text.utf8), isV4: true)
        #expect(table.sockets.isEmpty)
    }

    @Test func `a process is read past any name, and descendants are found however deep`() throws {
        let entry = try #require(ProcessTable.Entry(pid: 7, stat: Array("7 (a) Z (b) S 3 5 5 0".utf8)))
        #expect(entry.parent == 3 && entry.group == 5 && !entry.isZombie)
        #expect(ProcessTable.Entry(pid: 7, stat: Array("7 (x) Z 3 5 5".utf8))?.isZombie == true)
        #expect(ProcessTable.Entry(pid: 7, stat: Array("nothing".utf8)) == nil)
        let table = ProcessTable(
            [(2, 1, 2), (3, 2, 3), (4, 3, 3), (9, 1, 9)].compactMap { pid, parent, group in
                ProcessTable.Entry(pid: Int32(pid), stat: Array("\(pid) (x) S \(parent) \(group) 0".utf8))
            })
        #expect(table.descendants(of: 2) == [3, 4] && table.hasLivingMember(of: 3) && !table.hasLivingMember(of: 7))
    }
}
