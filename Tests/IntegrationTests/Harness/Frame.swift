/// Frames as bytes, right or wrong in whatever way a test wants.
enum Frame {
    static let maskingKey: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    static func text(_ text: String, masked: Bool = false) -> [UInt8] { frame(0x1, Array(text.utf8), masked: masked) }
    static func binary(_ payload: [UInt8], masked: Bool = false) -> [UInt8] { frame(0x2, payload, masked: masked) }
    static func ping(_ payload: String = "", masked: Bool = false) -> [UInt8] {
        frame(0x9, Array(payload.utf8), masked: masked)
    }
    static func pong(_ payload: String = "", masked: Bool = false) -> [UInt8] {
        frame(0xA, Array(payload.utf8), masked: masked)
    }

    static func close(_ code: Int, _ reason: String = "", masked: Bool = false) -> [UInt8] {
        frame(0x8, [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8), masked: masked)
    }

    /// Any frame.
    ///
    /// - Parameters:
    ///   - reserved: RSV1 to RSV3 as the bits 4, 2 and 1
    ///   - key: the masking key, if it is to be masked
    static func frame(
        _ opcode: UInt8, _ payload: [UInt8], final: Bool = true, reserved: UInt8 = 0, masked: Bool = false,
        key: [UInt8] = maskingKey
    ) -> [UInt8] {
        var bytes: [UInt8] = [(final ? 0x80 : 0) | (reserved << 4) | opcode]
        let mask: UInt8 = masked ? 0x80 : 0
        switch payload.count {
        case 0..<126: bytes.append(mask | UInt8(payload.count))
        case 126..<65536: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [mask | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        guard masked else { return bytes + payload }
        return bytes + key + payload.enumerated().map { $0.element ^ key[$0.offset & 3] }
    }
}

/// A frame that a test received.
struct ReceivedFrame: Hashable {
    let opcode: UInt8
    let final: Bool
    let payload: [UInt8]

    var text: String { String(decoding: payload, as: UTF8.self) }
    var closeCode: Int? { opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil }
    var closeReason: String? {
        opcode == 8 && payload.count >= 2 ? String(decoding: payload[2...], as: UTF8.self) : nil
    }
}

extension RawConnection {
    /// The next frame, unmasked if it was masked.
    func readFrame() throws -> ReceivedFrame {
        let head = try read(2)
        var length = Int(head[1] & 0x7F)
        if length == 126 { length = try read(2).reduce(0) { $0 << 8 | Int($1) } }
        if length == 127 { length = try read(8).reduce(0) { $0 << 8 | Int($1) } }
        let key = head[1] & 0x80 != 0 ? try read(4) : [0, 0, 0, 0]
        let payload = try read(length).enumerated().map { $0.element ^ key[$0.offset & 3] }
        return ReceivedFrame(opcode: head[0] & 0x0F, final: head[0] & 0x80 != 0, payload: payload)
    }
}
