import Wire

/// The blocks of a pcapng file: sections, interfaces, packets; everything else is passed over by its length.
///
///     +------------+--------------+------------------ … --+--------------+
///     | type       | total length | body, padded to four  | total length |
///     +------------+--------------+------------------ … --+--------------+
///
/// A section header may come at any place, sets the byte order anew and forgets the interfaces. Blocks that hold no packet may be longer
/// than any buffer: they are skipped as their bytes come, so that a block that claims four gigabytes costs none.
struct PcapngDecoder: Sendable {
    private var swapped = false
    private var interfaces: [CaptureInterface] = []
    /// Bytes of a block that are still to be passed over.
    private var toSkip: UInt64 = 0
    /// Packets that name an interface which the section doesn't have.
    private(set) var orphans: UInt64 = 0
    /// Decryption Secrets Blocks that were passed over.
    private(set) var secrets: UInt64 = 0

    static let sectionType: UInt32 = 0x0A0D_0D0A
    private static let byteOrderMagic: UInt32 = 0x1A2B_3C4D

    private enum Body { case section, interface, packet, simplePacket, obsoletePacket, skipped }

    /// The next packet, or nil if more bytes are needed; blocks before it are taken on the way.
    ///
    /// - Parameter position: of the cursor's first byte in the file, for faults.
    mutating func next(_ cursor: inout ByteCursor, position: UInt64) throws(CaptureFault) -> CapturePacket? {
        while true {
            if toSkip > 0 {
                toSkip -= UInt64(cursor.skip(Int(clamping: toSkip)))
                if toSkip > 0 { return nil }
            }
            guard cursor.remaining >= 12 else { return nil }
            let start = cursor.offset
            let at = position + UInt64(start)
            let type = cursor.bytes.number32(at: start, swapped: swapped)
            if type == PcapngDecoder.sectionType {
                let magic = cursor.bytes.number32(at: start + 8, swapped: false)
                guard magic == PcapngDecoder.byteOrderMagic || magic.byteSwapped == PcapngDecoder.byteOrderMagic else {
                    throw .brokenBlock(at: at, length: UInt64(cursor.bytes.number32(at: start + 4, swapped: false)))
                }
                swapped = magic != PcapngDecoder.byteOrderMagic
            }
            let length = Int(cursor.bytes.number32(at: start + 4, swapped: swapped))
            // A capture that nobody closed may end with room that was kept for more.
            if type == 0, length == 0 { return nil }
            guard length >= 12, length & 3 == 0 else { throw .brokenBlock(at: at, length: UInt64(length)) }
            let (body, shortest) = PcapngDecoder.body(of: type)
            guard body != .skipped else {
                if type == 0x0000_000A { secrets += 1 }
                toSkip = UInt64(length)
                continue
            }
            guard length >= shortest else { throw .brokenBlock(at: at, length: UInt64(length)) }
            guard length <= CaptureLimits.block else {
                if body == .section || body == .interface { throw .brokenBlock(at: at, length: UInt64(length)) }
                throw .packetTooLong(at: at, length: UInt64(length))
            }
            guard cursor.remaining >= length else { return nil }
            let end = start + length - 4
            guard Int(cursor.bytes.number32(at: end, swapped: swapped)) == length else {
                throw .brokenBlock(at: at, length: UInt64(length))
            }
            cursor.offset = start + length
            switch body {
            case .section:
                let major = cursor.bytes.number16(at: start + 12, swapped: swapped)
                guard major == 1 else {
                    throw .unsupportedVersion(major: major, minor: cursor.bytes.number16(at: start + 14, swapped: swapped))
                }
                interfaces.removeAll(keepingCapacity: true)
            case .interface: try addInterface(cursor.bytes, start, end, at)
            case .packet, .obsoletePacket, .simplePacket:
                if let packet = try packet(body, cursor.bytes, start, end, at) { return packet }
            case .skipped: break
            }
        }
    }

    private static func body(of type: UInt32) -> (Body, shortest: Int) {
        switch type {
        case sectionType: (.section, 28)
        case 0x0000_0001: (.interface, 20)
        case 0x0000_0002: (.obsoletePacket, 32)
        case 0x0000_0003: (.simplePacket, 16)
        case 0x0000_0006: (.packet, 32)
        default: (.skipped, 12)
        }
    }

