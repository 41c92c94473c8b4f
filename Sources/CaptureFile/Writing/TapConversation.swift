public import Wire

/// One TCP conversation as a tap makes it up: what Gatehouse relayed on one side of a session, as if it had been captured on the wire.
///
/// Gatehouse sees bytes, not packets. So the handshake of TCP is put before the first bytes, the bytes into segments, acknowledgements
/// where a real peer would have sent some, and FIN or RST at the end: with right numbers, lengths and checksums, so that no dissector finds
/// anything to complain of. Plain numbers: a writer holds one for each side of each session, 120 bytes.
public struct TapConversation: Sendable {
    public let side: Side
    /// Who opened the connection: the client downstream, Gatehouse upstream.
    public let initiator: SocketAddress
    public let responder: SocketAddress
    let isV4: Bool
    /// The next number of the initiator, and of the responder.
    private(set) var sent: (initiator: UInt32, responder: UInt32)
    /// Bytes since the other end last acknowledged.
    private var unacknowledged: (initiator: UInt32, responder: UInt32) = (0, 0)
    private var finished: (initiator: Bool, responder: Bool) = (false, false)
    /// Whether the opening was written.
    public private(set) var isOpen = false
    /// Whether both directions ended, or it was reset.
    public private(set) var isOver = false

    /// Payload bytes of one segment: what IPv4's length leaves beside both headers, in whole kilobytes.
    public static let longestSegment = 60 << 10
    /// Bytes after which the receiver acknowledges without having anything to say: well inside the window that both announce.
    private static let acknowledgeAfter: UInt32 = 1 << 20
    /// Window 65,535 with a scale of 14 (RFC 7323): nothing that Gatehouse relayed ever overran it.
    static let window: UInt16 = 65_535
    static let openingOptions: [UInt8] = [0x02, 0x04, 0xFF, 0xD7, 0x03, 0x03, 0x0E, 0x00]

    /// A conversation between two ends.
    ///
    /// - Parameter number: where the sequence numbers begin; any number, the session's for instance. Wrapping is no matter.
    public init(side: Side, initiator: SocketAddress, responder: SocketAddress, number: UInt32 = 1) {
        self.side = side
        self.initiator = initiator
        self.responder = responder
        isV4 = initiator.isV4 && responder.isV4
        sent = (number, number &+ 0x4000_0000)
    }

    /// Which end a packet comes from.
    public enum End: UInt8, Sendable, Hashable {
        case initiator, responder
        public var opposite: End { self == .initiator ? .responder : .initiator }
    }

    /// TCP's.
    struct Flags {
        static let fin: UInt8 = 0x01
        static let syn: UInt8 = 0x02
        static let rst: UInt8 = 0x04
        static let psh: UInt8 = 0x08
        static let ack: UInt8 = 0x10
    }

    // MARK: Events

    /// SYN, SYN-ACK, ACK; the comment stands on the first. Other events open by themselves if this wasn't called.
    public mutating func open(at time: Timestamp, comment: String? = nil, into encoder: inout CaptureEncoder) {
        guard !isOpen else { return }
        isOpen = true
        packet(.initiator, Flags.syn, nil, 0, nil, time, comment, &encoder)
        sent.initiator &+= 1
        packet(.responder, Flags.syn | Flags.ack, nil, 0, nil, time, nil, &encoder)
        sent.responder &+= 1
        packet(.initiator, Flags.ack, nil, 0, nil, time, nil, &encoder)
    }

    /// Bytes that `end` sent; the comment stands on their first segment.
    ///
    /// - Parameters:
    ///   - kept: how many of them go into the file; the packets say how long they were.
    ///   - sum: their sum, where they stand in another conversation as well and are one segment.
    public mutating func data(
        from end: End, _ bytes: RawSpan, keeping kept: Int = .max, sum: PayloadSum? = nil, at time: Timestamp,
        comment: String? = nil, into encoder: inout CaptureEncoder
    ) {
        if !isOpen { open(at: time, into: &encoder) }
        guard !isOver, !isFinished(end) else { return }
        let sum = bytes.byteCount <= TapConversation.longestSegment && kept >= bytes.byteCount ? sum : nil
        var offset = 0
        var comment = comment
        while offset < bytes.byteCount {
            let count = min(bytes.byteCount - offset, TapConversation.longestSegment)
            let captured = max(0, min(count, kept - offset))
            let isLast = offset + count == bytes.byteCount
            packet(
                end, isLast ? Flags.psh | Flags.ack : Flags.ack, bytes.extracting(offset..<offset + captured), count, sum, time,
                comment, &encoder)
            comment = nil
            advance(end, UInt32(count))
            offset += count
            acknowledgeIfDue(end, time, &encoder)
        }
    }

