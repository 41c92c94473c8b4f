public import Wire

/// One end of a captured connection, by its place in the key.
public enum ConnectionEnd: UInt8, Sendable, Hashable {
    case a, b

    @inline(__always) public var opposite: ConnectionEnd { self == .a ? .b : .a }
}

/// The two addresses and ports of a TCP connection, the same for packets of either direction: the smaller end is `a`.
public struct ConnectionKey: Sendable, Hashable {
    public let aHigh: UInt64
    public let aLow: UInt64
    public let bHigh: UInt64
    public let bLow: UInt64
    /// The port of `a` in the upper half.
    public let ports: UInt32

    /// The key of a packet, and which of its ends sent it.
    @inline(__always)
    static func make(
        source: (high: UInt64, low: UInt64), _ sourcePort: UInt16, destination: (high: UInt64, low: UInt64),
        _ destinationPort: UInt16
    ) -> (key: ConnectionKey, sender: ConnectionEnd) {
        let sourceIsSmaller =
            source.low != destination.low
            ? source.low < destination.low
            : source.high != destination.high ? source.high < destination.high : sourcePort <= destinationPort
        return sourceIsSmaller
            ? (
                ConnectionKey(
                    aHigh: source.high, aLow: source.low, bHigh: destination.high, bLow: destination.low,
                    ports: UInt32(sourcePort) << 16 | UInt32(destinationPort)), .a
            )
            : (
                ConnectionKey(
                    aHigh: destination.high, aLow: destination.low, bHigh: source.high, bLow: source.low,
                    ports: UInt32(destinationPort) << 16 | UInt32(sourcePort)), .b
            )
    }

    init(aHigh: UInt64, aLow: UInt64, bHigh: UInt64, bLow: UInt64, ports: UInt32) {
        self.aHigh = aHigh
        self.aLow = aLow
        self.bHigh = bHigh
        self.bLow = bLow
        self.ports = ports
    }

    /// The address and port of an end.
    public func address(_ end: ConnectionEnd) -> SocketAddress {
        end == .a
            ? SocketAddress(high: aHigh, low: aLow, port: UInt16(truncatingIfNeeded: ports >> 16))
            : SocketAddress(high: bHigh, low: bLow, port: UInt16(truncatingIfNeeded: ports))
    }

    /// 32 bits that spread well. `seed` is drawn anew for each run, so that no file can be made whose keys all meet.
    @inline(__always)
    func hash(seed: UInt64) -> UInt32 {
        var value = seed ^ aLow &* 0x9E37_79B9_7F4A_7C15
        value = (value ^ value >> 32) &* 0xD6E8_FEB8_6659_FD93 ^ bLow &* 0xC2B2_AE3D_27D4_EB4F
        value = (value ^ value >> 29) &* 0xBF58_476D_1CE4_E5B9 ^ (aHigh &* 0x94D0_49BB_1331_11EB &+ bHigh)
        value = (value ^ value >> 31 ^ UInt64(ports)) &* 0x9FB2_1C65_1E98_DF25
        return UInt32(truncatingIfNeeded: value ^ value >> 32)
    }
}
