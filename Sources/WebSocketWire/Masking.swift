import Wire

/// Masks and unmasks payloads, which is the same act (RFC 6455 §5.3), on copies of ours.
///
/// Relayed bytes are never unmasked in place; only what must be read is, and only a bounded copy of it. `phase` is the
/// offset of the first byte in the frame's payload, so that a payload may be unmasked in pieces.
public enum Masking {
    /// Masks `bytes` in place.
    public static func apply(key: UInt32, phase: UInt64 = 0, to bytes: inout [UInt8]) {
        let count = bytes.count
        unsafe bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe xor(UnsafeRawPointer(base), base, count: count, key: key, phase: phase)
        }
    }

    /// Appends a masked copy of `range` of `bytes`, cut to what is there.
    public static func append(
        _ bytes: RawSpan, _ range: Range<Int>, key: UInt32, phase: UInt64 = 0, to output: inout [UInt8]
    ) {
        let range = range.clamped(to: 0..<bytes.byteCount)
        guard !range.isEmpty else { return }
        let start = output.count
        unsafe bytes.withUnsafeBytes { source in
            unsafe output.append(contentsOf: source[range])
        }
        unsafe output.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            let place = unsafe base + start
            unsafe xor(UnsafeRawPointer(place), place, count: range.count, key: key, phase: phase)
        }
    }

    /// Writes a masked copy of `range` of `bytes` to the start of `buffer` and gives its length, which is cut to
    /// what is there on both sides.
    @unsafe public static func copy(
        _ bytes: RawSpan, _ range: Range<Int>, key: UInt32, phase: UInt64 = 0, to buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        let range = range.clamped(to: 0..<bytes.byteCount)
        let count = min(range.count, buffer.count)
        guard count > 0, let base = buffer.baseAddress else { return 0 }
        unsafe bytes.withUnsafeBytes { source in
            guard let from = source.baseAddress else { return }
            unsafe xor(from + range.lowerBound, base, count: count, key: key, phase: phase)
        }
        return count
    }

    /// Hands out `range` of `bytes` unmasked, in runs of at most 1 KiB that hold for the call, until `take` says no.
    ///
    /// Bytes that are not masked are handed out as they lie there, in one run.
    public static func forEachPlainRun(
        of bytes: RawSpan, _ range: Range<Int>, key: UInt32?, phase: UInt64, _ take: (RawSpan) -> Bool
    ) {
        let range = range.clamped(to: 0..<bytes.byteCount)
        guard let key else {
            _ = take(bytes.extracting(range))
            return
        }
        unsafe withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { scratch in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let done = UInt64(truncatingIfNeeded: offset - range.lowerBound)
                let count = unsafe copy(bytes, offset..<range.upperBound, key: key, phase: phase &+ done, to: scratch)
                guard unsafe take(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(scratch)[..<count])) else { return }
                offset += count
            }
        }
    }

    /// The heart: sixteen bytes at a time from any address, the rest byte by byte. `source` may be `target`.
    private static func xor(
        _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, count: Int, key: UInt32, phase: UInt64
    ) {
        let turned = rotated(key, by: phase)
        // Four key bytes in memory order, so that a wide load meets them as the wire does.
        let word = turned.bigEndian
        let wide = SIMD4<UInt32>(repeating: word)
        var offset = 0
        while count - offset >= 16 {
            let block = unsafe source.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt32>.self)
            unsafe target.storeBytes(of: block ^ wide, toByteOffset: offset, as: SIMD4<UInt32>.self)
            offset += 16
        }
        while offset < count {
            let byte = UInt8(truncatingIfNeeded: turned >> UInt32(24 - 8 * (offset & 3)))
            let plain = unsafe source.load(fromByteOffset: offset, as: UInt8.self) ^ byte
            unsafe target.storeBytes(of: plain, toByteOffset: offset, as: UInt8.self)
            offset += 1
        }
    }

    /// The key as the payload byte at `phase` meets it: its first byte the most significant.
    private static func rotated(_ key: UInt32, by phase: UInt64) -> UInt32 {
        let bits = UInt32(phase & 3) * 8
        return bits == 0 ? key : key << bits | key >> (32 - bits)
    }
}
