/// Where the pages of a paged record stand in its chunk, and what they add up to: the first of the record's bytes.
///
/// The record's other bytes follow, here and in the stream.
struct TapPages {
    /// Where they begin in the chunk.
    var place: Int
    var count: Int
    /// The sum of their 32-bit words as they lie in memory.
    var sum: UInt64

    static let size = 16

    @inline(__always)
    func write(to place: UnsafeMutableRawPointer) {
        place.storeBytes(of: UInt32(truncatingIfNeeded: self.place), as: UInt32.self)
        place.storeBytes(of: UInt32(truncatingIfNeeded: count), toByteOffset: 4, as: UInt32.self)
        place.storeBytes(of: sum, toByteOffset: 8, as: UInt64.self)
    }

    static func read(_ place: UnsafeRawPointer) -> TapPages {
        TapPages(
            place: Int(place.load(as: UInt32.self)), count: Int(place.load(fromByteOffset: 4, as: UInt32.self)),
            sum: place.load(fromByteOffset: 8, as: UInt64.self))
    }
}