    /// Bytes that `end` sent and whose first part stands in whole pages elsewhere: those are inserted and not copied. All of it is one segment.
    ///
    /// - Parameters:
    ///   - pages: they have to stay where they are until the encoder's buffer forgets them.
    ///   - rest: what follows them; both are at most `longestSegment` bytes.
    ///   - sum: the sum of both.
    public mutating func data(
        from end: End, pages: UnsafeRawBufferPointer, _ rest: RawSpan, sum: PayloadSum, at time: Timestamp, comment: String? = nil,
        into encoder: inout CaptureEncoder
    ) {
        if !isOpen { open(at: time, into: &encoder) }
        guard !isOver, !isFinished(end) else { return }
        let count = pages.count + rest.byteCount
        precondition(count <= TapConversation.longestSegment, "TapConversation: \(count) bytes are no segment")
        packet(end, Flags.psh | Flags.ack, rest, count, sum, time, comment, &encoder, pages: pages)
        advance(end, UInt32(count))
        acknowledgeIfDue(end, time, &encoder)
    }

    /// Bytes that were relayed and are not in the file: the numbers go on without them, and a reader sees a gap.
    public mutating func missed(from end: End, _ count: UInt64) {
        advance(end, UInt32(truncatingIfNeeded: count))
    }

    /// FIN from `end`, acknowledged by the other.
    public mutating func finish(
        from end: End, at time: Timestamp, comment: String? = nil, into encoder: inout CaptureEncoder
    ) {
        if !isOpen { open(at: time, into: &encoder) }
        guard !isOver, !isFinished(end) else { return }
        packet(end, Flags.fin | Flags.ack, nil, 0, nil, time, comment, &encoder)
        advance(end, 1)
        if end == .initiator { finished.initiator = true } else { finished.responder = true }
        packet(end.opposite, Flags.ack, nil, 0, nil, time, nil, &encoder)
        clearUnacknowledged(end)
        isOver = finished.initiator && finished.responder
    }

    /// RST from `end`.
    public mutating func reset(
        from end: End, at time: Timestamp, comment: String? = nil, into encoder: inout CaptureEncoder
    ) {
        if !isOpen { open(at: time, into: &encoder) }
        guard !isOver else { return }
        packet(end, Flags.rst | Flags.ack, nil, 0, nil, time, comment, &encoder)
        isOver = true
    }

    /// Something that is to be said of this conversation and belongs to no bytes: an acknowledgement that carries the comment.
    public mutating func remark(_ comment: String, from end: End, at time: Timestamp, into encoder: inout CaptureEncoder) {
        if !isOpen { open(at: time, into: &encoder) }
        guard !isOver, !isFinished(end) else { return }
        packet(end, Flags.ack, nil, 0, nil, time, comment, &encoder)
        clearUnacknowledged(end.opposite)
    }

    // MARK: Numbers

    fileprivate func isFinished(_ end: End) -> Bool { end == .initiator ? finished.initiator : finished.responder }

    private mutating func advance(_ end: End, _ count: UInt32) {
        if end == .initiator {
            sent.initiator &+= count
            unacknowledged.initiator &+= count
        } else {
            sent.responder &+= count
            unacknowledged.responder &+= count
        }
    }

    private mutating func clearUnacknowledged(_ end: End) {
        if end == .initiator { unacknowledged.initiator = 0 } else { unacknowledged.responder = 0 }
    }

    @inline(__always)
    private mutating func acknowledgeIfDue(_ end: End, _ time: Timestamp, _ encoder: inout CaptureEncoder) {
        // What this segment acknowledged of the other direction.
        clearUnacknowledged(end.opposite)
        let open = end == .initiator ? unacknowledged.initiator : unacknowledged.responder
        guard open >= TapConversation.acknowledgeAfter else { return }
        packet(end.opposite, Flags.ack, nil, 0, nil, time, nil, &encoder)
        clearUnacknowledged(end)
    }
}

extension TapConversation {
    /// Whether an end of that kind would still make a packet.
    public func mayEnd(_ end: End, byReset: Bool) -> Bool { !isOver && (byReset || !isFinished(end)) }
}
