public import Wire

/// Which headers may stand in one direction of one session, and the fault of those that may not.
///
/// The first two bytes are judged before the rest of the header, whole or cut: so the same bytes give the same
/// fault wherever the buffers cut them, and a peer that sends two bad bytes and stops is found out at once.
public struct FrameRules: Sendable, Hashable {
    /// Whose frames these are: the client must mask, the server must not.
    public var direction: Direction
    /// The reserved bits that extensions gave a meaning: 0b100 (RSV1) where permessage-deflate is the one,
    /// 0b111 where an extension that nobody here knows is in force, 0 where there is none.
    public var allowedReservedBits: UInt8

    @inlinable public init(direction: Direction, allowedReservedBits: UInt8) {
        self.direction = direction
        self.allowedReservedBits = allowedReservedBits & 0b111
    }

    /// Whether the frames must be masked (§5.1). By pattern, not by `==`, which another module's enum answers
    /// through a witness table.
    @inlinable var mustMask: Bool {
        if case .clientToServer = direction { true } else { false }
    }

    /// The first fault of a header, in the order of its bytes.
    ///
    /// - Parameter insideMessage: whether a fragmented message is open.
    @inlinable public func fault(of header: FrameHeader, insideMessage: Bool) -> FrameFault? {
        // The length's 7-bit field, as far as the rules ask for it: only "more than 125" matters.
        let isLong = header.headerLength > (header.isMasked ? 6 : 2)
        if let fault = fault(
            first: header.firstByte, isLong: isLong, isMasked: header.isMasked, insideMessage: insideMessage)
        {
            return fault
        }
        if header.payloadLength >> 63 != 0 { return .lengthTooLarge }
        return header.isLengthMinimal ? nil : .lengthNotMinimal
    }

    /// The fault of a header of which only two bytes came.
    @inlinable func fault(first: UInt8, second: UInt8, insideMessage: Bool) -> FrameFault? {
        fault(
            first: first, isLong: second & 0x7F > 125, isMasked: second & 0x80 != 0, insideMessage: insideMessage)
    }

    @inlinable func fault(first: UInt8, isLong: Bool, isMasked: Bool, insideMessage: Bool) -> FrameFault? {
        let opcode = first & 0x0F
        let reserved = first >> 4 & 0b111
        if reserved & ~allowedReservedBits != 0 { return .reservedBits }
        switch opcode {
        case 0x0, 0x1, 0x2, 0x8, 0x9, 0xA: break
        default: return .reservedOpcode
        }
        // RFC 7692 §6.1 speaks for permessage-deflate alone; an unknown extension may have other rules.
        if reserved != 0, allowedReservedBits == 0b100, opcode == 0x0 || opcode >= 0x8 { return .reservedBitMisplaced }
        if opcode >= 0x8 {
            if first & 0x80 == 0 { return .controlFragmented }
            if isLong { return .controlTooLong }
        }
        if mustMask != isMasked { return mustMask ? .unmaskedFromClient : .maskedFromServer }
        if opcode == 0x0, !insideMessage { return .continuationWithoutStart }
        if opcode == 0x1 || opcode == 0x2, insideMessage { return .dataInsideMessage }
        return nil
    }
}
