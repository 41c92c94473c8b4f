import CaptureFile
import TestSupport
import Testing
import Wire

@Suite struct SegmentDecoderTests {
    private let segment = Packets.tcp(5000, 80, seq: 0x0102_0304, ack: 7, [.psh, .ack], bytes("Hello"))

    private func payload(_ packet: [UInt8], _ link: LinkType, original: Int? = nil) -> [UInt8]? {
        var decoder = SegmentDecoder()
        return Packets.decode(packet, link, original: original, with: &decoder)?.payload
    }

    @Test func `every link layer leads to the same segment`() {
        let v4 = Packets.v4(segment)
        let macs = bytes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
        let cases: [(LinkType, [UInt8])] = [
            (.rawIP, v4),
            (.ethernet, macs + bytes(0x08, 0x00) + v4),
            (.ethernet, macs + bytes(0x81, 0x00, 0, 5, 0x08, 0x00) + v4),
            (.ethernet, macs + bytes(0x88, 0xA8, 0, 5, 0x81, 0x00, 0, 6, 0x08, 0x00) + v4),
            (.ethernet, macs + bytes(0x86, 0xDD) + Packets.v6(segment)),
            (.ethernet, macs + bytes(0x08, 0x00) + v4 + bytes(0, 0, 0, 0, 0, 0)),
            (.linuxCooked, [UInt8](repeating: 0, count: 14) + bytes(0x08, 0x00) + v4),
            (.linuxCooked2, bytes(0x08, 0x00) + [UInt8](repeating: 0, count: 18) + v4),
            (.linuxCooked2, bytes(0x81, 0x00) + [UInt8](repeating: 0, count: 18) + bytes(0, 1, 0x86, 0xDD) + Packets.v6(segment)),
            (.null, bytes(2, 0, 0, 0) + v4), (.null, bytes(0, 0, 0, 2) + v4), (.null, bytes(30, 0, 0, 0) + Packets.v6(segment)),
            (.loop, bytes(0, 0, 0, 24) + Packets.v6(segment)),
            (.rawIP, Packets.v4(segment, options: bytes(1, 1, 1, 1))),
        ]
        for (link, packet) in cases {
            var decoder = SegmentDecoder()
            let decoded = Packets.decode(packet, link, with: &decoder)
            #expect(decoded?.payload == bytes("Hello"), "\(link)")
            #expect(decoded?.segment.sequence == 0x0102_0304)
            #expect(decoded?.segment.acknowledgement == 7)
            #expect(decoded?.segment.flags == [.psh, .ack])
            #expect(decoded?.segment.cut == 0)
        }
    }

    @Test func `both directions have one key, and each end its own address`() {
        var decoder = SegmentDecoder()
        let there = Packets.decode(Packets.v4(segment), .rawIP, with: &decoder)
        var back = Packets.v4(Packets.tcp(80, 5000, seq: 1, [.ack]))
        back.replaceSubrange(12..<20, with: bytes(10, 0, 0, 2, 10, 0, 0, 1))
        let answer = Packets.decode(back, .rawIP, with: &decoder)
        #expect(there?.segment.key == answer?.segment.key)
        #expect(there?.segment.sender == answer?.segment.sender.opposite)
        #expect(there.map { "\($0.segment.key.address($0.segment.sender))" } == "10.0.0.1:5000")
        #expect(there.map { "\($0.segment.key.address($0.segment.sender.opposite))" } == "10.0.0.2:80")
    }

    @Test func `IPv6 extension headers are stepped over, and a chain without end isn't followed`() {
        let hopByHop = bytes(43, 0, 0, 0, 0, 0, 0, 0)
        let routing = bytes(60, 1, 0, 0, 0, 0, 0, 0) + [UInt8](repeating: 0, count: 8)
        let options = bytes(51, 0, 0, 0, 0, 0, 0, 0)
        let authentication = bytes(6, 4) + [UInt8](repeating: 0, count: 22)
        #expect(payload(Packets.v6(hopByHop + routing + options + authentication + segment, next: 0), .rawIP) == bytes("Hello"))
        let endless = (0..<100).flatMap { _ in bytes(0, 0, 0, 0, 0, 0, 0, 0) }
        var decoder = SegmentDecoder()
        #expect(Packets.decode(Packets.v6(endless, next: 0), .rawIP, with: &decoder) == nil)
        #expect(decoder.counts.malformed == 1)
    }

