import CZlib
import WebSocketWire
import Wire

/// Compresses a client's messages as a handshake agreed on it (RFC 7692 §7.2.1).
///
/// A class, because zlib's state must not move.
final class MessageDeflater {
    private let state = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let takesOverContext: Bool
    /// The end of what a flush writes, which the receiver puts there again.
    private static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    /// - Returns: nil where zlib can't do it: it writes no window of 256 bytes. Messages then go out as they are, which is always allowed.
    init?(_ agreed: PermessageDeflate) {
        takesOverContext = agreed.takesOverContext(.clientToServer)
        let bits = agreed.windowBits(.clientToServer)
        state.initialize(to: z_stream())
        guard bits >= 9,
            deflateInit2_(
                state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -Int32(bits), 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
    }

    deinit {
        // For a state that was never made, zlib only says so.
        deflateEnd(state)
        state.deallocate()
    }

    /// The payload of one message; nil where zlib failed, after which nothing may be compressed any more.
    func message(_ plain: [UInt8]) -> [UInt8]? {
        // The empty message is one empty block (§7.2.3.6); zlib has nothing to flush for it.
        if plain.isEmpty { return [0x00] }
        var result: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 16 << 10)
        var code = Z_OK
        plain.withUnsafeBytes { source in
            // zlib reads through a pointer that is not const; it does not write there.
            state.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            state.pointee.avail_in = UInt32(source.count)
            repeat {
                let produced = room.withUnsafeMutableBufferPointer { target in
                    state.pointee.next_out = target.baseAddress
                    state.pointee.avail_out = UInt32(target.count)
                    code = deflate(state, Z_SYNC_FLUSH)
                    return target.count - Int(state.pointee.avail_out)
                }
                result += room[..<produced]
            } while state.pointee.avail_out == 0
            state.pointee.next_in = nil
        }
        // Z_BUF_ERROR: the last room was filled to its end, and there was no more.
        guard code == Z_OK || code == Z_BUF_ERROR, result.suffix(4).elementsEqual(MessageDeflater.tail) else { return nil }
        result.removeLast(4)
        if !takesOverContext { deflateReset(state) }
        return result
    }
}
