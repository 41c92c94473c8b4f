public import Wire

/// The blocks of a capture of the wire: packets as an interface gave them, and not made up.
///
/// One interface, whose times are in nanoseconds. The blocks' layout is that of draft-ietf-opsawg-pcapng §4.
extension CaptureEncoder {
    /// The head of a file: the section and its only interface.
    ///
    /// - Parameters:
    ///   - link: LINKTYPE_ of the packets.
    ///   - snapshotLength: the most bytes of a packet.
    ///   - filter: what chose the packets, in libpcap's language.
    public mutating func begin(
        application: String, interface: String, link: UInt16, snapshotLength: UInt32, filter: String
    ) {
        section(application: application)
        block(0x0000_0001) { buffer in
            buffer.put16(link)
            buffer.put16(0)
            buffer.put32(snapshotLength)
            buffer.putOption(2, Array(interface.utf8))
            buffer.putOption(9, [CaptureEncoder.nanoseconds])
            // 0: the filter is a text and no program.
            if !filter.isEmpty { buffer.putOption(11, [0] + Array(filter.utf8)) }
            buffer.put32(0)
        }
    }

    /// A packet: what was captured of it, and how long it was.
    ///
    /// - Parameters:
    ///   - interface: which of the file's interfaces it came from.
    ///   - comment: what is said of it.
    public mutating func packet(
        _ bytes: RawSpan, originalLength: Int, at time: Timestamp, interface: Int = 0, comment: [UInt8]? = nil
    ) {
        block(0x0000_0006) { buffer in
            buffer.put32(UInt32(clamping: interface))
            buffer.put32(UInt32(truncatingIfNeeded: time.nanoseconds >> 32))
            buffer.put32(UInt32(truncatingIfNeeded: time.nanoseconds))
            buffer.put32(UInt32(clamping: bytes.byteCount))
            buffer.put32(UInt32(clamping: originalLength))
            buffer.putPadded(bytes)
            if let comment {
                buffer.putOption(1, comment)
                buffer.put32(0)
            }
        }
    }

    /// How the capture went, at its end.
    ///
    /// - Parameters:
    ///   - received: packets that passed the filter.
    ///   - dropped: of them, those for which the kernel had no room.
    ///   - droppedByInterface: those that the interface itself dropped.
    public mutating func statistics(
        received: UInt64, dropped: UInt64, droppedByInterface: UInt64, from start: Timestamp, to end: Timestamp
    ) {
        block(0x0000_0005) { buffer in
            buffer.put32(0)
            buffer.put32(UInt32(truncatingIfNeeded: end.nanoseconds >> 32))
            buffer.put32(UInt32(truncatingIfNeeded: end.nanoseconds))
            for (code, time) in [(UInt16(2), start), (3, end)] {
                buffer.put16(code)
                buffer.put16(8)
                buffer.put32(UInt32(truncatingIfNeeded: time.nanoseconds >> 32))
                buffer.put32(UInt32(truncatingIfNeeded: time.nanoseconds))
            }
            // if_recv and if_drop are the interface's own, filteraccept and osdrop the kernel's.
            for (code, value) in [(UInt16(5), droppedByInterface), (6, received), (7, dropped)] {
                buffer.put16(code)
                buffer.put16(8)
                buffer.put64(value)
            }
            buffer.put32(0)
        }
    }
}
