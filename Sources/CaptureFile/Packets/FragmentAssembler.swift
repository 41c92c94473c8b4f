import Wire

/// Puts fragmented IP datagrams together, within bounds.
///
/// The policy is RFC 5722's, for both versions: fragments that overlap in anything but an exact repetition drop their datagram. At
/// most `limit` datagrams wait at a time; the eldest is let go for a new one, and one that waits longer than `patience` of the
/// capture's own time is taken for lost.
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
    }

    static let limit = 64
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
        datagrams[index].present = FragmentAssembler.joined(datagrams[index].present, range)
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

    private static func joined(_ ranges: [Range<Int>], _ new: Range<Int>) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for range in (ranges + [new]).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, last.upperBound == range.lowerBound {
                result[result.count - 1] = last.lowerBound..<range.upperBound
            } else {
                result.append(range)
            }
        }
        return result
    }
}
