import CaptureFile
import TestSupport
import Testing
import Wire

@Suite struct TapConversationTests {
    private let client = SocketAddress(v4: 0xCB00_7109, port: 50_000)
    private let gatehouse = SocketAddress(v4: 0x0A00_0001, port: 8443)

    private func at(_ milliseconds: UInt64) -> Timestamp {
        Timestamp(nanoseconds: 1_700_000_000_000_000_007 + milliseconds * 1_000_000)
    }

    @Test func `a small conversation has the blocks and packets that the formats demand, byte by byte`() {
        var encoder = CaptureEncoder()
        var conversation = TapConversation(side: .downstream, initiator: client, responder: gatehouse, number: 1)
        conversation.data(from: .initiator, bytes("Hi").span.bytes, at: Timestamp(nanoseconds: 0x1_0000_0002), into: &encoder)
        let file = encoder.buffer.copied()
        let last = Array(file.suffix(28 + 44 + 16))
        #expect(
            last
                == bytes(
                    6, 0, 0, 0, 88, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 42, 0, 0, 0, 42, 0, 0, 0,
                    0x45, 0, 0, 42, 0, 0, 0x40, 0, 0x40, 6, 0xF3, 0xBB, 0xCB, 0, 0x71, 9, 10, 0, 0, 1,
                    0xC3, 0x50, 0x20, 0xFB, 0, 0, 0, 2, 0x40, 0, 0, 2, 0x50, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, "Hi", 0, 0,
                    2, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 88, 0, 0, 0
                ).replacing(last[64..<66], at: 64).replacing(last[38..<40], at: 38))
        // The checksums, added up by hand as RFC 1071 has it.
        #expect(sum(Array(last[28..<48])) == 0xFFFF)
        #expect(sum(Array(last[40..<48]) + bytes(0, 6, 0, 22) + Array(last[48..<70])) == 0xFFFF)
    }

    @Test func `every segment's checksum is right, odd lengths and IPv6 too`() {
        let one = SocketAddress(high: 0x2001_0DB8_0000_0000, low: 0x1, port: 1)
        let two = SocketAddress(high: 0x2001_0DB8_0000_0000, low: 0xFFFF_FFFF_FFFF_FFFF, port: 2)
        for length in [1, 15, 16, 17, 33, 1000, 61_441] {
            var encoder = CaptureEncoder()
            encoder.begin()
            var conversation = TapConversation(side: .upstream, initiator: one, responder: two, number: 0xFFFF_FFF0)
            conversation.data(from: .responder, [UInt8](repeating: 0xFE, count: length).span.bytes, at: at(0), into: &encoder)
            for packet in Files.decode(encoder.buffer.copied()).packets {
                let segment = Array(packet.bytes[40...])
                let pseudo = Array(packet.bytes[8..<40]) + Files.number(segment.count, 2, true) + bytes(0, 6)
                #expect(sum(pseudo + segment) == 0xFFFF)
            }
        }
    }

    @Test func `what was written is read back, comments and gaps included`() {
        var encoder = CaptureEncoder()
        encoder.begin(application: "Gatehouse test")
        encoder.secrets(bytes("CLIENT_RANDOM 00 11\n"))
        var conversation = TapConversation(side: .downstream, initiator: client, responder: gatehouse, number: 0xFFFF_FF00)
        let session = SessionID(0x1234_5678_9ABC)
        conversation.open(at: at(0), comment: TapComment(session: session).text, into: &encoder)
        let long = String(repeating: "0123456789", count: 20_000)
        conversation.data(from: .initiator, bytes("GET").span.bytes, at: at(1), into: &encoder)
        conversation.data(from: .responder, Array(long.utf8).span.bytes, at: at(2), into: &encoder)
        conversation.missed(from: .initiator, 7)
        conversation.data(from: .initiator, bytes("after").span.bytes, at: at(3), into: &encoder)
        conversation.data(from: .initiator, bytes("kept only").span.bytes, keeping: 4, at: at(4), into: &encoder)
        conversation.finish(from: .initiator, at: at(5), into: &encoder)
        conversation.reset(
            from: .responder, at: at(6), comment: TapComment(event: .ended(.drain, closeCode: 1001)).text, into: &encoder)
        encoder.statistics(.downstream, received: 9, dropped: 1, at: at(7))

        let decoded = Files.decode(encoder.buffer.copied())
        #expect(decoded.fault == nil)
        #expect(decoded.left == 0)
        #expect(decoded.packets.first?.time == at(0).nanoseconds)
        let comments = decoded.packets.compactMap { $0.comment.flatMap { TapComment(Array($0.utf8)) } }
        #expect(comments == [TapComment(session: session), TapComment(event: .ended(.drain, closeCode: 1001))])

        let listener = Listener()
        let reassembler = TCPReassembler(sink: listener, seed: 1)
        listener.reassembler = reassembler
        var segments = SegmentDecoder()
        for packet in decoded.packets {
            let place = CapturePacket(
                time: Timestamp(nanoseconds: packet.time), link: packet.link, interface: packet.interface,
                bytes: 0..<packet.bytes.count,
                originalLength: packet.original)
            if case .segment(let segment) = segments.decode(place, packet.bytes.span.bytes) {
                reassembler.take(segment, packet.bytes.span.bytes, at: place.time)
            }
        }
        reassembler.finish(at: at(9))
        // Not compared as it is: a failure would print it.
        #expect(listener.lines.contains("1 < " + long) == true)
        #expect(
            listener.lines.filter { $0.utf8.count < 100 } == [
                "1 > GET", "1 > [missed 7]", "1 > afterkept", "1 > [missed 5]", "1 > [fin]", "1 < [rst]", "1 [ended]",
            ])
        #expect(reassembler.counts.retransmissions == 0)
    }

    @Test func `nothing is written behind an end`() {
        var encoder = CaptureEncoder()
        var conversation = TapConversation(side: .downstream, initiator: client, responder: gatehouse)
        conversation.finish(from: .initiator, at: at(0), into: &encoder)
        conversation.finish(from: .responder, at: at(0), into: &encoder)
        let count = encoder.buffer.count
        conversation.data(from: .initiator, bytes("late").span.bytes, at: at(1), into: &encoder)
        conversation.reset(from: .initiator, at: at(1), into: &encoder)
        conversation.remark("late", from: .initiator, at: at(1), into: &encoder)
        #expect(encoder.buffer.count == count)
        #expect(conversation.isOver)
    }

    @Test func `a comment of somebody else is none of ours`() {
        #expect(TapComment(bytes("looks odd to me")) == nil)
        #expect(TapComment(bytes("gatehouse: session=nonsense; refused; cause=x"))?.session == nil)
        #expect(
            TapComment(bytes("gatehouse: refused; cause=origin-not-allowed"))
                == TapComment(event: .refused, cause: "origin-not-allowed"))
        #expect(TapComment(bytes("gatehouse: timed out=idle")) == TapComment(event: .timedOut(.idle)))
        #expect(TapComment(bytes("gatehouse: ended by Gatehouse=nonsense")) == TapComment())
    }

    /// The ones' complement sum of 16-bit words, as plainly as can be.
    private func sum(_ bytes: [UInt8]) -> Int {
        var total = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            total += Int(bytes[index]) << 8 | (index + 1 < bytes.count ? Int(bytes[index + 1]) : 0)
        }
        while total > 0xFFFF { total = (total & 0xFFFF) + total >> 16 }
        return total
    }
}

