import Glibc
public import Wire

/// The kernel's table of listening TCP sockets, as /proc/net/tcp and /proc/net/tcp6 show it.
///
/// It is read instead of connecting: a connection that says nothing and goes is an error to many servers, and shows in their output.
public struct ListeningTable: Sendable, Hashable {
    public struct Socket: Sendable, Hashable {
        public var address: SocketAddress
        /// What links it to the processes that hold it.
        public var inode: UInt64
    }

    public private(set) var sockets: [Socket] = []

    public init() {}

    /// The table of this network namespace; nil where it can't be read.
    public static func read() -> ListeningTable? {
        guard let v4 = ProcessFile.read("/proc/net/tcp") else { return nil }
        var table = ListeningTable()
        table.add(v4, isV4: true)
        if let v6 = ProcessFile.read("/proc/net/tcp6") { table.add(v6, isV4: false) }
        return table
    }

    /// Adds the lines of one file, whose first is its heading; what can't be read is passed over.
    public mutating func add(_ text: [UInt8], isV4: Bool) {
        for line in text.split(separator: 0x0A) {
            let fields = line.split(separator: 0x20, maxSplits: 10, omittingEmptySubsequences: true)
            // 0A: LISTEN
            guard fields.count > 9, fields[3].elementsEqual([0x30, 0x41]),
                let address = ListeningTable.address(fields[1], isV4: isV4),
                let inode = UInt64(String(decoding: fields[9], as: UTF8.self))
            else { continue }
            sockets.append(Socket(address: address, inode: inode))
        }
    }

    /// `0100007F:1F90`: the words of the address as this machine's numbers, then the port.
    private static func address(_ text: ArraySlice<UInt8>, isV4: Bool) -> SocketAddress? {
        let parts = text.split(separator: 0x3A)
        guard parts.count == 2, parts[0].count == (isV4 ? 8 : 32), let port = number(parts[1]),
            let port = UInt16(exactly: port)
        else { return nil }
        var words: [UInt64] = []
        var rest = parts[0]
        while !rest.isEmpty {
            guard let word = number(rest.prefix(8)) else { return nil }
            words.append(UInt64(UInt32(truncatingIfNeeded: word).bigEndian))
            rest = rest.dropFirst(8)
        }
        if isV4 { return SocketAddress(v4: UInt32(truncatingIfNeeded: words[0]), port: port) }
        return SocketAddress(high: words[0] << 32 | words[1], low: words[2] << 32 | words[3], port: port)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        UInt64(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    /// Whether a connection to 127.0.0.1 and `port` would be taken; nil where only trying tells, since `[::]` may take IPv4 or not.
    public func accepts(port: UInt16) -> Bool? {
        let here = sockets.filter { $0.address.port == port }.map(\.address)
        if here.contains(where: { $0.isV4 && ($0.host == "0.0.0.0" || $0.host == "127.0.0.1") }) { return true }
        return here.contains { !$0.isV4 && $0.high == 0 && $0.low == 0 } ? nil : false
    }

    /// What the processes with these inodes listen on.
    public func addresses(of inodes: Set<UInt64>) -> [SocketAddress] {
        var found: [SocketAddress] = []
        for socket in sockets where inodes.contains(socket.inode) && !found.contains(socket.address) {
            found.append(socket.address)
        }
        return found
    }
}
