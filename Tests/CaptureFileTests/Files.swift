import CaptureFile
import TestSupport
import Wire

/// Captures as bytes, and what a decoder makes of them.
enum Files {
    /// A file of pcap: big or little-endian, micro- or nanoseconds.
    static func pcap(
        bigEndian: Bool = false, nano: Bool = false, link: Int = 1, _ packets: [(seconds: Int, fraction: Int, [UInt8])]
    )
        -> [UInt8]
    {
        var file = number(nano ? 0xA1B2_3C4D : 0xA1B2_C3D4, 4, bigEndian)
        file += number(2, 2, bigEndian) + number(4, 2, bigEndian) + number(0, 4, bigEndian) + number(0, 4, bigEndian)
        file += number(262_144, 4, bigEndian) + number(link, 4, bigEndian)
        for (seconds, fraction, packet) in packets {
            file += number(seconds, 4, bigEndian) + number(fraction, 4, bigEndian)
            file += number(packet.count, 4, bigEndian) + number(packet.count, 4, bigEndian) + packet
        }
        return file
    }

    static func number(_ value: Int, _ width: Int, _ bigEndian: Bool) -> [UInt8] {
        let little = (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        return bigEndian ? little.reversed() : little
    }

    /// A block of pcapng.
    static func block(_ type: Int, _ body: [UInt8], bigEndian: Bool = false) -> [UInt8] {
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count & 3) & 3)
        let length = number(padded.count + 12, 4, bigEndian)
        return number(type, 4, bigEndian) + length + padded + length
    }

    static func section(bigEndian: Bool = false) -> [UInt8] {
        block(
            0x0A0D_0D0A,
            number(0x1A2B_3C4D, 4, bigEndian) + number(1, 2, bigEndian) + number(0, 2, bigEndian)
                + [UInt8](repeating: 0xFF, count: 8),
            bigEndian: bigEndian)
    }

    static func interface(link: Int, options: [UInt8] = [], bigEndian: Bool = false) -> [UInt8] {
        block(1, number(link, 2, bigEndian) + number(0, 2, bigEndian) + number(0, 4, bigEndian) + options, bigEndian: bigEndian)
    }

    static func enhanced(
        _ packet: [UInt8], interface: Int = 0, units: UInt64, options: [UInt8] = [], original: Int? = nil, bigEndian: Bool = false
    ) -> [UInt8] {
        let padded = packet + [UInt8](repeating: 0, count: (4 - packet.count & 3) & 3)
        return block(
            6,
            number(interface, 4, bigEndian) + number(Int(units >> 32), 4, bigEndian)
                + number(Int(units & 0xFFFF_FFFF), 4, bigEndian)
                + number(packet.count, 4, bigEndian) + number(original ?? packet.count, 4, bigEndian) + padded + options,
            bigEndian: bigEndian)
    }

    struct Packet: Equatable, CustomStringConvertible {
        var time: UInt64
        var link: LinkType
        var interface: Int
        var bytes: [UInt8]
        var original: Int
        var comment: String?
        var description: String { "\(time) \(link) #\(interface) \(bytes) of \(original) \(comment ?? "")" }
    }

    /// All packets of a file that comes in pieces, and what ended the reading.
    static func decode(_ file: [UInt8], _ chunking: Chunking = .whole) -> (packets: [Packet], fault: CaptureFault?, left: Int) {
        var decoder = CaptureDecoder()
        var packets: [Packet] = []
        var waiting: [UInt8] = []
        for piece in chunking.pieces(of: file) {
            waiting += piece
            var cursor = ByteCursor(waiting.span.bytes)
            do throws(CaptureFault) {
                while let packet = try decoder.next(&cursor) {
                    packets.append(
                        Packet(
                            time: packet.time.nanoseconds, link: packet.link, interface: packet.interface,
                            bytes: Array(waiting[packet.bytes]),
                            original: packet.originalLength,
                            comment: packet.comment.map { String(decoding: waiting[$0], as: UTF8.self) }))
                }
            } catch {
                return (packets, error, waiting.count - cursor.offset)
            }
            let used = cursor.offset
            waiting.removeFirst(used)
            decoder.consumed(used)
        }
        return (packets, nil, waiting.count)
    }
}
