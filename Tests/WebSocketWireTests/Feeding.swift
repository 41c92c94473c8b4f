import TestSupport
import Wire

@testable import WebSocketWire

/// One frame as a parser told it, with its payload unmasked.
struct ToldFrame: Equatable {
    var header: FrameHeader
    var payload: [UInt8]
    var isEnded = false
}

/// Everything that a parser told about some bytes, in a form that does not depend on how they were cut.
struct Telling: Equatable {
    var frames: [ToldFrame] = []
    var fault: LocatedFault?
    var offset: UInt64 = 0
    var isAtFrameBoundary = false
    var isAtMessageBoundary = false
}

/// Feeds a parser and collects what it tells.
func tell(
    _ bytes: [UInt8], _ chunking: Chunking = .whole, from direction: Direction = .clientToServer,
    allowing bits: UInt8 = 0
) -> Telling {
    var parser = FrameParser(direction: direction, allowedReservedBits: bits)
    var telling = Telling()
    for piece in chunking.pieces(of: bytes) {
        let piece = Array(piece)
        var cursor = ByteCursor(piece.span.bytes)
        do throws(FrameFault) {
            while let event = try parser.next(&cursor) {
                switch event {
                case .header(let header):
                    telling.frames.append(ToldFrame(header: header, payload: []))
                case .payload(let range, let offset):
                    let last = telling.frames.count - 1
                    let key = telling.frames[last].header.maskingKey ?? 0
                    precondition(Int(offset) == telling.frames[last].payload.count)
                    Masking.append(piece.span.bytes, range, key: key, phase: offset, to: &telling.frames[last].payload)
                case .end:
                    telling.frames[telling.frames.count - 1].isEnded = true
                }
            }
        } catch {
            precondition(telling.fault == nil, "a parser throws once")
            telling.fault = LocatedFault(error, at: parser.offset)
        }
        precondition(cursor.isAtEnd, "a parser takes every byte")
    }
    precondition(parser.desynchronised == telling.fault)
    telling.offset = parser.offset
    telling.isAtFrameBoundary = parser.isAtFrameBoundary
    telling.isAtMessageBoundary = parser.isAtMessageBoundary
    return telling
}

/// Feeds a tally and joins its notices.
func tally(
    _ bytes: [UInt8], _ chunking: Chunking = .whole, from direction: Direction = .clientToServer,
    allowing bits: UInt8 = 0, keepingHeartbeats: Bool = false
) -> (tally: FrameTally, notices: FrameNotices) {
    var tally = FrameTally(direction: direction, allowedReservedBits: bits)
    tally.keepsHeartbeatPayloads = keepingHeartbeats
    var notices: FrameNotices = []
    for piece in chunking.pieces(of: bytes) {
        let piece = Array(piece)
        notices.formUnion(tally.observe(piece.span.bytes))
    }
    return (tally, notices)
}

/// Bytes of a masked frame with a payload of any length, built the long way round, without `FrameWriter`.
func masked(_ first: Int, _ payload: [UInt8], key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]) -> [UInt8] {
    bytes(first, length(payload.count, mask: 0x80), key)
        + payload.enumerated().map { $0.element ^ key[$0.offset % 4] }
}

/// Bytes of an unmasked frame.
func unmasked(_ first: Int, _ payload: [UInt8]) -> [UInt8] {
    bytes(first, length(payload.count, mask: 0), payload)
}

private func length(_ count: Int, mask: Int) -> [UInt8] {
    switch count {
    case ..<126: bytes(mask | count)
    case ...0xFFFF: bytes(mask | 126, count >> 8, count & 0xFF)
    default: bytes(mask | 127) + (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
    }
}
