import WebSocketWire

/// Frames as bytes, for both ends of the load.
enum FrameBytes {
    /// The header with which a server answers `frame`: not masked, a ping's answer being a pong.
    static func header(of frame: FrameHeader, answer: Bool) -> [UInt8] {
        let first = frame.opcode == .ping ? frame.firstByte & 0xF0 | Opcode.pong.number : frame.firstByte
        return header(firstByte: first, length: frame.payloadLength, key: nil)
    }

    /// A binary frame as a server sends it.
    static func unmasked(payload: [UInt8]) -> [UInt8] {
        header(firstByte: 0x82, length: UInt64(payload.count), key: nil) + payload
    }

    /// A frame as a client sends it.
    static func masked(opcode: Opcode, payload: [UInt8], key: UInt32) -> [UInt8] {
        var payload = payload
        Masking.apply(key: key, to: &payload)
        return header(firstByte: 0x80 | opcode.number, length: UInt64(payload.count), key: key) + payload
    }

    private static func header(firstByte: UInt8, length: UInt64, key: UInt32?) -> [UInt8] {
        let mask: UInt8 = key == nil ? 0 : 0x80
        var bytes = [firstByte]
        switch length {
        case 0..<126: bytes.append(mask | UInt8(length))
        case 126...0xFFFF: bytes += [mask | 126, UInt8(length >> 8), UInt8(length & 0xFF)]
        default:
            bytes.append(mask | 127)
            for shift in stride(from: UInt64(56), through: 0, by: -8) { bytes.append(UInt8(length >> shift & 0xFF)) }
        }
        if let key { for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(key >> shift & 0xFF)) } }
        return bytes
    }
}
