import WebSocketWire
import Wire

/// Frames: the parser and the tally tell the same, wherever the bytes are cut.
///
/// First byte of the input: bit 0 is the direction, bits 1–3 the reserved bits that are allowed.
enum FrameRules {
    private struct Telling: Equatable {
        var headers: [FrameHeader] = []
        var payload: [UInt8] = []
        var ends = 0
        var fault: LocatedFault?
        var offset: UInt64 = 0
    }

    static func run(_ input: [UInt8]) {
        guard let options = input.first else { return }
        let direction: Direction = options & 1 == 0 ? .clientToServer : .serverToClient
        let bits = options >> 1 & 0b111
        let bytes = Array(input.dropFirst())
        let told = tell(Cuts.whole(bytes), direction, bits)
        hold(told == tell(Cuts.pieces(bytes), direction, bits), "cuts change what a parser tells")
        hold(told.payload.count <= bytes.count, "no more payload than bytes")
        compare(tally(Cuts.whole(bytes), direction, bits), told)
        compare(tally(Cuts.pieces(bytes), direction, bits), told)
    }

    private static func tell(_ pieces: [[UInt8]], _ direction: Direction, _ bits: UInt8) -> Telling {
        var parser = FrameParser(direction: direction, allowedReservedBits: bits)
        var told = Telling()
        for piece in pieces {
            var cursor = ByteCursor(piece.span.bytes)
            do throws(FrameFault) {
                while let event = try parser.next(&cursor) {
                    switch event {
                    case .header(let header): told.headers.append(header)
                    case .payload(let range, _): told.payload += piece[range]
                    case .end: told.ends += 1
                    }
                }
            } catch {
                hold(told.fault == nil, "a parser throws once")
                told.fault = LocatedFault(error, at: parser.offset)
            }
            hold(cursor.isAtEnd, "a parser takes every byte")
        }
        told.offset = parser.offset
        return told
    }

    private static func tally(_ pieces: [[UInt8]], _ direction: Direction, _ bits: UInt8) -> FrameTally {
        var tally = FrameTally(direction: direction, allowedReservedBits: bits)
        tally.keepsHeartbeatPayloads = true
        for piece in pieces { _ = tally.observe(piece.span.bytes) }
        return tally
    }

    private static func compare(_ tally: FrameTally, _ told: Telling) {
        hold(tally.counts.total.frames == UInt64(told.ends), "the tally counts what the parser ends")
        hold(tally.counts.total.bytes == UInt64(told.payload.count), "the tally counts the parser's payload")
        hold(tally.offset == told.offset, "the tally stands where the parser does")
        if let fault = told.fault, tally.close?.fault == nil {
            hold(tally.fault == fault, "the tally has the parser's fault")
        }
        hold(tally.faultExcerpt.count <= 64 && (tally.lastPing?.count ?? 0) <= 125, "evidence is bounded")
        hold((tally.close?.reasonBytes.count ?? 0) <= 123, "a reason is bounded")
    }
}
