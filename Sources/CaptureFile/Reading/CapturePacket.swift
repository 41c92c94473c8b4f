package import Wire

/// One packet as a file holds it: where its bytes lie in the buffer that was decoded, and what the file says of it.
package struct CapturePacket: Sendable, Hashable {
    package var time: Timestamp
    package var link: LinkType
    /// The index of the interface in its section; 0 in pcap.
    package var interface: Int
    /// The captured bytes.
    package var bytes: Range<Int>
    /// How long the packet was before the snapshot length cut it.
    package var originalLength: Int
    /// The packet's first comment (pcapng).
    package var comment: Range<Int>?

    package init(
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
