import Wire

/// The records of a pcap file (the format of libpcap): a header of 24 bytes, then packets, each behind 16 bytes of its own.
///
/// The header's first four bytes give the byte order of all numbers and the unit of the times' fractions.
struct PcapDecoder: Sendable {
    /// Whether numbers are big-endian.
    private let swapped: Bool
    private let nanosecondsPerUnit: UInt64
    private let link: LinkType

    static let headerLength = 24
    private static let recordLength = 16

    /// The magic number, read as little-endian, in its two byte orders and two resolutions.
    static func isMagic(_ number: UInt32) -> Bool {
        switch number {
        case 0xA1B2_C3D4, 0xD4C3_B2A1, 0xA1B2_3C4D, 0x4D3C_B2A1: true
        default: false
        }
    }

    /// Reads the file's header, all of which must be there.
    init(header bytes: RawSpan, at offset: Int) throws(CaptureFault) {
        let magic = bytes.number32(at: offset, swapped: false)
        swapped = magic == 0xD4C3_B2A1 || magic == 0x4D3C_B2A1
        nanosecondsPerUnit = magic == 0xA1B2_3C4D || magic == 0x4D3C_B2A1 ? 1 : 1000
        let major = bytes.number16(at: offset + 4, swapped: swapped)
        let minor = bytes.number16(at: offset + 6, swapped: swapped)
        guard major == 2 else { throw .unsupportedVersion(major: major, minor: minor) }
        // The upper half tells of frame check sequences, which the IP length leaves out anyway.
        link = LinkType(UInt16(truncatingIfNeeded: bytes.number32(at: offset + 20, swapped: swapped)))
    }

    /// The next packet, or nil if it isn't there to its last byte.
    ///
    /// - Parameter position: of the cursor's first byte in the file, for faults.
    @inline(__always)
    func next(_ cursor: inout ByteCursor, position: UInt64) throws(CaptureFault) -> CapturePacket? {
        guard cursor.remaining >= PcapDecoder.recordLength else { return nil }
        let start = cursor.offset
        let captured = Int(cursor.bytes.number32(at: start + 8, swapped: swapped))
        guard captured <= CaptureLimits.packet else {
            throw .packetTooLong(at: position + UInt64(start), length: UInt64(captured))
        }
        guard cursor.remaining >= PcapDecoder.recordLength + captured else { return nil }
        let seconds = UInt64(cursor.bytes.number32(at: start, swapped: swapped))
        let fraction = UInt64(cursor.bytes.number32(at: start + 4, swapped: swapped))
        let original = Int(cursor.bytes.number32(at: start + 12, swapped: swapped))
        let first = start + PcapDecoder.recordLength
        cursor.offset = first + captured
        return CapturePacket(
            time: Timestamp(nanoseconds: seconds &* 1_000_000_000 &+ fraction &* nanosecondsPerUnit), link: link, interface: 0,
            bytes: first..<first + captured, originalLength: max(original, captured))
    }
}
