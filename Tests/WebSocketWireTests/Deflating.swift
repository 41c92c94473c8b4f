import CZlib
import Testing

/// A peer's compressor (RFC 7692 §7.2.1), so that tests read what zlib writes.
final class Deflater {
    private var state = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let takesOverContext: Bool

    init(windowBits: Int32 = 15, takesOverContext: Bool = true, level: Int32 = 6, strategy: Int32 = Z_DEFAULT_STRATEGY) {
        self.takesOverContext = takesOverContext
        state.initialize(to: z_stream())
        let code = deflateInit2_(
            state, level, Z_DEFLATED, -windowBits, 8, strategy, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK)
    }

    deinit {
        deflateEnd(state)
        state.deallocate()
    }

    /// The payload of one message: deflated, flushed, and without the tail 00 00 FF FF.
    func message(_ plain: [UInt8]) -> [UInt8] {
        var input = plain
        var output = [UInt8](repeating: 0, count: plain.count + plain.count / 8 + 1024)
        let count = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                state.pointee.next_in = source.baseAddress
                state.pointee.avail_in = UInt32(source.count)
                state.pointee.next_out = target.baseAddress
                state.pointee.avail_out = UInt32(target.count)
                precondition(deflate(state, Z_SYNC_FLUSH) == Z_OK && state.pointee.avail_in == 0)
                return target.count - Int(state.pointee.avail_out)
            }
        }
        precondition(Array(output[..<count].suffix(4)) == [0, 0, 0xFF, 0xFF])
        if !takesOverContext { deflateReset(state) }
        return Array(output[..<(count - 4)])
    }
}
