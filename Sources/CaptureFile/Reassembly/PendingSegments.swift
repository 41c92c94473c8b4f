/// Segments of one direction that wait behind a hole, in the order of their sequence numbers, with copies of their bytes.
///
/// Overlaps are settled here: what came first stays, a later segment keeps only what is new of it.
struct PendingSegments {
    struct Waiting {
        var sequence: UInt32
        var bytes: [UInt8]
        /// Bytes behind `bytes` that the snapshot length cut off.
        var cut: Int

        var end: UInt32 { sequence &+ UInt32(truncatingIfNeeded: bytes.count + cut) }
    }

    private(set) var segments: [Waiting] = []
    private(set) var bytes = 0

    var isEmpty: Bool { segments.isEmpty }

    /// Puts a segment in its place.
    mutating func insert(_ segment: Waiting) {
        // Most come in order behind those that wait already.
        var index = segments.count
        while index > 0, PendingSegments.distance(segments[index - 1].sequence, segment.sequence) <= 0 { index -= 1 }
        var segment = segment
        if index > 0 {
            let overlap = -Int(PendingSegments.distance(segments[index - 1].end, segment.sequence))
            if overlap > 0, !PendingSegments.trim(&segment, overlap) { return }
        }
        // What stands behind keeps its bytes; what lies wholly inside the new one is left to `take`, which steps over it.
        bytes += segment.bytes.count
        segments.insert(segment, at: index)
    }

    /// Takes the first segment if it begins at or before `next`.
    mutating func take(from next: UInt32) -> Waiting? {
        while let first = segments.first {
            let ahead = Int(PendingSegments.distance(next, first.sequence))
            guard ahead <= 0 else { return nil }
            segments.removeFirst()
            bytes -= first.bytes.count
            var segment = first
            if ahead < 0, !PendingSegments.trim(&segment, -ahead) { continue }
            return segment
        }
        return nil
    }

    /// How far the first waiting segment is ahead of `next`.
    func gap(from next: UInt32) -> UInt32? { segments.first.map { $0.sequence &- next } }

    /// Removes `count` bytes from the front; false if nothing is left.
    private static func trim(_ segment: inout Waiting, _ count: Int) -> Bool {
        let total = segment.bytes.count + segment.cut
        guard count < total else { return false }
        let ofBytes = min(count, segment.bytes.count)
        segment.bytes.removeFirst(ofBytes)
        segment.cut -= count - ofBytes
        segment.sequence &+= UInt32(truncatingIfNeeded: count)
        return true
    }

    /// How far `to` lies behind `from`, in sequence space.
    @inline(__always) static func distance(_ from: UInt32, _ to: UInt32) -> Int32 { Int32(bitPattern: to &- from) }
}
