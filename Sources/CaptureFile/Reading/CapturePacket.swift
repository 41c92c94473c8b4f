public import Wire

/// One packet as a file holds it: where its bytes lie in the buffer that was decoded, and what the file says of it.
public struct CapturePacket: Sendable, Hashable {
    public var time: Timestamp
    public var link: LinkType
    /// The index of the interface in its section; 0 in pcap.
    public var interface: Int
    /// The captured bytes.
    public var bytes: Range<Int>
    /// How long the packet was before the snapshot length cut it.
    public var originalLength: Int
    /// The packet's first comment (pcapng).
    public var comment: Range<Int>?

    public init(
        time: Timestamp, link: LinkType, interface: Int, bytes: Range<Int>, originalLength: Int, comment: Range<Int>? = nil
    ) {
        self.time = time
        self.link = link
        self.interface = interface
        self.bytes = bytes
        self.originalLength = originalLength
        self.comment = comment
    }
}
