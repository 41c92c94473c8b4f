import CaptureFile
import Wire

/// Captures: the same packets wherever the file is cut, in memory that what it claims can't raise; and bytes that come out of TCP as they
/// went in, however the segments lie.
enum CaptureRules {
    // MARK: Files

    fileprivate struct Told: Equatable {
        var packets: [CapturePacket] = []
        var contents: [[UInt8]] = []
        var fault: CaptureFault?
    }

    static func file(_ input: [UInt8]) {
        let told = decode(Cuts.whole(input))
        hold(told == decode(Cuts.pieces(input)), "cuts change what a decoder tells")
        let sink = Sink()
        let reassembler = TCPReassembler(sink: sink, limit: 8, seed: 1)
        var segments = SegmentDecoder()
        for (packet, content) in zip(told.packets, told.contents) {
            var place = packet
            place.bytes = 0..<content.count
            switch segments.decode(place, content.span.bytes) {
            case .none: break
            case .segment(let segment):
                hold(segment.payload.upperBound <= content.count && segment.cut >= 0, "a payload lies in its packet")
                reassembler.take(segment, content.span.bytes, at: packet.time)
            case .assembled(let segment):
                hold(segment.payload.upperBound <= segments.assembled.count, "a payload lies in its datagram")
                reassembler.take(segment, segments.assembled.span.bytes, at: packet.time)
            }
        }
        reassembler.finish(at: .never)
        hold(reassembler.counts.mostHeld <= 8, "connections are bounded")
        hold(sink.open.isEmpty, "every connection is closed once")
    }

    private static func decode(_ pieces: [[UInt8]]) -> Told {
        var decoder = CaptureDecoder()
        var told = Told()
        var waiting: [UInt8] = []
        for piece in pieces {
            waiting += piece
            var cursor = ByteCursor(waiting.span.bytes)
            do throws(CaptureFault) {
                while let packet = try decoder.next(&cursor) {
                    hold(packet.bytes.upperBound <= waiting.count, "a packet lies in the buffer")
                    hold(packet.originalLength >= packet.bytes.count, "a packet is no longer than it was")
                    told.contents.append(Array(waiting[packet.bytes]))
                    // Where it lies depends on the cuts.
                    var packet = packet
                    packet.bytes = 0..<packet.bytes.count
                    packet.comment = packet.comment.map { 0..<$0.count }
                    told.packets.append(packet)
                }
            } catch {
                told.fault = told.fault ?? error
            }
            let used = cursor.offset
            decoder.consumed(used)
            waiting.removeFirst(used)
        }
        return told.withoutShortMagic(pieces.joined().count)
    }

    /// HAR documents: no head that is made of one has a line that the document didn't list.
    static func har(_ input: [UInt8]) {
        for session in HARFile(input)?.sessions ?? [] {
            let lines = session.request.split(separator: 0x0A, omittingEmptySubsequences: false)
            hold(lines.allSatisfy { !$0.dropLast().contains { $0 < 0x20 || $0 == 0x7F } }, "a head's lines hold no controls")
            hold(session.request.suffix(4) == [0x0D, 0x0A, 0x0D, 0x0A], "a head ends with an empty line")
            hold(session.messages.allSatisfy { $0.opcode < 16 }, "an opcode has four bits")
        }
    }

    // MARK: Segments

    /// Eight bytes of input make a segment of one of four connections. Each byte of a payload is its own sequence number, so whoever hears
    /// them can tell whether one is out of place.
    static func segments(_ input: [UInt8]) {
        let sink = Sink()
        sink.checks = true
        let reassembler = TCPReassembler(sink: sink, limit: 3, seed: 1)
        var clock = Timestamp(nanoseconds: 1_000_000_000)
        var decoder = SegmentDecoder()
        for start in stride(from: 0, to: input.count - 7, by: 8) {
            let piece = Array(input[start..<start + 8])
            let fromClient = piece[0] & 1 == 0
            let port = UInt8(piece[0] >> 1 & 3)
            // Numbers lie closely together, and around the place at which they wrap.
            let sequence = UInt32(piece[2]) &* 16 &+ UInt32(piece[3] & 15) &- 2048
            let acknowledgement = UInt32(piece[4]) &* 16 &- 2048
            let length = Int(piece[5] & 0x3F)
            clock = clock + .milliseconds(UInt64(piece[6]) * UInt64(piece[6]))
            var packet: [UInt8] = [0x45, 0, 0, UInt8(40 + length), 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 1]
            packet += fromClient ? [0, port, 0, 80] : [0, 80, 0, port]
            for number in [sequence, acknowledgement] {
                packet += (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
            }
            packet += [0x50, piece[1] & 0x17, 4, 0, 0, 0, 0, 0]
            let first = piece[1] & 0x02 == 0 ? sequence : sequence &+ 1
            packet += (0..<length).map { UInt8(truncatingIfNeeded: first &+ UInt32($0)) }
            let captured = piece[7] & 0x80 == 0 ? packet.count : packet.count - min(length, Int(piece[7] & 0x1F))
            let place = CapturePacket(time: clock, link: .rawIP, interface: 0, bytes: 0..<captured, originalLength: packet.count)
            guard case .segment(let segment) = decoder.decode(place, packet.span.bytes) else {
                hold(false, "a segment of ours is read")
                return
            }
            reassembler.take(segment, packet.span.bytes, at: clock)
        }
        reassembler.finish(at: clock)
        hold(sink.open.isEmpty, "every connection is closed once")
        hold(reassembler.counts.payloadBytes <= UInt64(input.count) * 8, "no byte comes out twice")
    }

    /// Checks what it is told.
    private final class Sink: StreamSink {
        /// The next byte of each direction, once one was heard.
        private var next: [Int: UInt8] = [:]
        private(set) var open: Set<Int> = []
        var checks = false
        private var ended: Set<Int> = []

        func received(_ slot: Int, from sender: ConnectionEnd, _ bytes: RawSpan, at time: Timestamp) -> Bool {
            open.insert(slot)
            let place = slot * 2 + Int(sender.rawValue)
            hold(!ended.contains(place), "nothing is heard behind an end")
            guard checks else { return true }
            let bytes = bytes.copied()
            for byte in bytes {
                hold(next[place, default: byte] == byte, "bytes come out as they went in")
                next[place] = byte &+ 1
            }
            return true
        }

        func missed(_ slot: Int, from sender: ConnectionEnd, _ count: UInt64, at time: Timestamp) {
            open.insert(slot)
            let place = slot * 2 + Int(sender.rawValue)
            hold(count > 0, "a gap has bytes")
            if let byte = next[place] { next[place] = byte &+ UInt8(truncatingIfNeeded: count) }
        }

        func ended(_ slot: Int, from sender: ConnectionEnd, _ end: TransportEnd, at time: Timestamp) {
            open.insert(slot)
            hold(ended.insert(slot * 2 + Int(sender.rawValue)).inserted, "a direction ends once")
        }

        func closed(_ slot: Int, _ why: ConnectionClosure, at time: Timestamp) {
            open.remove(slot)
            for end in 0...1 {
                next[slot * 2 + end] = nil
                ended.remove(slot * 2 + end)
            }
        }
    }
}

extension CaptureRules.Told {
    /// The first bytes of what is no capture are quoted as far as they had come.
    fileprivate func withoutShortMagic(_ length: Int) -> Self {
        guard case .notACapture = fault else { return self }
        var copy = self
        copy.fault = .notACapture(first: [])
        return copy
    }
}
