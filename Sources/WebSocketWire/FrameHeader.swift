public import Wire

/// The header of one frame (RFC 6455 §5.2), as it stood on the wire: nothing is judged here.
///
///      0               1               2 … 3            2 … 9               then
///     +-+-+-+-+-------+-+-------------+----------------+-------------------+------------------+
///     |F|R|R|R| opcode|M| length: 0…  | 16 bits        | 64 bits           | masking key      |
///     |I|S|S|S|       |A| 125, 126,   | if length=126  | if length=127     | if M: 4 bytes    |
///     |N|V|V|V|       |S| 127         |                |                   |                  |
///     +-+-+-+-+-------+-+-------------+----------------+-------------------+------------------+
public struct FrameHeader: Sendable, Hashable {
    /// FIN, RSV1–RSV3 and the opcode.
    public var firstByte: UInt8
    /// How many bytes the header took: 2 … 14.
    public var headerLength: UInt8
    /// Whether the MASK bit is set.
    public var isMasked: Bool
    /// Backs `maskingKey`.
    @usableFromInline var key: UInt32
    /// The payload's length in bytes, all 64 bits as declared.
    public var payloadLength: UInt64

    /// A header in its shortest form, for writers and tests.
    public init(
        opcode: Opcode, payloadLength: UInt64, isFinal: Bool = true, reservedBits: UInt8 = 0, maskingKey: UInt32? = nil
    ) {
        firstByte = (isFinal ? 0x80 : 0) | (reservedBits & 0b111) << 4 | opcode.number
        isMasked = maskingKey != nil
        key = maskingKey ?? 0
        self.payloadLength = payloadLength
        headerLength = FrameHeader.shortestLength(payloadLength: payloadLength, isMasked: isMasked)
    }

    @inlinable init(firstByte: UInt8, headerLength: UInt8, isMasked: Bool, key: UInt32, payloadLength: UInt64) {
        self.firstByte = firstByte
        self.headerLength = headerLength
        self.isMasked = isMasked
        self.key = key
        self.payloadLength = payloadLength
    }

    /// Whether this frame is the last of its message.
    @inlinable public var isFinal: Bool { firstByte & 0x80 != 0 }

    /// RSV1, RSV2, RSV3 as a number of three bits; RSV1 is 0b100.
    @inlinable public var reservedBits: UInt8 { firstByte >> 4 & 0b111 }

    /// RSV1: "this message is compressed", where permessage-deflate was negotiated (RFC 7692 §6).
    @inlinable public var isCompressed: Bool { firstByte & 0x40 != 0 }

    /// What the frame is for.
    @inlinable public var opcode: Opcode { Opcode(firstByte) }

    /// The masking key with its first byte on the wire as the most significant, or nil if the frame isn't masked.
    @inlinable public var maskingKey: UInt32? { isMasked ? key : nil }

    /// Whether the length stood in the shortest of its three forms, as §5.2 demands.
    @inlinable public var isLengthMinimal: Bool {
        headerLength == FrameHeader.shortestLength(payloadLength: payloadLength, isMasked: isMasked)
    }

    /// The length of a header whose first two bytes are known, 2 … 14.
    @inlinable static func length(secondByte: UInt8) -> Int {
        let extended =
            switch secondByte & 0x7F {
            case 126: 2
            case 127: 8
            default: 0
            }
        return 2 + extended + (secondByte & 0x80 != 0 ? 4 : 0)
    }

    @inlinable static func shortestLength(payloadLength: UInt64, isMasked: Bool) -> UInt8 {
        let extended: UInt8 = payloadLength < 126 ? 0 : payloadLength <= 0xFFFF ? 2 : 8
        return 2 + extended + (isMasked ? 4 : 0)
    }

    /// Reads the header that begins at `offset`, or gives nil if it isn't there to its last byte.
    @inlinable public static func read(_ bytes: RawSpan, at offset: Int) -> FrameHeader? {
        guard offset >= 0, bytes.byteCount >= 2, offset <= bytes.byteCount - 2 else { return nil }
        let first = bytes.byte(at: offset)
        let second = bytes.byte(at: offset + 1)
        let length = FrameHeader.length(secondByte: second)
        guard bytes.byteCount - offset >= length else { return nil }
        let payloadLength: UInt64 =
            switch second & 0x7F {
            case 126: UInt64(bytes.bigEndian16(at: offset + 2))
            case 127: bytes.bigEndian64(at: offset + 2)
            case let short: UInt64(short)
            }
        var key: UInt32 = 0
        if second & 0x80 != 0 {
            let place = offset + length - 4
            key = UInt32(bytes.bigEndian16(at: place)) << 16 | UInt32(bytes.bigEndian16(at: place + 2))
        }
        return FrameHeader(
            firstByte: first, headerLength: UInt8(length), isMasked: second & 0x80 != 0, key: key,
            payloadLength: payloadLength)
    }
}