    private mutating func addInterface(_ bytes: RawSpan, _ start: Int, _ end: Int, _ at: UInt64) throws(CaptureFault) {
        guard interfaces.count < CaptureLimits.interfaces else { throw .tooManyInterfaces(at: at) }
        var interface = CaptureInterface(
            link: LinkType(bytes.number16(at: start + 8, swapped: swapped)),
            snapshotLength: Int(bytes.number32(at: start + 12, swapped: swapped)))
        var options = PcapngOptions(start + 16, end: end, swapped: swapped)
        while let (code, value) = options.next(in: bytes) {
            switch code {
            case 2: interface.name = String(decoding: bytes.copied(value.prefix(256)), as: UTF8.self)
            case 9 where value.count == 1:
                let resolution = bytes.byte(at: value.lowerBound)
                guard interface.setResolution(resolution) else { throw .badTimeResolution(at: at, value: resolution) }
            case 14 where value.count == 8:
                let low = UInt64(bytes.number32(at: value.lowerBound + (swapped ? 4 : 0), swapped: swapped))
                let high = UInt64(bytes.number32(at: value.lowerBound + (swapped ? 0 : 4), swapped: swapped))
                interface.offset = Int64(bitPattern: high << 32 | low)
            default: break
            }
        }
        interfaces.append(interface)
    }

    /// A packet of any of the three blocks, or nil if its interface isn't known.
    @inline(__always)
    private mutating func packet(
        _ body: Body, _ bytes: RawSpan, _ start: Int, _ end: Int, _ at: UInt64
    ) throws(CaptureFault) -> CapturePacket? {
        let index: Int
        switch body {
        case .packet: index = Int(bytes.number32(at: start + 8, swapped: swapped))
        case .obsoletePacket: index = Int(bytes.number16(at: start + 8, swapped: swapped))
        default: index = 0
        }
        guard index < interfaces.count else {
            orphans += 1
            return nil
        }
        if body == .simplePacket {
            let original = Int(bytes.number32(at: start + 8, swapped: swapped))
            let limit = interfaces[0].snapshotLength
            let captured = min(original, limit == 0 ? original : limit)
            guard captured <= end - start - 12 else { throw .brokenBlock(at: at, length: UInt64(end + 4 - start)) }
            return CapturePacket(
                time: .zero, link: interfaces[0].link, interface: 0, bytes: start + 12..<start + 12 + captured,
                originalLength: original)
        }
        let captured = Int(bytes.number32(at: start + 20, swapped: swapped))
        guard captured <= end - start - 28 else { throw .brokenBlock(at: at, length: UInt64(end + 4 - start)) }
        let high = UInt64(bytes.number32(at: start + 12, swapped: swapped))
        let low = UInt64(bytes.number32(at: start + 16, swapped: swapped))
        let original = Int(bytes.number32(at: start + 24, swapped: swapped))
        let first = start + 28
        var comment: Range<Int>?
        let padded = first + (captured + 3) & ~3
        if body == .packet, padded < end { comment = self.comment(bytes, padded, end) }
        return CapturePacket(
            time: interfaces[index].time(high << 32 | low), link: interfaces[index].link, interface: index,
            bytes: first..<first + captured, originalLength: max(original, captured), comment: comment)
    }

    private func comment(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Range<Int>? {
        var options = PcapngOptions(start, end: end, swapped: swapped)
        while let (code, value) = options.next(in: bytes) {
            if code == 1 { return value }
        }
        return nil
    }
}

/// The options at the end of a block: a code, a length, the value padded to four bytes; code 0 ends them, and so does the block.
struct PcapngOptions {
    private var position: Int
    private let end: Int
    private let swapped: Bool

    init(_ start: Int, end: Int, swapped: Bool) {
        position = start
        self.end = end
        self.swapped = swapped
    }

    /// The next option whose value lies in the block.
    mutating func next(in bytes: RawSpan) -> (code: UInt16, value: Range<Int>)? {
        guard position <= end - 4 else { return nil }
        let code = bytes.number16(at: position, swapped: swapped)
        let length = Int(bytes.number16(at: position + 2, swapped: swapped))
        guard code != 0, length <= end - position - 4 else { return nil }
        let start = position + 4
        position = start + (length + 3) & ~3
        return (code, start..<start + length)
    }
}
