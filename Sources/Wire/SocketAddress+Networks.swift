extension SocketAddress {
    /// Whether this is an address that no stranger of the public network has: RFC 1918, the shared space of RFC 6598, link-local, `fc00::/7`.
    public var isPrivate: Bool {
        guard isV4 else { return high >> 57 == 0xFC >> 1 || high >> 54 == 0xFE80 >> 6 }
        let address = UInt32(truncatingIfNeeded: low)
        return address >> 24 == 10 || address >> 20 == 0xAC1 || address >> 16 == 0xC0A8 || address >> 22 == 0x6440 >> 6
            || address >> 16 == 0xA9FE
    }

    /// The network that one party may have all of: the /24 of an IPv4 address, the /64 of an IPv6 address; port 0.
    public var network: SocketAddress {
        isV4 ? SocketAddress(high: high, low: low & ~0xFF, port: 0) : SocketAddress(high: high, low: 0, port: 0)
    }
}
