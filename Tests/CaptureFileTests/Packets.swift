import CaptureFile
import TestSupport
import Wire

/// Packets as bytes.
enum Packets {
    /// A TCP segment without its IP header; its checksum is left empty, which no reader minds.
    static func tcp(
        _ from: Int, _ to: Int, seq: UInt32, ack: UInt32 = 0, _ flags: Segment.Flags, _ payload: [UInt8] = [], window: Int = 1024
    ) -> [UInt8] {
        Files.number(from, 2, true) + Files.number(to, 2, true) + Files.number(Int(seq), 4, true) + Files.number(Int(ack), 4, true)
            + bytes(0x50, [flags.rawValue]) + Files.number(window, 2, true) + bytes(0, 0, 0, 0) + payload
    }

    static func v4(_ payload: [UInt8], protocol number: Int = 6, id: Int = 1, fragment: Int = 0, options: [UInt8] = []) -> [UInt8] {
        bytes(0x45 + options.count / 4, 0) + Files.number(20 + options.count + payload.count, 2, true) + Files.number(id, 2, true)
            + Files.number(fragment, 2, true) + bytes(64, number, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2) + options + payload
    }

    static func v6(_ payload: [UInt8], next: Int = 6) -> [UInt8] {
        bytes(0x60, 0, 0, 0) + Files.number(payload.count, 2, true) + bytes(next, 64)
            + bytes(0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
            + bytes(0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)
            + payload
    }

    /// What the decoder makes of a packet.
    static func decode(_ packet: [UInt8], _ link: LinkType, original: Int? = nil, with decoder: inout SegmentDecoder) -> (
        segment: Segment, payload: [UInt8]
    )? {
        let place = CapturePacket(
            time: .zero, link: link, interface: 0, bytes: 0..<packet.count, originalLength: original ?? packet.count)
        switch decoder.decode(place, packet.span.bytes) {
        case .segment(let segment): return (segment, Array(packet[segment.payload]))
        case .assembled(let segment): return (segment, Array(decoder.assembled[segment.payload]))
        case .none: return nil
        }
    }
}
