import Wire

/// Frames written where they are sent from, without a buffer between.
extension FrameWriter {
    /// Writes a frame whose header is in its shortest form, its payload masked if the header has a key, and gives its length.
    ///
    /// - Returns: 0, and nothing is written, where `room` is too small or `payload` has another length than the header says.
    public static func write(_ header: FrameHeader, _ payload: RawSpan, into room: UnsafeMutableRawBufferPointer) -> Int {
        let start = Int(header.headerLength)
        guard header.isLengthMinimal, UInt64(payload.byteCount) == header.payloadLength, room.count >= start,
            room.count - start >= payload.byteCount
        else { return 0 }
        let mask: UInt8 = header.isMasked ? 0x80 : 0
        unsafe room.storeBytes(of: header.firstByte, toByteOffset: 0, as: UInt8.self)
        switch header.payloadLength {
        case ..<126:
            unsafe room.storeBytes(of: mask | UInt8(truncatingIfNeeded: payload.byteCount), toByteOffset: 1, as: UInt8.self)
        case ...0xFFFF:
            unsafe room.storeBytes(of: mask | 126, toByteOffset: 1, as: UInt8.self)
            unsafe room.storeBytes(of: UInt16(truncatingIfNeeded: payload.byteCount).bigEndian, toByteOffset: 2, as: UInt16.self)
        default:
            unsafe room.storeBytes(of: mask | 127, toByteOffset: 1, as: UInt8.self)
            unsafe room.storeBytes(of: header.payloadLength.bigEndian, toByteOffset: 2, as: UInt64.self)
        }
        if let key = header.maskingKey { unsafe room.storeBytes(of: key.bigEndian, toByteOffset: start - 4, as: UInt32.self) }
        // The key 0 leaves bytes as they are.
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[start...])
        return unsafe start + Masking.copy(payload, 0..<payload.byteCount, key: header.maskingKey ?? 0, to: target)
    }
}
