import Wire

/// From a packet's bytes to the TCP segment in it: link layer, VLAN tags, IPv4 or IPv6 with extension headers and fragments, TCP.
///
/// Whatever a header claims is held against the bytes that are there; what doesn't fit is counted and passed over. No checksum is
/// verified: captures on the sending machine have them unfilled (offload).
public struct SegmentDecoder {
    /// What was passed over, by why.
    public struct Counts: Sendable, Hashable {
        public var segments: UInt64 = 0
        /// Link layers that aren't read.
        public var unknownLink: UInt64 = 0
        public var notIP: UInt64 = 0
        public var notTCP: UInt64 = 0
        /// Headers that contradict the packet's length, or break their own format.
        public var malformed: UInt64 = 0
        /// Packets of which the snapshot length left no whole header.
        public var cut: UInt64 = 0
        public var fragments: UInt64 = 0
        /// Datagrams of which a fragment never came, or whose fragments overlap.
        public var fragmentsDropped: UInt64 = 0
    }

    public enum Decoded {
        case none
        /// In the packet's own bytes.
        case segment(Segment)
        /// In `assembled`.
        case assembled(Segment)
    }

    public private(set) var counts = Counts()
    private var fragments = FragmentAssembler()
    /// The datagram that the last fragment completed.
    public private(set) var assembled: [UInt8] = []

    public init() {}

    /// What the decoder passed over, fragments that never came together included.
    public var finalCounts: Counts {
        var counts = counts
        counts.fragmentsDropped = fragments.dropped + UInt64(fragments.waiting)
        return counts
    }

    /// Decodes one packet.
    ///
    /// - Parameter bytes: the buffer in which `packet.bytes` lies.
    @inline(__always)
    public mutating func decode(_ packet: CapturePacket, _ bytes: RawSpan) -> Decoded {
        let end = packet.bytes.upperBound
        var offset = packet.bytes.lowerBound
        switch packet.link {
        case .ethernet:
            guard end - offset >= 14 else { return cut() }
            let type = bytes.bigEndian16(at: offset + 12)
            offset += 14
            if type == 0x0800 || type == 0x86DD { break }
            guard skipTags(type, bytes, &offset, end) else { return .none }
        case .rawIP: break
        case .linuxCooked:
            guard end - offset >= 16 else { return cut() }
            let type = bytes.bigEndian16(at: offset + 14)
            offset += 16
            guard skipTags(type, bytes, &offset, end) else { return .none }
        case .linuxCooked2:
            guard end - offset >= 20 else { return cut() }
            let type = bytes.bigEndian16(at: offset)
            offset += 20
            guard skipTags(type, bytes, &offset, end) else { return .none }
        case .null, .loop:
            guard end - offset >= 4 else { return cut() }
            // Whoever captured on another byte order wrote the family the other way round; it is below 256 in either.
            let family = bytes.bigEndian32(at: offset)
            offset += 4
            guard [2, 10, 24, 28, 30].contains(family > 0xFFFF ? family.byteSwapped : family) else {
                counts.notIP += 1
                return .none
            }
        case .other:
            counts.unknownLink += 1
            return .none
        }
        let hidden = packet.originalLength - packet.bytes.count
        return network(bytes, offset, end, hidden: hidden, at: packet.time)
    }

    /// Steps over at most four VLAN tags; false if no IP stands behind them.
    private mutating func skipTags(_ first: UInt16, _ bytes: RawSpan, _ offset: inout Int, _ end: Int) -> Bool {
        var type = first
        var tags = 0
        while type == 0x8100 || type == 0x88A8 || type == 0x9100, tags < 4 {
            guard end - offset >= 4 else {
                counts.cut += 1
                return false
            }
            type = bytes.bigEndian16(at: offset + 2)
            offset += 4
            tags += 1
        }
        guard type == 0x0800 || type == 0x86DD else {
            counts.notIP += 1
            return false
        }
        return true
    }

    private mutating func cut() -> Decoded {
        counts.cut += 1
        return .none
    }

    private mutating func malformed() -> Decoded {
        counts.malformed += 1
        return .none
    }

    /// - Parameter hidden: bytes of the packet behind `end` that were not captured.
    @inline(__always)
    private mutating func network(_ bytes: RawSpan, _ offset: Int, _ end: Int, hidden: Int, at time: Timestamp) -> Decoded {
        guard end - offset >= 20 else { return end > offset && hidden == 0 ? malformed() : cut() }
        switch bytes.byte(at: offset) >> 4 {
        case 4: return version4(bytes, offset, end, hidden, time)
        case 6: return version6(bytes, offset, end, hidden, time)
        default:
            counts.notIP += 1
            return .none
        }
    }

