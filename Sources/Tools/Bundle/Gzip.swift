import CZlib

/// Compresses bytes as gzip does (RFC 1952), through zlib.
enum Gzip {
    /// - Returns: nil where zlib has no memory.
    static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        // 15 bits of window, and 16 for the header of gzip.
        guard
            deflateInit2_(
                &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        var result: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 64 << 10)
        var offset = 0
        while true {
            let count = min(bytes.count - offset, 1 << 20)
            let isLast = offset + count == bytes.count
            var code = Z_OK
            bytes.withUnsafeBytes { source in
                // zlib reads through a pointer that is not const; it does not write there.
                stream.next_in = UnsafeMutablePointer(
                    mutating: (source.baseAddress.map { $0 + offset })?.assumingMemoryBound(to: UInt8.self))
                stream.avail_in = UInt32(count)
                repeat {
                    let produced = room.withUnsafeMutableBufferPointer { target in
                        stream.next_out = target.baseAddress
                        stream.avail_out = UInt32(target.count)
                        code = deflate(&stream, isLast ? Z_FINISH : Z_NO_FLUSH)
                        return target.count - Int(stream.avail_out)
                    }
                    result += room[..<produced]
                } while stream.avail_out == 0
            }
            offset += count
            if isLast { return code == Z_STREAM_END ? result : nil }
        }
    }
}
