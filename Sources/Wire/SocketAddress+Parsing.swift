extension SocketAddress {
    /// The address that `text` spells without a port (`10.0.0.1`, `2001:db8::1`, `[::1]`), or nil.
    ///
    /// Strict: four decimal parts without leading zeros, RFC 4291 forms for IPv6; no zone.
    public init?(host text: some StringProtocol, port: UInt16 = 0) {
        var bytes = Array(text.utf8)
        if bytes.first == 0x5B, bytes.last == 0x5D { bytes = Array(bytes.dropFirst().dropLast()) }
        if let v4 = SocketAddress.parseV4(bytes[...]) {
            self.init(v4: v4, port: port)
        } else if let (high, low) = SocketAddress.parseV6(bytes) {
            self.init(high: high, low: low, port: port)
        } else {
            return nil
        }
    }

    private static func parseV4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != 0x30 else { return nil }
            var number: UInt32 = 0
            for byte in part {
                guard (0x30...0x39).contains(byte) else { return nil }
                number = number * 10 + UInt32(byte - 0x30)
            }
            guard number < 256 else { return nil }
            value = value << 8 | number
        }
        return value
    }

    private static func parseV6(_ bytes: [UInt8]) -> (UInt64, UInt64)? {
        guard bytes.contains(0x3A), bytes.count <= 45 else { return nil }
        var groups: [UInt16] = []
        var gap: Int?
        let parts = bytes.split(separator: 0x3A, omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                let atEdge = index == 0 || index == parts.count - 1
                if atEdge {
                    let neighbour = index == 0 ? 1 : index - 1
                    guard parts.count > 2, parts[neighbour].isEmpty else { return nil }
                    continue
                }
                if gap != nil { return nil }
                gap = groups.count
            } else if index == parts.count - 1, part.contains(0x2E) {
                guard let v4 = parseV4(part) else { return nil }
                groups += [UInt16(v4 >> 16), UInt16(truncatingIfNeeded: v4)]
            } else {
                guard part.count <= 4, let group = hexadecimal(part) else { return nil }
                groups.append(group)
            }
        }
        guard gap == nil ? groups.count == 8 : groups.count < 8 else { return nil }
        if let gap { groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap) }
        let halves = groups.reduce(into: (high: UInt64(0), low: UInt64(0))) { halves, group in
            halves.high = halves.high << 16 | halves.low >> 48
            halves.low = halves.low << 16 | UInt64(group)
        }
        return halves
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt16? {
        var value: UInt16 = 0
        for digit in digits {
            let nibble: UInt8
            switch digit {
            case 0x30...0x39: nibble = digit - 0x30
            case 0x41...0x46: nibble = digit - 0x41 + 10
            case 0x61...0x66: nibble = digit - 0x61 + 10
            default: return nil
            }
            value = value << 4 | UInt16(nibble)
        }
        return value
    }
}

/// A block of addresses such as `10.0.0.0/8` or `2001:db8::/32`.
public struct AddressBlock: Sendable, Hashable, CustomStringConvertible {
    private let network: SocketAddress
    /// Prefix length counted in the 128 bits of the mapped form.
    private let bits: Int

    /// The block that `text` spells; a bare address is a block of one.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, let address = SocketAddress(host: host) else { return nil }
        let width = address.isV4 ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(parts[1]), number <= width
            else { return nil }
            length = number
        }
        bits = length + 128 - width
        network = AddressBlock.masked(address, bits)
    }

    /// Whether `address` lies in the block; its port does not matter.
    public func contains(_ address: SocketAddress) -> Bool {
        AddressBlock.masked(address, bits) == network
    }

    public var description: String { "\(network.host)/\(network.isV4 && bits >= 96 ? bits - 96 : bits)" }

    private static func masked(_ address: SocketAddress, _ bits: Int) -> SocketAddress {
        let high = bits >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(bits))
        let low = bits <= 64 ? 0 : bits >= 128 ? UInt64.max : ~(UInt64.max >> UInt64(bits - 64))
        return SocketAddress(high: address.high & high, low: address.low & low, port: 0)
    }
}
