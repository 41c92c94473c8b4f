public import Wire

/// Reads packets from the bytes of a capture of either format, which may be cut anywhere.
///
/// The caller keeps what `next` left unread and comes back with more behind it. Nothing is copied: a packet is a range of the cursor's
/// bytes. What a file claims is compared with what is there before it is used, and after a fault the decoder stays at its end.
public struct CaptureDecoder: Sendable {
    private enum Format: Sendable {
        case unknown
        case pcap(PcapDecoder)
        case pcapng
        case broken(CaptureFault)
    }

    private var format = Format.unknown
    private var blocks = PcapngDecoder()
    /// Where the next cursor's first byte stands in the file.
    public private(set) var position: UInt64 = 0

    public init() {}

    /// Packets of pcapng whose interface isn't described.
    public var orphans: UInt64 { blocks.orphans }

    /// Whether a file header has been read.
    public var hasBegun: Bool {
        if case .unknown = format { false } else { true }
    }

    /// The next packet, or nil if more bytes are needed.
    ///
    /// - Throws: What makes the rest unreadable; the same at every further call.
    @inline(__always)
    public mutating func next(_ cursor: inout ByteCursor) throws(CaptureFault) -> CapturePacket? {
        switch format {
        case .pcap(let decoder):
            do throws(CaptureFault) { return try decoder.next(&cursor, position: position) } catch { throw fail(error) }
        case .pcapng:
            do throws(CaptureFault) { return try blocks.next(&cursor, position: position) } catch { throw fail(error) }
        case .unknown:
            return try begin(&cursor)
        case .broken(let fault):
            throw fault
        }
    }

    /// Says that the next cursor begins `count` bytes further on.
    public mutating func consumed(_ count: Int) { position += UInt64(count) }

    @inline(never)
    private mutating func begin(_ cursor: inout ByteCursor) throws(CaptureFault) -> CapturePacket? {
        guard cursor.remaining >= 4 else { return nil }
        let magic = cursor.bytes.number32(at: cursor.offset, swapped: false)
        if magic == PcapngDecoder.sectionType {
            format = .pcapng
        } else if PcapDecoder.isMagic(magic) {
            guard cursor.remaining >= PcapDecoder.headerLength else { return nil }
            do throws(CaptureFault) {
                format = .pcap(try PcapDecoder(header: cursor.bytes, at: cursor.offset))
            } catch {
                throw fail(error)
            }
            cursor.offset += PcapDecoder.headerLength
        } else {
            throw fail(CaptureDecoder.fault(cursor.bytes.copied(cursor.offset..<cursor.offset + FileSignature.length)))
        }
        return try next(&cursor)
    }

    private static func fault(_ first: [UInt8]) -> CaptureFault {
        if first.starts(with: [0x1F, 0x8B]) { return .compressed(with: "gunzip") }
        if first.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) { return .compressed(with: "unzstd") }
        if first.starts(with: [0x04, 0x22, 0x4D, 0x18]) { return .compressed(with: "unlz4") }
        if first.starts(with: [0xFD, 0x37, 0x7A, 0x58]) { return .compressed(with: "unxz") }
        return .notACapture(first: first)
    }

    private mutating func fail(_ fault: CaptureFault) -> CaptureFault {
        format = .broken(fault)
        return fault
    }
}
