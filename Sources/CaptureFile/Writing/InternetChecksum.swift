import Wire

/// The checksum of IP and TCP (RFC 1071): the ones' complement of the ones' complement sum of 16-bit words.
///
/// The sum is the same in either byte order but for the order of its own bytes, so wide words are added as they lie in memory, and the
/// result is stored as it is.
struct InternetChecksum {
    private var sum: UInt64 = 0

    /// Adds bytes; only the last piece may have an odd number of them.
    @inline(__always)
    mutating func add(_ bytes: UnsafeRawPointer, _ count: Int) {
        // Four lanes of 32 bits in 64: no carry is lost below 2^32 words.
        var lanes = SIMD4<UInt64>(repeating: 0)
        var offset = 0
        while count - offset >= 16 {
            let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt32>.self)
            lanes &+= SIMD4<UInt64>(truncatingIfNeeded: words)
            offset += 16
        }
        var total = lanes[0] &+ lanes[1] &+ lanes[2] &+ lanes[3]
        while count - offset >= 2 {
            total &+= UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            offset += 2
        }
        if offset < count { total &+= UInt64(UInt16(bytes.load(fromByteOffset: offset, as: UInt8.self)).littleEndian) }
        add(total)
    }

    /// Adds a 16-bit number in host order.
    @inline(__always) mutating func add(number: UInt16) { add(UInt64(number.bigEndian)) }

    @inline(__always)
    private mutating func add(_ value: UInt64) {
        // Folded to 34 bits at most, so that pieces can be added without end.
        sum &+= (value & 0xFFFF_FFFF) &+ value >> 32
        sum = (sum & 0xFFFF_FFFF) &+ sum >> 32
    }

    /// The checksum, to be stored as it is.
    var value: UInt16 {
        var folded = sum
        while folded >> 16 != 0 { folded = (folded & 0xFFFF) + folded >> 16 }
        return ~UInt16(truncatingIfNeeded: folded)
    }
}
