/// Makes frames of our own: pings and closes that Gatehouse injects, and whole dialogues for probes, tests and replay.
///
/// A frame in the client's role gets a masking key that the caller drew (RFC 6455 §5.3: fresh and unpredictable for each
/// frame); without one it is a server's frame. All functions append to a buffer that the caller owns.
public enum FrameWriter {
    /// Appends one frame.
    ///
    /// The caller keeps to the rules of §5.4 and §5.5: tests break them on purpose, so they are not checked here.
    public static func append(
        _ opcode: Opcode, _ payload: some Collection<UInt8>, isFinal: Bool = true, reservedBits: UInt8 = 0,
        maskingKey: UInt32? = nil, to buffer: inout [UInt8]
    ) {
        let header = FrameHeader(
            opcode: opcode, payloadLength: UInt64(payload.count), isFinal: isFinal, reservedBits: reservedBits,
            maskingKey: maskingKey)
        buffer.reserveCapacity(buffer.count + Int(header.headerLength) + payload.count)
        append(header, to: &buffer)
        guard let maskingKey else { return buffer.append(contentsOf: payload) }
        for (offset, byte) in payload.enumerated() {
            buffer.append(byte ^ UInt8(truncatingIfNeeded: maskingKey >> UInt32(24 - 8 * (offset & 3))))
        }
    }

    /// Appends a text message in one frame.
    public static func appendText(_ text: String, maskingKey: UInt32? = nil, to buffer: inout [UInt8]) {
        append(.text, text.utf8, maskingKey: maskingKey, to: &buffer)
    }

    /// Appends a ping with the first 125 bytes of `payload`.
    public static func appendPing(
        _ payload: some Collection<UInt8> = EmptyCollection(), maskingKey: UInt32? = nil, to buffer: inout [UInt8]
    ) {
        append(.ping, payload.prefix(125), maskingKey: maskingKey, to: &buffer)
    }

    /// Writes a ping of eight bytes and gives its length, at most 14: for heartbeats, of which hundreds go in one turn of a loop.
    ///
    /// - Parameter room: at least 14 bytes.
    public static func writePing(_ payload: UInt64, maskingKey: UInt32?, into room: UnsafeMutableRawBufferPointer) -> Int {
        guard room.count >= 14 else { return 0 }
        unsafe room.storeBytes(of: 0x89, toByteOffset: 0, as: UInt8.self)
        guard let maskingKey else {
            unsafe room.storeBytes(of: 0x08, toByteOffset: 1, as: UInt8.self)
            unsafe room.storeBytes(of: payload.bigEndian, toByteOffset: 2, as: UInt64.self)
            return 10
        }
        unsafe room.storeBytes(of: 0x88, toByteOffset: 1, as: UInt8.self)
        unsafe room.storeBytes(of: maskingKey.bigEndian, toByteOffset: 2, as: UInt32.self)
        let masked = payload ^ (UInt64(maskingKey) << 32 | UInt64(maskingKey))
        unsafe room.storeBytes(of: masked.bigEndian, toByteOffset: 6, as: UInt64.self)
        return 14
    }

    /// Appends a pong with the first 125 bytes of `payload`.
    public static func appendPong(
        _ payload: some Collection<UInt8> = EmptyCollection(), maskingKey: UInt32? = nil, to buffer: inout [UInt8]
    ) {
        append(.pong, payload.prefix(125), maskingKey: maskingKey, to: &buffer)
    }

    /// Appends a close frame.
    ///
    /// A code that may not stand on the wire (1005, 1006, 1015 and their like) gives an empty payload, which says
    /// "no code". A reason that is too long is cut before the character that would pass 123 bytes.
    public static func appendClose(
        _ code: CloseCode?, reason: String = "", maskingKey: UInt32? = nil, to buffer: inout [UInt8]
    ) {
        var payload: [UInt8] = []
        if let code, code.isValidOnWire {
            payload = [UInt8(code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)]
            for scalar in reason.unicodeScalars {
                let encoded = UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
                guard payload.count + encoded.count <= 2 + CloseFrame.longestReason else { break }
                payload.append(contentsOf: encoded)
            }
        }
        append(.close, payload, maskingKey: maskingKey, to: &buffer)
    }

    /// A close frame's bytes; see `appendClose`.
    public static func close(code: CloseCode?, reason: String = "", maskingKey: UInt32? = nil) -> [UInt8] {
        var buffer: [UInt8] = []
        appendClose(code, reason: reason, maskingKey: maskingKey, to: &buffer)
        return buffer
    }

    /// A ping's bytes; see `appendPing`.
    public static func ping(
        _ payload: some Collection<UInt8> = EmptyCollection(), maskingKey: UInt32? = nil
    ) -> [UInt8] {
        var buffer: [UInt8] = []
        appendPing(payload, maskingKey: maskingKey, to: &buffer)
        return buffer
    }

    /// A pong's bytes; see `appendPong`.
    public static func pong(
        _ payload: some Collection<UInt8> = EmptyCollection(), maskingKey: UInt32? = nil
    ) -> [UInt8] {
        var buffer: [UInt8] = []
        appendPong(payload, maskingKey: maskingKey, to: &buffer)
        return buffer
    }

    /// Appends a header in exactly the form that it declares, a longer one than needed included.
    public static func append(_ header: FrameHeader, to buffer: inout [UInt8]) {
        let mask: UInt8 = header.isMasked ? 0x80 : 0
        let length = header.payloadLength
        buffer.append(header.firstByte)
        switch Int(header.headerLength) - (header.isMasked ? 4 : 0) {
        case 2:
            buffer.append(mask | UInt8(truncatingIfNeeded: length) & 0x7F)
        case 4:
            buffer.append(mask | 126)
            appendBigEndian(length, bytes: 2, to: &buffer)
        default:
            buffer.append(mask | 127)
            appendBigEndian(length, bytes: 8, to: &buffer)
        }
        if let key = header.maskingKey { appendBigEndian(UInt64(key), bytes: 4, to: &buffer) }
    }

    private static func appendBigEndian(_ number: UInt64, bytes: Int, to buffer: inout [UInt8]) {
        for index in (0..<bytes).reversed() {
            buffer.append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8)))
        }
    }
}
