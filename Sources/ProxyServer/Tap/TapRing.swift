import ProxyCore
import Wire

/// A session's black box: how it began, and the last that was said. A fixed block of memory.
///
/// The first half takes records in order (the opening, the heads) until one doesn't fit or bytes of the tunnel come; from then on all goes into the second
/// half, where the eldest record makes room for the newest. What is pushed out is counted by stream, so that the capture shows a gap of
/// the right length; what a long record leaves out is said where it would stand.
final class TapRing {
    private let memory: UnsafeMutableRawPointer
    private let half: Int
    private let capacity: Int
    private var opening = 0
    private var isOpening = true
    // The second half: records from `first` up to `next`; where `wrap` isn't zero they go on at its beginning.
    private var first = 0
    private var next = 0
    private var wrap = 0
    private var isEmpty = true
    /// Bytes that were pushed out: received from and sent to either side.
    private(set) var pushedOut = TapStreams()

    /// - Parameter capacity: bytes in all.
    init(capacity: Int) {
        self.capacity = capacity & ~15
        half = self.capacity / 2 & ~7
        memory = .allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// Bytes that one record may hold.
    var longest: Int { half / 2 - TapRecord.headerSize }

    /// Bytes that stay at the front of what is too long: no frame's header has more, and with it the place of the next frame is known.
    private static let front = 14

    /// Takes bytes of a stream, `record.kept` of them. Of more than `longest` it keeps the first few and the last.
    func append(_ record: TapRecord, _ bytes: UnsafeRawPointer) {
        guard record.kept > longest, !isOfOpening(record) else {
            let (place, kept) = reserve(record)
            return place.copyMemory(from: bytes, byteCount: kept)
        }
        let end = longest - TapRing.front
        put(record, bytes, TapRing.front)
        let skipped = record.kept - longest
        if record.kind != .sent { putMissed(.received, record.side, skipped, record) }
        if record.kind != .received { putMissed(.sent, record.kind == .sent ? record.side : record.side.opposite, skipped, record) }
        put(record, bytes + TapRing.front + skipped, end)
    }

    /// Room for the record's bytes, its header written; `kept` says how many of them there is room for.
    func reserve(_ record: TapRecord) -> (place: UnsafeMutableRawPointer, kept: Int) {
        var record = record
        if isOfOpening(record) {
            record.kept = min(record.kept, half - opening - TapRecord.headerSize)
            let place = record.write(to: memory + opening)
            opening += record.size
            return (place, record.kept)
        }
        isOpening = false
        record.kept = min(record.kept, longest)
        return (record.write(to: makeRoom(record.size)), record.kept)
    }

    /// Whether a record goes into the first half; a head does with what there is room for.
    private func isOfOpening(_ record: TapRecord) -> Bool {
        guard isOpening, !record.flags.contains(.tunnel) else { return false }
        let room = half - opening - TapRecord.headerSize
        return room >= record.kept || record.flags.contains(.head) && room > 64
    }

    private func put(_ record: TapRecord, _ bytes: UnsafeRawPointer, _ count: Int) {
        isOpening = false
        var record = record
        record.length = count
        record.kept = count
        record.write(to: makeRoom(record.size)).copyMemory(from: bytes, byteCount: count)
    }

    private func putMissed(_ kind: TapRecord.Kind, _ side: Side, _ count: Int, _ record: TapRecord) {
        let missed = TapRecord(.missed, side, extra: kind.rawValue, key: record.key, at: record.time, length: count)
        _ = missed.write(to: makeRoom(missed.size))
    }

    private func makeRoom(_ size: Int) -> UnsafeMutableRawPointer {
        let room = capacity - half
        while true {
            if isEmpty {
                first = 0
                next = 0
                wrap = 0
            }
            if wrap == 0 {
                if room - next >= size { break }
                // Goes on at the beginning, as soon as there is room.
                wrap = next
                next = 0
            }
            if first - next >= size { break }
            pushOut()
        }
        defer {
            next += size
            isEmpty = false
        }
        return memory + half + next
    }

    private func pushOut() {
        let place = memory + half + first
        let record = TapRecord.read(place)
        if record.kind == .missed {
            pushedOut.add(TapRecord.Kind(rawValue: record.extra) ?? .relayed, record.side, UInt64(record.length))
        } else if record.kind.carriesStream {
            pushedOut.add(record.kind, record.side, UInt64(record.length))
        }
        first += record.size
        if first == wrap {
            first = 0
            wrap = 0
            isEmpty = next == 0
        } else if wrap == 0, first == next {
            isEmpty = true
        }
    }

    /// Hands out all records in order; `gap` stands for what was pushed out, between the opening and the rest.
    func drain(_ take: (UnsafeRawPointer, TapRecord) -> Void, gap: (TapStreams) -> Void) {
        var offset = 0
        while offset < opening {
            let record = TapRecord.read(memory + offset)
            take(memory + offset, record)
            offset += record.size
        }
        if !pushedOut.isEmpty { gap(pushedOut) }
        if !isEmpty {
            offset = first
            var left = wrap != 0
            while left || offset < next {
                let record = TapRecord.read(memory + half + offset)
                take(memory + half + offset, record)
                offset += record.size
                if left, offset == wrap {
                    offset = 0
                    left = false
                }
            }
        }
        opening = 0
        isEmpty = true
        pushedOut = TapStreams()
    }
}

/// A number for each of a session's four streams.
struct TapStreams {
    var receivedDownstream: UInt64 = 0
    var receivedUpstream: UInt64 = 0
    var sentDownstream: UInt64 = 0
    var sentUpstream: UInt64 = 0

    var isEmpty: Bool { receivedDownstream | receivedUpstream | sentDownstream | sentUpstream == 0 }

    /// Counts bytes of a record: relayed ones are received from their side, and sent to the other.
    mutating func add(_ kind: TapRecord.Kind, _ side: Side, _ count: UInt64) {
        if kind == .received || kind == .relayed {
            if side == .downstream { receivedDownstream &+= count } else { receivedUpstream &+= count }
        }
        if kind == .sent || kind == .relayed {
            if (kind == .sent ? side : side.opposite) == .downstream { sentDownstream &+= count } else { sentUpstream &+= count }
        }
    }

    /// The streams that are not zero.
    var parts: [(kind: TapRecord.Kind, side: Side, count: UInt64)] {
        [
            (.received, .downstream, receivedDownstream), (.received, .upstream, receivedUpstream),
            (.sent, .downstream, sentDownstream), (.sent, .upstream, sentUpstream),
        ].filter { $0.2 > 0 }
    }
}
