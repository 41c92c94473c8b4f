import Wire

/// Puts fragmented IP datagrams together, within bounds.
///
/// The policy is RFC 5722's, for both versions: fragments that overlap in anything but an exact repetition drop their datagram. At
/// most `limit` datagrams wait at a time; the eldest is let go for a new one, and one that waits longer than `patience` of the
/// capture's own time is taken for lost. One of more than `pieces` separate pieces is no datagram that a router cut.
struct FragmentAssembler {
    struct Piece {
        var source: (high: UInt64, low: UInt64)
        var destination: (high: UInt64, low: UInt64)
        var identification: UInt32
        /// Bytes of the datagram before it.
        var offset: Int
        var isLast: Bool
    }

    private struct Datagram {
        var source: (high: UInt64, low: UInt64)
        var destination: (high: UInt64, low: UInt64)
        var identification: UInt32
        var began: Timestamp
        var bytes: [UInt8] = []
        /// Which bytes are there, in order, neighbours joined.
        var present: [Range<Int>] = []
        var total: Int?

        func belongs(_ piece: Piece) -> Bool {
            identification == piece.identification && source == piece.source && destination == piece.destination
        }

        /// Puts new bytes in their place among those that are there, which they don't overlap.
        mutating func note(_ range: Range<Int>) {
            var (low, high) = (0, present.count)
            while low < high {
                let middle = (low + high) / 2
                if present[middle].lowerBound < range.lowerBound { low = middle + 1 } else { high = middle }
            }
            let joinsBefore = low > 0 && present[low - 1].upperBound == range.lowerBound
            let joinsBehind = low < present.count && present[low].lowerBound == range.upperBound
            switch (joinsBefore, joinsBehind) {
            case (true, true):
                present[low - 1] = present[low - 1].lowerBound..<present[low].upperBound
                present.remove(at: low)
            case (true, false): present[low - 1] = present[low - 1].lowerBound..<range.upperBound
            case (false, true): present[low] = range.lowerBound..<present[low].upperBound
            case (false, false): present.insert(range, at: low)
            }
        }
    }

    static let limit = 64
    /// Twice as many as 64 KiB make in frames of 1,500 bytes of which every second one is late.
    static let pieces = 64
    private static let longest = 65_535
    private static let patience = TimeSpan.seconds(30)

    private var datagrams: [Datagram] = []
    /// Datagrams that were given up.
    private(set) var dropped: UInt64 = 0

    /// Datagrams that still wait for a fragment.
    var waiting: Int { datagrams.count }

    /// Takes a fragment; the whole datagram if it was the last that was missing.
    mutating func add(_ piece: Piece, _ bytes: RawSpan, at time: Timestamp) -> [UInt8]? {
        let before = datagrams.count
        datagrams.removeAll { time - $0.began > FragmentAssembler.patience }
        dropped += UInt64(before - datagrams.count)
        let index: Int
        if let known = datagrams.firstIndex(where: { $0.belongs(piece) }) {
            index = known
        } else {
            if datagrams.count == FragmentAssembler.limit {
                datagrams.removeFirst()
                dropped += 1
            }
            datagrams.append(
                Datagram(
                    source: piece.source, destination: piece.destination, identification: piece.identification, began: time))
            index = datagrams.count - 1
        }
        let range = piece.offset..<piece.offset + bytes.byteCount
        guard fits(range, piece, in: datagrams[index]) else {
            datagrams.remove(at: index)
            dropped += 1
            return nil
        }
        if datagrams[index].present.contains(where: { $0.contains(range.lowerBound) }) { return nil }
        if piece.isLast { datagrams[index].total = range.upperBound }
        let missing = range.upperBound - datagrams[index].bytes.count
        if missing > 0 { datagrams[index].bytes.append(contentsOf: repeatElement(0, count: missing)) }
        datagrams[index].bytes.replaceSubrange(range, with: bytes.copied())
        datagrams[index].note(range)
        if datagrams[index].present.count > FragmentAssembler.pieces {
            datagrams.remove(at: index)
            dropped += 1
            return nil
        }
        guard let total = datagrams[index].total, datagrams[index].present == [0..<total] else { return nil }
        return datagrams.remove(at: index).bytes
    }

    private func fits(_ range: Range<Int>, _ piece: Piece, in datagram: Datagram) -> Bool {
        guard range.upperBound <= FragmentAssembler.longest, !range.isEmpty else { return false }
        if !piece.isLast, range.count % 8 != 0 { return false }
        if let total = datagram.total, range.upperBound > total || (piece.isLast && range.upperBound != total) { return false }
        if piece.isLast, datagram.bytes.count > range.upperBound { return false }
        // Joined neighbours hide where a fragment began; a repetition lies inside one of them.
        return datagram.present.allSatisfy {
            !$0.overlaps(range) || ($0.lowerBound <= range.lowerBound && $0.upperBound >= range.upperBound)
        }
    }
}
