import CaptureFile
import TestSupport
import Testing
import Wire

/// A capture of the wire, as it is written, is what a reader gets.
@Suite struct WireCaptureTests {
    private func file(_ body: (inout CaptureEncoder) -> Void) -> [UInt8] {
        var encoder = CaptureEncoder()
        encoder.begin(application: "test", interface: "eth0", link: 1, snapshotLength: 64, filter: "tcp port 8000")
        body(&encoder)
        return encoder.buffer.copied()
    }

    @Test(arguments: Chunking.all)
    func `packets come back with their times to the nanosecond, their lengths and their link`(_ chunking: Chunking) {
        let packets: [(time: UInt64, bytes: [UInt8], length: Int)] = [
            (1_700_000_000_123_456_789, bytes(0x45, "odd"), 4), (1_700_000_000_123_456_790, [], 0),
            (1_700_000_001_000_000_000, bytes("12345"), 1514),
        ]
        let written = file { encoder in
            encoder.secrets(bytes("CLIENT_RANDOM 00 11\n"))
            for packet in packets {
                encoder.packet(packet.bytes.span.bytes, originalLength: packet.length, at: Timestamp(nanoseconds: packet.time))
            }
            encoder.statistics(received: 3, dropped: 2, droppedByInterface: 1, from: .zero, to: Timestamp(nanoseconds: 7))
        }
        let decoded = Files.decode(written, chunking)
        #expect(decoded.fault == nil && decoded.left == 0)
        #expect(
            decoded.packets
                == packets.map {
                    Files.Packet(time: $0.time, link: .ethernet, interface: 0, bytes: $0.bytes, original: $0.length)
                })
    }

    @Test func `the interface has its name, its filter as text and times in nanoseconds`() {
        let written = file { _ in }
        // The filter's option: code 11, 14 bytes, 0 for a text, then the text.
        #expect(written.contains(bytes(11, 0, 14, 0, 0, "tcp port 8000", 0, 0)))
        #expect(written.contains(bytes(2, 0, 4, 0, "eth0")))
        #expect(written.contains(bytes(9, 0, 1, 0, 9, 0, 0, 0)))
    }

    @Test func `the statistics name what the kernel and the interface dropped`() {
        let written = file {
            $0.statistics(received: 258, dropped: 3, droppedByInterface: 4, from: .zero, to: Timestamp(nanoseconds: 1 << 32 | 5))
        }
        // The end's time is in two halves, the upper one first.
        #expect(written.contains(bytes(3, 0, 8, 0, 1, 0, 0, 0, 5, 0, 0, 0)))
        #expect(written.contains(bytes(5, 0, 8, 0, 4, 0, 0, 0, 0, 0, 0, 0)))
        #expect(written.contains(bytes(6, 0, 8, 0, 2, 1, 0, 0, 0, 0, 0, 0)))
        #expect(written.contains(bytes(7, 0, 8, 0, 3, 0, 0, 0, 0, 0, 0, 0)))
    }
}
