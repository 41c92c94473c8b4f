import Wire

/// Segments of one direction that wait behind a hole, in the order of their sequence numbers, with copies of their bytes.
///
/// Overlaps are settled here, so that no two of them have a byte in common: what came first stays, a later segment keeps only what is new of it.
struct PendingSegments {
    struct Waiting {
        var sequence: UInt32
        var bytes: [UInt8]
        /// Bytes behind `bytes` that the snapshot length cut off.
        var cut: Int
        /// When it was captured.
        var came: Timestamp

        var length: Int { bytes.count + cut }
        var end: UInt32 { sequence &+ UInt32(truncatingIfNeeded: length) }
    }

    private(set) var segments: [Waiting] = []
    /// About what the segments hold of memory: their bytes, and what each of them takes besides, which is more where they are short.
    private(set) var cost = 0
    /// When the direction was last told something: what waits is told as of no earlier time.
    var told = Timestamp.zero

    /// A segment's place in the array, with room to grow, and the array of its bytes.
    private static let overhead = 96

    var isEmpty: Bool { segments.isEmpty }

    /// Puts what is new of a segment in its place, in pieces where some of it waits already.
    mutating func insert(_ segment: Waiting) {
        // Most come in order behind those that wait already.
        var index = segments.count
        while index > 0, PendingSegments.distance(segment.sequence, segments[index - 1].end) > 0 { index -= 1 }
        var rest = segment
        while index < segments.count {
            let room = Int(PendingSegments.distance(rest.sequence, segments[index].sequence))
            if room >= rest.length { break }
            if room > 0 {
                put(PendingSegments.beginning(of: rest, room), at: index)
                index += 1
            }
            let known = Int(PendingSegments.distance(rest.sequence, segments[index].end))
            if !PendingSegments.trim(&rest, known) { return }
            index += 1
        }
        put(rest, at: index)
    }

    private mutating func put(_ segment: Waiting, at index: Int) {
        cost += segment.bytes.count + PendingSegments.overhead
        segments.insert(segment, at: index)
    }

    /// Takes the first segment if it begins at or before `next`.
    mutating func take(from next: UInt32) -> Waiting? {
        while let first = segments.first {
            let ahead = Int(PendingSegments.distance(next, first.sequence))
            guard ahead <= 0 else { return nil }
            segments.removeFirst()
            cost -= first.bytes.count + PendingSegments.overhead
            var segment = first
            if ahead < 0, !PendingSegments.trim(&segment, -ahead) { continue }
            return segment
        }
        return nil
    }

    /// How far the first waiting segment is ahead of `next`.
    func gap(from next: UInt32) -> UInt32? { segments.first.map { $0.sequence &- next } }

    /// As of when the first waiting segment is told.
    var firstCame: Timestamp { max(told, segments.first?.came ?? .zero) }

    /// The first `count` bytes, which are not all.
    private static func beginning(of segment: Waiting, _ count: Int) -> Waiting {
        var piece = segment
        piece.bytes = Array(segment.bytes.prefix(count))
        piece.cut = count - piece.bytes.count
        return piece
    }

    /// Removes `count` bytes from the front; false if nothing is left.
    private static func trim(_ segment: inout Waiting, _ count: Int) -> Bool {
        guard count > 0 else { return true }
        guard count < segment.length else { return false }
        let ofBytes = min(count, segment.bytes.count)
        segment.bytes.removeFirst(ofBytes)
        segment.cut -= count - ofBytes
        segment.sequence &+= UInt32(truncatingIfNeeded: count)
        return true
    }

    /// How far `to` lies behind `from`, in sequence space.
    @inline(__always) static func distance(_ from: UInt32, _ to: UInt32) -> Int32 { Int32(bitPattern: to &- from) }
}
