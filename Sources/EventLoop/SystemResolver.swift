import CLinux
public import Wire

/// The system's own way to look a name up: it blocks, and knows all that an administrator configured (hosts file, search domains).
public enum SystemResolver {
    /// Asks for the addresses of `host`.
    ///
    /// - Parameter most: The most addresses that are taken.
    /// - Returns: The addresses in the system's order; without any, the system's words for it, if it has some.
    public static func addresses(of host: String, port: UInt16, most: Int) -> (addresses: [SocketAddress], failure: String?) {
        var raw = Array(repeating: clinux_address(), count: most)
        let count = raw.withUnsafeMutableBufferPointer { clinux_resolve(host, port, $0.baseAddress, Int32(most)) }
        guard count > 0 else {
            return ([], count < 0 ? clinux_resolve_error(count).map { String(cString: $0) } ?? "error \(count)" : nil)
        }
        return (raw.prefix(Int(count)).map { SocketAddress($0) }, nil)
    }
}

extension SocketAddress {
    /// An address as the kernel and the resolver give it.
    init(_ raw: clinux_address) {
        var raw = raw
        var high: UInt64 = 0
        var low: UInt64 = 0
        var port: UInt16 = 0
        clinux_address_read(&raw, &high, &low, &port)
        self.init(high: high, low: low, port: port)
    }
}
