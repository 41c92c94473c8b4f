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
        // Halves of 64-bit words in lanes of their own: no carry is lost below 2^32 words. Eight words a turn keep the vector units busy.
        var low = SIMD8<UInt64>.zero
        var high = SIMD8<UInt64>.zero
        var offset = 0
        while count - offset >= 64 {
            let words = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
            low &+= words & 0xFFFF_FFFF
            high &+= words &>> 32
            offset += 64
        }
        var total = (low &+ high).wrappedSum()
        while count - offset >= 4 {
            total &+= UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            offset += 4
        }
        while count - offset >= 2 {
            total &+= UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            offset += 2
        }
        if offset < count { total &+= UInt64(UInt16(bytes.load(fromByteOffset: offset, as: UInt8.self)).littleEndian) }
        add(total)
    }

    /// Adds what was summed up elsewhere, from an even place.
    @inline(__always) mutating func add(_ other: InternetChecksum) { add(other.sum) }

    /// Adds a 16-bit number in host order.
    @inline(__always) mutating func add(number: UInt16) { add(UInt64(number.bigEndian)) }

    /// Adds a sum of 16- or 32-bit words as they lie in memory, from an even place.
    @inline(__always) mutating func add(words sum: UInt64) { add(sum) }

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
