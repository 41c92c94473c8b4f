/// What a packet of a capture begins with: the link-layer header types that Gatehouse reads (tcpdump.org's LINKTYPE registry).
public enum LinkType: Sendable, Hashable {
    /// LINKTYPE_ETHERNET.
    case ethernet
    /// LINKTYPE_LINUX_SLL: what `tcpdump -i any` wrote for decades.
    case linuxCooked
    /// LINKTYPE_LINUX_SLL2: what it writes now.
    case linuxCooked2
    /// LINKTYPE_NULL: the loopback of BSD; a family in the byte order of the machine that captured.
    case null
    /// LINKTYPE_LOOP: the same in network order.
    case loop
    /// LINKTYPE_RAW, and the numbers that systems used for it before: an IP header of either version.
    case rawIP
    /// One that isn't read; its packets are counted and passed over.
    case other(UInt16)

    /// The type of a number in a file.
    public init(_ number: UInt16) {
        switch number {
        case 0: self = .null
        case 1: self = .ethernet
        case 12, 14, 101, 228, 229: self = .rawIP
        case 108: self = .loop
        case 113: self = .linuxCooked
        case 276: self = .linuxCooked2
        default: self = .other(number)
        }
    }
}
