public import Wire

/// Reads the frames of one direction from buffers that may be cut anywhere.
///
/// It never holds a payload: it announces a header as soon as its last byte came, then the runs of payload that each
/// buffer has, then the end. What it keeps between buffers is the state below and nothing else, 32 bytes in all:
///
///     boundary ──bytes──► header ──complete──► payload ──last byte──► boundary
///         │                  │                    │
///         └──────── a fault, or a gap that hides a header ──────────► lost
///
/// A cut header waits in the spill, fourteen bytes inside the struct. In `lost` the parser takes every byte and says
/// nothing: where frames begin can't be known any more, and the relay goes on without it.
public struct FrameParser: Sendable {
    @usableFromInline enum State: Sendable {
        case boundary
        case header(HeaderSpill)
        case payload(length: UInt64, remaining: UInt64)
        case lost(FrameFault?)
    }

    /// Bytes of this direction that were read. In `lost`: where the frame began that broke the rules.
    @usableFromInline var position: UInt64 = 0
    @usableFromInline var state: State = .boundary
    @usableFromInline var rules: FrameRules
    @usableFromInline var insideMessage = false

    /// Begins at the first byte after the opening handshake.
    ///
    /// - Parameter allowedReservedBits: see `FrameRules`.
    @inlinable public init(direction: Direction, allowedReservedBits: UInt8 = 0) {
        rules = FrameRules(direction: direction, allowedReservedBits: allowedReservedBits)
    }

    /// Whose frames these are, and with which extensions.
    public var direction: Direction { rules.direction }

    /// Whether the bytes so far end with a frame's last byte, so that a frame of ours may stand here.
    @inlinable public var isAtFrameBoundary: Bool {
        if case .boundary = state { true } else { false }
    }

    /// Whether, besides, no fragmented message is open.
    @inlinable public var isAtMessageBoundary: Bool { isAtFrameBoundary && !insideMessage }

    /// Whether a fault or a gap took the parser's place away; it stays silent from there on.
    @inlinable public var isDesynchronised: Bool {
        if case .lost = state { true } else { false }
    }

    /// The fault that ended the reading, if one did, with the offset of its frame.
    public var desynchronised: LocatedFault? {
        if case .lost(let fault?) = state { LocatedFault(fault, at: position) } else { nil }
    }

    /// How many bytes of this direction were read as frames.
    @inlinable public var offset: UInt64 { position }

    /// The next event, or nil when the bytes are used up; call until then, because an `end` needs no byte.
    ///
    /// - Throws: The fault, once. The cursor then stands at its end, and all later calls give nil.
    public mutating func next(_ cursor: inout ByteCursor) throws(FrameFault) -> FrameEvent? {
        switch state {
        case .boundary:
            guard !cursor.isAtEnd else { return nil }
            guard let header = FrameHeader.read(cursor.bytes, at: cursor.offset) else {
                return try spill(HeaderSpill(), &cursor)
            }
            cursor.offset += Int(header.headerLength)
            position &+= UInt64(header.headerLength)
            return try begin(header, &cursor)
        case .header(let spilled):
            return try spill(spilled, &cursor)
        case .payload(let length, let remaining):
            guard remaining > 0 else {
                state = .boundary
                return .end
            }
            let start = cursor.offset
            let taken = cursor.skip(Int(clamping: remaining))
            guard taken > 0 else { return nil }
            position &+= UInt64(taken)
            state = .payload(length: length, remaining: remaining - UInt64(taken))
            return .payload(start..<start + taken, offsetInFrame: length - remaining)
        case .lost:
            cursor.offset = cursor.bytes.byteCount
            return nil
        }
    }

    /// Says that `count` bytes are missing from a capture. Inside a payload the place is still known; anywhere
    /// else, or past its end, it is lost.
    public mutating func missed(_ count: UInt64) {
        guard count > 0 else { return }
        switch state {
        case .payload(let length, let remaining) where count <= remaining:
            position &+= count
            state = .payload(length: length, remaining: remaining - count)
        case .lost:
            break
        default:
            state = .lost(nil)
        }
    }

    /// The bytes of a cut header that wait for their rest; allocates only if there are any.
    public var spilledBytes: [UInt8] {
        guard case .header(let spill) = state else { return [] }
        return (0..<Int(spill.count)).map { spill[$0] }
    }

    private mutating func spill(
        _ spilled: HeaderSpill, _ cursor: inout ByteCursor
    ) throws(FrameFault) -> FrameEvent? {
        var spill = spilled
        while let byte = cursor.next() {
            spill.append(byte)
            position &+= 1
            if spill.count == 2,
                let fault = rules.fault(first: spill[0], second: spill[1], insideMessage: insideMessage)
            {
                throw lose(fault, headerBytes: 2, &cursor)
            }
            if let header = spill.header { return try begin(header, &cursor) }
        }
        state = spill.count == 0 ? .boundary : .header(spill)
        return nil
    }

    private mutating func begin(_ header: FrameHeader, _ cursor: inout ByteCursor) throws(FrameFault) -> FrameEvent {
        if let fault = rules.fault(of: header, insideMessage: insideMessage) {
            throw lose(fault, headerBytes: UInt64(header.headerLength), &cursor)
        }
        if !header.opcode.isControl { insideMessage = !header.isFinal }
        state = .payload(length: header.payloadLength, remaining: header.payloadLength)
        return .header(header)
    }

    private mutating func lose(_ fault: FrameFault, headerBytes: UInt64, _ cursor: inout ByteCursor) -> FrameFault {
        position &-= headerBytes
        state = .lost(fault)
        cursor.offset = cursor.bytes.byteCount
        return fault
    }
}