extension [UInt8] {
    fileprivate func replacing(_ bytes: ArraySlice<UInt8>, at offset: Int) -> [UInt8] {
        var copy = self
        copy.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return copy
    }
}

@Suite struct PayloadSumTests {
    @Test func `a sum that was worked out once gives the same packets, whatever their length`() {
        for length in Array(0...200) + [1023, 1024, 4095, 60 << 10] {
            let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 251 &+ $0 >> 8) }
            var one = CaptureEncoder()
            var other = CaptureEncoder()
            var talks = (PayloadSumTests.conversation, PayloadSumTests.conversation)
            talks.0.data(from: .initiator, payload.span.bytes, at: .zero, into: &one)
            talks.1.data(from: .initiator, payload.span.bytes, sum: PayloadSum(payload.span.bytes), at: .zero, into: &other)
            let packets = (one.buffer.copied(), other.buffer.copied())
            #expect(packets.0 == packets.1, "\(length) bytes")
        }
    }

    @Test func `a sum of more than one segment's bytes is not taken for that of one`() {
        let payload = [UInt8](repeating: 0xA5, count: TapConversation.longestSegment + 1)
        var one = CaptureEncoder()
        var other = CaptureEncoder()
        var talks = (PayloadSumTests.conversation, PayloadSumTests.conversation)
        talks.0.data(from: .initiator, payload.span.bytes, keeping: 70, at: .zero, into: &one)
        talks.1.data(
            from: .initiator, payload.span.bytes, keeping: 70, sum: PayloadSum(payload.span.bytes), at: .zero, into: &other)
        let packets = (one.buffer.copied(), other.buffer.copied())
        #expect(packets.0 == packets.1)
    }

    @Test func `the last border before a place is found from the end, and the packets behind it are counted`() {
        var encoder = CaptureEncoder()
        encoder.begin()
        var borders = [(encoder.buffer.count, UInt64(0))]
        var talk = PayloadSumTests.conversation
        for length in [0, 1, 2, 3, 100, 5000, 4] {
            talk.data(from: .responder, [UInt8](repeating: 1, count: length).span.bytes, at: .zero, into: &encoder)
            borders.append((encoder.buffer.count, encoder.packets.upstream))
        }
        let all = encoder.packets.upstream
        for (index, (border, packets)) in borders.enumerated() where index > 1 {
            for place in [border, border + 1, index + 1 < borders.count ? borders[index + 1].0 - 1 : border] {
                guard place < encoder.buffer.count || place == border else { continue }
                let found = encoder.buffer.border(notBehind: place)
                // Several packets may come of one call; the border found is never behind the place.
                #expect(found.offset <= place && found.offset >= border || place == border && found.offset == border)
                if place == border { #expect(found.packets == (0, all - packets)) }
            }
        }
    }

    private static var conversation: TapConversation {
        TapConversation(
            side: .upstream, initiator: SocketAddress(v4: 0x0A00_0001, port: 5000),
            responder: SocketAddress(v4: 0x0A00_0002, port: 80))
    }
}
