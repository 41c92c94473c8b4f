/// An IP address and port, or the path of a Unix socket, as a value without I/O.
///
/// IPv4 is kept as an IPv4-mapped IPv6 address, so that one comparison serves both families.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address, network order, most significant half first; IPv4 as ::ffff:a.b.c.d.
    public var high: UInt64
    public var low: UInt64
    public var port: UInt16

    @inlinable public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    /// An IPv4 address from its 32 bits in host order.
    @inlinable public init(v4 address: UInt32, port: UInt16) {
        self.init(high: 0, low: 0x0000_FFFF_0000_0000 | UInt64(address), port: port)
    }

    /// Whether this is an IPv4 address.
    @inlinable public var isV4: Bool { high == 0 && low >> 32 == 0x0000_FFFF }

    /// Whether both are the same address, whatever their ports.
    @inlinable public func isSameHost(as other: SocketAddress) -> Bool { high == other.high && low == other.low }

    /// Whether this is 127.0.0.0/8 or ::1.
    @inlinable public var isLoopback: Bool {
        isV4 ? low & 0xFF00_0000 == 0x7F00_0000 : high == 0 && low == 1
    }

    /// The address without its port: `203.0.113.7` or `2001:db8::1`.
    public var host: String {
        guard isV4 else { return compressedV6 }
        let octets: [UInt64] = [low >> 24 & 0xFF, low >> 16 & 0xFF, low >> 8 & 0xFF, low & 0xFF]
        return octets.map { String($0) }.joined(separator: ".")
    }

    /// `203.0.113.7:443` or `[2001:db8::1]:443`.
    public var description: String { isV4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

    /// RFC 5952: lower case, no leading zeros, the longest run of at least two zero groups shortened.
    private var compressedV6: String {
        var groups: [UInt16] = []
        for half in [high, low] {
            for shift: UInt64 in [48, 32, 16, 0] { groups.append(UInt16(truncatingIfNeeded: half >> shift)) }
        }
        var best = 0..<0
        var start: Int?
        for index in 0...8 {
            if index < 8, groups[index] == 0 {
                if start == nil { start = index }
            } else if let from = start {
                if index - from > best.count { best = from..<index }
                start = nil
            }
        }
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard best.count > 1 else { return text(0..<8) }
        return text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
    }
}