    @Test func `what a snapshot length cut off is counted as cut and not as missing payload of the peer`() {
        let packet = Packets.v4(segment)
        var decoder = SegmentDecoder()
        let decoded = Packets.decode(Array(packet.dropLast(2)), .rawIP, original: packet.count, with: &decoder)
        #expect(decoded?.payload == bytes("Hel"))
        #expect(decoded?.segment.cut == 2)
        for length in 0..<40 { #expect(Packets.decode(Array(packet[..<length]), .rawIP, original: 45, with: &decoder) == nil) }
        #expect(decoder.counts.cut == 40)
        #expect(decoder.counts.malformed == 0)
    }

    @Test func `headers that contradict their packet are counted and passed over`() {
        var decoder = SegmentDecoder()
        var short = Packets.v4(segment)
        short[3] = 10
        var header = Packets.v4(segment)
        header[0] = 0x44
        var offset = Packets.v4(segment)
        offset[32] = 0x40
        var beyond = Packets.v4(segment)
        beyond[32] = 0xF0
        for packet in [short, header, offset, beyond] { #expect(Packets.decode(packet, .rawIP, with: &decoder) == nil) }
        #expect(decoder.counts.malformed == 4)
        #expect(Packets.decode(Packets.v4(segment, protocol: 17), .rawIP, with: &decoder) == nil)
        #expect(decoder.counts.notTCP == 1)
        #expect(Packets.decode([0x08] + [UInt8](repeating: 0, count: 40), .other(147), with: &decoder) == nil)
        #expect(decoder.counts.unknownLink == 1)
    }

    @Test func `a header that claims more than came by is no segment with a gap behind it`() {
        var decoder = SegmentDecoder()
        for (packet, place) in [(Packets.v4(segment), 2), (Packets.v6(segment), 4)] {
            var lying = packet
            lying.replaceSubrange(place..<place + 2, with: Files.number(65_000, 2, true))
            #expect(Packets.decode(lying, .rawIP, with: &decoder) == nil)
            #expect(Packets.decode(lying, .rawIP, original: packet.count + 20, with: &decoder) == nil)
            // The same where the snapshot length cut a packet that was as long as it says.
            #expect(Packets.decode(lying, .rawIP, original: 65_040, with: &decoder)?.payload == bytes("Hello"))
        }
        #expect(decoder.counts.malformed == 4)
    }

    @Test func `a length of zero means the whole packet: the card was to cut it`() {
        var packet = Packets.v4(segment)
        packet.replaceSubrange(2..<4, with: [0, 0])
        #expect(payload(packet, .rawIP) == bytes("Hello"))
    }

    @Test func `fragments come together in any order, repeated ones too`() {
        let data = Packets.tcp(5000, 80, seq: 1, [.ack], [UInt8](repeating: 0x41, count: 20) + bytes("end"))
        let pieces = [(0, data[0..<16], true), (2, data[16..<32], true), (4, data[32...], false)]
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 1, 2], [2, 2, 0, 1]] {
            var decoder = SegmentDecoder()
            var found: [[UInt8]] = []
            for index in order {
                let (offset, bytes, more) = pieces[index]
                let packet = Packets.v4(Array(bytes), fragment: offset | (more ? 0x2000 : 0))
                if let decoded = Packets.decode(packet, .rawIP, with: &decoder) { found.append(decoded.payload) }
            }
            #expect(found == [Array(data[20...])], "\(order)")
        }
    }

    @Test func `a datagram in more pieces than one is ever cut into is dropped`() {
        let data = Packets.tcp(5000, 80, seq: 1, [.ack], [UInt8](repeating: 0x41, count: 1580))
        func piece(_ index: Int) -> [UInt8] {
            Packets.v4(Array(data[index * 8..<index * 8 + 8]), fragment: index | (index < 199 ? 0x2000 : 0))
        }
        // Every second one first: twenty at a time stay within the bound, sixty-five don't.
        var decoder = SegmentDecoder()
        var whole: [UInt8]?
        for start in stride(from: 0, to: 200, by: 40) {
            for index in Array(stride(from: start, to: start + 40, by: 2)) + Array(stride(from: start + 1, to: start + 40, by: 2)) {
                whole = Packets.decode(piece(index), .rawIP, with: &decoder)?.payload ?? whole
            }
        }
        #expect(whole == Array(data[20...]))
        #expect(decoder.finalCounts.fragmentsDropped == 0)
        for index in stride(from: 0, to: 130, by: 2) { _ = Packets.decode(piece(index), .rawIP, with: &decoder) }
        #expect(decoder.counts.fragments == 265)
        #expect(decoder.finalCounts.fragmentsDropped == 1)
    }

    @Test func `IPv6 fragments come together`() {
        let data = Packets.tcp(5000, 80, seq: 1, [.ack], bytes("abcdefgh"))
        var decoder = SegmentDecoder()
        let first = Packets.v6(bytes(6, 0, 0, 1, 0, 0, 0, 9) + data[..<24], next: 44)
        let last = Packets.v6(bytes(6, 0, 0, 24, 0, 0, 0, 9) + data[24...], next: 44)
        #expect(Packets.decode(last, .rawIP, with: &decoder) == nil)
        #expect(Packets.decode(first, .rawIP, with: &decoder)?.payload == bytes("abcdefgh"))
    }

    @Test func `fragments that overlap drop their datagram, and waiting ones are bounded`() {
        var decoder = SegmentDecoder()
        let data = [UInt8](repeating: 1, count: 64)
        #expect(Packets.decode(Packets.v4(Array(data[..<24]), fragment: 0x2000), .rawIP, with: &decoder) == nil)
        #expect(Packets.decode(Packets.v4(Array(data[..<24]), fragment: 0x2002), .rawIP, with: &decoder) == nil)
        #expect(decoder.finalCounts.fragmentsDropped == 1)
        for id in 0..<1000 { _ = Packets.decode(Packets.v4(Array(data[..<24]), id: id, fragment: 0x2000), .rawIP, with: &decoder) }
        #expect(decoder.finalCounts.fragmentsDropped == 1001)
    }
}
