import ProxyCore
import WebSocketWire
import Wire

/// Cuts or masks the payloads of one connection's four streams, so that headers, lengths and places stay as they were.
///
/// `cut` gives each frame pieces of its own, of which only the beginning is kept. `mask` replaces in a JSON text what the rule names; whatever it
/// can't read (binary, compressed, fragmented or cut messages, other texts, names with escapes) is replaced wholly, and the bit that says "compressed" is cleared,
/// so that nobody tries to inflate what stands there. Control frames stay. Bodies of HTTP, and what isn't frames any more, keep no more than
/// `limit` bytes in all, however small the pieces, or none.
final class PayloadTrimmer {
    /// One of the four streams: what a side said, or what Gatehouse said to it.
    struct Stream {
        var side: Side
        var isPeers: Bool

        fileprivate var index: Int { Int(side.rawValue) * 2 + (isPeers ? 0 : 1) }
        fileprivate var direction: Direction { isPeers ? side.direction : side.opposite.direction }
    }

    private struct State {
        var parser: FrameParser
        /// Of the frame that is under way.
        var header = FrameHeader(opcode: Opcode(0), payloadLength: 0)
        /// Bytes outside of frames that were kept since the last head.
        var bare = 0
    }

    private let rule: PayloadRule
    private var states: [State]
    private var scratch: [UInt8] = []

    init(_ rule: PayloadRule) {
        self.rule = rule
        states = [Direction.clientToServer, .serverToClient, .serverToClient, .clientToServer].map {
            State(parser: FrameParser(direction: $0, allowedReservedBits: 0b111))
        }
    }

    /// Hands out the bytes in pieces, each with how many of its bytes are kept.
    func trim(
        _ bytes: UnsafeRawBufferPointer, _ stream: Stream, isTunnel: Bool, _ emit: (UnsafeRawBufferPointer, Int) -> Void
    ) {
        guard isTunnel else { return emit(bytes, keepBare(bytes.count, stream.index)) }
        if rule.kind == .cut { cut(bytes, stream.index, emit) } else { mask(bytes, stream.index, emit) }
    }

    /// A head stands here: what follows is another body.
    func begin(_ stream: Stream) { states[stream.index].bare = 0 }

    /// How many of the next bytes that no frame holds are kept.
    private func keepBare(_ count: Int, _ index: Int) -> Int {
        let kept = rule.kind == .cut ? min(count, max(0, rule.limit - states[index].bare)) : 0
        states[index].bare += kept
        return kept
    }

    /// Bytes of a stream that aren't there.
    func missed(_ stream: Stream, _ count: UInt64) { states[stream.index].parser.missed(count) }

    // MARK: Cutting

    private func cut(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ emit: (UnsafeRawBufferPointer, Int) -> Void) {
        var cursor = ByteCursor(RawSpan(_unsafeBytes: bytes))
        var start = 0
        while let event = try? states[index].parser.next(&cursor) {
            switch event {
            case .header(let header): states[index].header = header
            case .payload(let run, let offset):
                guard !states[index].header.opcode.isControl else { continue }
                let kept = min(run.count, max(0, rule.limit - Int(clamping: offset)))
                guard kept < run.count else { continue }
                emit(UnsafeRawBufferPointer(rebasing: bytes[start..<run.upperBound]), run.lowerBound + kept - start)
                start = run.upperBound
            case .end: continue
            }
        }
        guard start < bytes.count else { return }
        let isLost = states[index].parser.isDesynchronised
        emit(UnsafeRawBufferPointer(rebasing: bytes[start...]), isLost ? keepBare(bytes.count - start, index) : .max)
    }

    // MARK: Masking

    private func mask(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ emit: (UnsafeRawBufferPointer, Int) -> Void) {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: bytes)
        var cursor = ByteCursor(RawSpan(_unsafeBytes: bytes))
        while let event = try? states[index].parser.next(&cursor) {
            switch event {
            case .header(let header):
                states[index].header = header
                clearCompression(at: cursor.offset - Int(header.headerLength), header.opcode)
            case .payload(let run, let offset): mask(run, offset, states[index].header)
            case .end: continue
            }
        }
        if let first = states[index].parser.spilledBytes.first {
            clearCompression(at: bytes.count - states[index].parser.spilledBytes.count, Opcode(first))
        }
        let isLost = states[index].parser.isDesynchronised
        scratch.withUnsafeBytes { emit($0, isLost ? 0 : .max) }
    }

    /// A header that was cut has its first byte in an earlier piece, where it was looked at already.
    private func clearCompression(at place: Int, _ opcode: Opcode) {
        guard place >= 0, place < scratch.count, !opcode.isControl else { return }
        scratch[place] &= ~0x40
    }

    private func mask(_ run: Range<Int>, _ offset: UInt64, _ header: FrameHeader) {
        guard !header.opcode.isControl else { return }
        let key = header.maskingKey ?? 0
        func keyByte(_ position: Int) -> UInt8 { UInt8(truncatingIfNeeded: key >> UInt32(24 - 8 * (position & 3))) }
        let isWhole = offset == 0 && UInt64(run.count) == header.payloadLength
        if isWhole, header.opcode == .text, header.isFinal, header.reservedBits == 0 {
            var text = run.map { scratch[$0] ^ keyByte($0 - run.lowerBound) }
            if JSONMasker.mask(&text, rule.paths) {
                for position in text.indices { scratch[run.lowerBound + position] = text[position] ^ keyByte(position) }
                return
            }
        }
        let phase = Int(truncatingIfNeeded: offset & 3)
        for place in run { scratch[place] = 0x2A ^ keyByte(phase + place - run.lowerBound) }
    }
}