    @inline(__always)
    private mutating func version4(
        _ bytes: RawSpan, _ start: Int, _ end: Int, _ hidden: Int, _ time: Timestamp
    ) -> Decoded {
        let header = Int(bytes.byte(at: start) & 0x0F) * 4
        guard header >= 20 else { return malformed() }
        guard end - start >= header else { return hidden > 0 ? cut() : malformed() }
        var total = Int(bytes.bigEndian16(at: start + 2))
        // Segments that the card was to cut are captured whole, with no length.
        if total == 0 { total = end - start + hidden }
        // A header that claims more than came by would be a gap that nothing fills.
        guard total >= header, total <= end - start + hidden else { return malformed() }
        guard bytes.byte(at: start + 9) == 6 else {
            counts.notTCP += 1
            return .none
        }
        let source = (high: UInt64(0), low: 0x0000_FFFF_0000_0000 | UInt64(bytes.bigEndian32(at: start + 12)))
        let destination = (high: UInt64(0), low: 0x0000_FFFF_0000_0000 | UInt64(bytes.bigEndian32(at: start + 16)))
        let place = bytes.bigEndian16(at: start + 6)
        if place & 0x3FFF != 0 {
            let piece = FragmentAssembler.Piece(
                source: source, destination: destination, identification: UInt32(bytes.bigEndian16(at: start + 4)),
                offset: Int(place & 0x1FFF) * 8, isLast: place & 0x2000 == 0)
            return fragment(piece, bytes, start + header, min(end, start + total), isWhole: end - start >= total, time)
        }
        return transport(bytes, start + header, end, length: total - header, source, destination).map { .segment($0) } ?? .none
    }

    private mutating func version6(
        _ bytes: RawSpan, _ start: Int, _ end: Int, _ hidden: Int, _ time: Timestamp
    ) -> Decoded {
        guard end - start >= 40 else { return hidden > 0 ? cut() : malformed() }
        var length = Int(bytes.bigEndian16(at: start + 4))
        if length == 0 { length = end - start - 40 + hidden }
        guard length <= end - start - 40 + hidden else { return malformed() }
        let source = (high: bytes.bigEndian64(at: start + 8), low: bytes.bigEndian64(at: start + 16))
        let destination = (high: bytes.bigEndian64(at: start + 24), low: bytes.bigEndian64(at: start + 32))
        var next = bytes.byte(at: start + 6)
        var offset = start + 40
        let total = offset + length
        for _ in 0..<16 {
            let size: Int
            switch next {
            case 6:
                return transport(bytes, offset, end, length: total - offset, source, destination).map { .segment($0) } ?? .none
            case 0, 43, 60, 135, 139, 140:
                guard end - offset >= 8 else { return hidden > 0 ? cut() : malformed() }
                size = (Int(bytes.byte(at: offset + 1)) + 1) * 8
            case 51:
                guard end - offset >= 8 else { return hidden > 0 ? cut() : malformed() }
                size = (Int(bytes.byte(at: offset + 1)) + 2) * 4
            case 44:
                guard end - offset >= 8 else { return hidden > 0 ? cut() : malformed() }
                guard bytes.byte(at: offset) == 6 else {
                    counts.notTCP += 1
                    return .none
                }
                let place = bytes.bigEndian16(at: offset + 2)
                if place & 0xFFF9 != 0 {
                    let piece = FragmentAssembler.Piece(
                        source: source, destination: destination, identification: bytes.bigEndian32(at: offset + 4),
                        offset: Int(place & 0xFFF8), isLast: place & 1 == 0)
                    return fragment(piece, bytes, offset + 8, min(end, total), isWhole: end >= total, time)
                }
                size = 8
            default:
                counts.notTCP += 1
                return .none
            }
            next = bytes.byte(at: offset)
            offset += size
            guard offset <= total, offset <= end else { return offset <= total && hidden > 0 ? cut() : malformed() }
        }
        return malformed()
    }

    @inline(never)
    private mutating func fragment(
        _ piece: FragmentAssembler.Piece, _ bytes: RawSpan, _ start: Int, _ end: Int, isWhole: Bool, _ time: Timestamp
    ) -> Decoded {
        counts.fragments += 1
        // A fragment that was cut can't be told from one that lies; neither can be put together.
        guard isWhole, start <= end else { return cut() }
        guard let whole = fragments.add(piece, bytes.extracting(start..<end), at: time) else { return .none }
        assembled = whole
        return transport(whole.span.bytes, 0, whole.count, length: whole.count, piece.source, piece.destination).map {
            .assembled($0)
        } ?? .none
    }

    /// - Parameter length: of the TCP segment as the IP header has it; more than is there if it was cut.
    @inline(__always)
    private mutating func transport(
        _ bytes: RawSpan, _ start: Int, _ end: Int, length: Int, _ source: (high: UInt64, low: UInt64),
        _ destination: (high: UInt64, low: UInt64)
    ) -> Segment? {
        guard length >= 20 else {
            counts.malformed += 1
            return nil
        }
        guard end - start >= 20 else {
            counts.cut += 1
            return nil
        }
        let header = Int(bytes.byte(at: start + 12) >> 4) * 4
        guard header >= 20, header <= length else {
            counts.malformed += 1
            return nil
        }
        let first = min(start + header, end)
        let captured = min(end - first, length - header)
        counts.segments &+= 1
        let (key, sender) = ConnectionKey.make(
            source: source, bytes.bigEndian16(at: start), destination: destination, bytes.bigEndian16(at: start + 2))
        return Segment(
            key: key, sender: sender, sequence: bytes.bigEndian32(at: start + 4),
            acknowledgement: bytes.bigEndian32(at: start + 8), flags: Segment.Flags(rawValue: bytes.byte(at: start + 13)),
            window: bytes.bigEndian16(at: start + 14), payload: first..<first + captured, cut: length - header - captured)
    }
}
