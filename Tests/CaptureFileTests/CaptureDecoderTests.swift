import CaptureFile
import TestSupport
import Testing
import Wire

@Suite struct CaptureDecoderTests {
    /// Eleven bytes that are no packet of anything.
    private let packet = bytes(0x45, "0123456789")

    @Test(arguments: Chunking.all)
    func `a pcap file of either byte order and resolution gives the same packets`(_ chunking: Chunking) {
        for bigEndian in [false, true] {
            for nano in [false, true] {
                let file = Files.pcap(bigEndian: bigEndian, nano: nano, link: 101, [(7, nano ? 5000 : 5, packet), (8, 0, [])])
                let decoded = Files.decode(file, chunking)
                #expect(
                    decoded.packets == [
                        Files.Packet(time: 7_000_005_000, link: .rawIP, interface: 0, bytes: packet, original: 11),
                        Files.Packet(time: 8_000_000_000, link: .rawIP, interface: 0, bytes: [], original: 0),
                    ])
                #expect(decoded.fault == nil)
                #expect(decoded.left == 0)
            }
        }
    }

    @Test(arguments: Chunking.all)
    func `a pcapng file of either byte order gives its packets with interface, time and comment`(_ chunking: Chunking) {
        for bigEndian in [false, true] {
            func n(_ value: Int, _ width: Int) -> [UInt8] { Files.number(value, width, bigEndian) }
            let nanoseconds = n(9, 2) + n(1, 2) + [9, 0, 0, 0]
            let comment = n(1, 2) + n(5, 2) + bytes("hello", 0, 0, 0) + n(0, 4)
            let file =
                Files.section(bigEndian: bigEndian) + Files.interface(link: 1, bigEndian: bigEndian)
                + Files.block(0x0A, bytes("secrets"), bigEndian: bigEndian)
                + Files.interface(link: 113, options: nanoseconds, bigEndian: bigEndian)
                + Files.enhanced(packet, units: 1_500_000, bigEndian: bigEndian)
                + Files.block(0xBAD, [UInt8](repeating: 7, count: 40), bigEndian: bigEndian)
                + Files.enhanced(packet, interface: 1, units: 9_000_000_001, options: comment, original: 100, bigEndian: bigEndian)
            let decoded = Files.decode(file, chunking)
            #expect(
                decoded.packets == [
                    Files.Packet(time: 1_500_000_000, link: .ethernet, interface: 0, bytes: packet, original: 11),
                    Files.Packet(
                        time: 9_000_000_001, link: .linuxCooked, interface: 1, bytes: packet, original: 100, comment: "hello"),
                ])
            #expect(decoded.fault == nil)
            #expect(decoded.left == 0)
        }
    }

    @Test func `a second section has a byte order and interfaces of its own`() {
        let file =
            Files.section() + Files.interface(link: 1) + Files.enhanced(packet, units: 1)
            + Files.section(bigEndian: true) + Files.enhanced([1], units: 2, bigEndian: true)
            + Files.interface(link: 101, bigEndian: true) + Files.enhanced([2], units: 3, bigEndian: true)
        let decoded = Files.decode(file)
        #expect(decoded.packets.map(\.bytes) == [packet, [2]], "the packet before any interface has no place")
        #expect(decoded.packets.map(\.time) == [1000, 3000])
    }

    @Test func `simple and obsolete packet blocks are read`() {
        let simple = Files.block(3, Files.number(11, 4, false) + packet)
        let obsolete = Files.block(
            2,
            Files.number(0, 2, false) + Files.number(0, 2, false) + Files.number(0, 4, false) + Files.number(9, 4, false)
                + Files.number(11, 4, false) + Files.number(20, 4, false) + packet)
        let decoded = Files.decode(Files.section() + Files.interface(link: 1) + simple + obsolete)
        #expect(decoded.packets.map(\.bytes) == [packet, packet])
        #expect(decoded.packets.map(\.original) == [11, 20])
        #expect(decoded.packets.map(\.time) == [0, 9000])
    }

    @Test(arguments: [
        (UInt8(0), UInt64(3), UInt64(3_000_000_000)), (3, 5, 5_000_000), (6, 5, 5000), (9, 5, 5), (12, 5_999, 5),
        (0x80, 2, 2_000_000_000),
        (0x8A, 1536, 1_500_000_000), (0xBF, UInt64.max, 1_999_999_999),
    ])
    func `times are read in every unit`(_ resolution: UInt8, _ units: UInt64, _ nanoseconds: UInt64) {
        let option = bytes(9, 0, 1, 0, [resolution], 0, 0, 0)
        let decoded = Files.decode(
            Files.section() + Files.interface(link: 1, options: option) + Files.enhanced([1], units: units))
        #expect(decoded.packets.map(\.time) == [nanoseconds])
    }

    @Test func `a time offset is added and never wraps`() {
        func option(_ offset: Int64) -> [UInt8] {
            bytes(14, 0, 8, 0) + Files.number(Int(offset), 8, false)
        }
        for (offset, time) in [(Int64(2), UInt64(2_000_001_000)), (-1, 0), (.max, .max), (.min, 0)] {
            let decoded = Files.decode(
                Files.section() + Files.interface(link: 1, options: option(offset)) + Files.enhanced([1], units: 1))
            #expect(decoded.packets.map(\.time) == [time])
        }
    }

    @Test func `a file that is cut gives every whole packet and says how much is left`() {
        let file = Files.pcap([(1, 0, packet), (2, 0, packet)])
        for length in 24..<file.count {
            let decoded = Files.decode(Array(file[..<length]))
            #expect(decoded.packets.count == (length >= 51 ? 1 : 0))
            #expect(decoded.left == (length - 24) % 27)
            #expect(decoded.fault == nil)
        }
    }

    @Test func `what is no capture is named`() {
        #expect(Files.decode(bytes("GET / HTTP/1.1")).fault == .notACapture(first: bytes("GET / HTTP/1.1")))
        #expect(Files.decode(bytes(0x1F, 0x8B, 8, 0)).fault == .compressed(with: "gunzip"))
        #expect(Files.decode(bytes(0x28, 0xB5, 0x2F, 0xFD)).fault == .compressed(with: "unzstd"))
        var old = Files.pcap([])
        old[4] = 1
        #expect(Files.decode(old).fault == .unsupportedVersion(major: 1, minor: 4))
    }

    @Test func `lengths that lie end the reading with the place, and nothing is allocated for them`() {
        let start = Files.section() + Files.interface(link: 1)
        let at = UInt64(start.count)
        let huge = Files.number(0xFFFF_FFF0, 4, false)
        #expect(
            Files.decode(Files.pcap([]) + Files.number(0, 8, false) + huge + huge).fault
                == .packetTooLong(at: 24, length: 0xFFFF_FFF0))
        #expect(Files.decode(start + Files.number(6, 4, false) + huge + huge).fault == .packetTooLong(at: at, length: 0xFFFF_FFF0))
        // A block of four gigabytes that holds no packet is passed over, as far as it goes.
        let skipped = Files.decode(start + Files.number(0xBAD, 4, false) + huge + huge)
        #expect(skipped.fault == nil)
        #expect(skipped.packets.isEmpty)
        for length in [0, 4, 8, 13] {
            let broken = Files.decode(start + Files.number(6, 4, false) + Files.number(length, 4, false) + huge)
            #expect(broken.fault == .brokenBlock(at: at, length: UInt64(length)))
        }
        // The captured length doesn't fit the block.
        var packet = Files.enhanced([1, 2, 3, 4], units: 1)
        packet[20] = 200
        #expect(Files.decode(start + packet).fault == .brokenBlock(at: at, length: 36))
        // The lengths before and behind differ.
        var second = Files.enhanced([1, 2, 3, 4], units: 1)
        second[32] = 40
        #expect(Files.decode(start + second).fault == .brokenBlock(at: at, length: 36))
    }

    @Test func `options that never end, end with their block`() {
        let endless = bytes(1, 0, 0xFF, 0xFF, "abcd")
        let decoded = Files.decode(
            Files.section() + Files.interface(link: 1, options: endless) + Files.enhanced([9], units: 1, options: endless))
        #expect(decoded.packets.map(\.bytes) == [[9]])
        #expect(decoded.packets.map(\.comment) == [nil])
        #expect(decoded.fault == nil)
    }

    @Test func `a million interfaces are refused`() {
        let one = Files.interface(link: 1)
        let file = Files.section() + (0...CaptureLimits.interfaces).flatMap { _ in one }
        #expect(Files.decode(file).fault == .tooManyInterfaces(at: UInt64(28 + CaptureLimits.interfaces * 20)))
    }
}
