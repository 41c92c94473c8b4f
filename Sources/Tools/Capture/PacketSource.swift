import CPcap
import CaptureFile
import Glibc
import Wire

/// An interface that is open for capturing, by way of libpcap.
///
/// Packets wait in a buffer of the kernel until `read` takes them; what finds no room there is dropped and counted.
final class PacketSource {
    /// Why there is none.
    enum Fault: Error {
        case noLibrary(String)
        case noPermission(String)
        case noInterface(String)
        case badFilter(String)
        case other(String)
    }

    /// The most bytes of a packet: tcpdump's own, more than any that Linux puts together.
    static let snapshotLength: Int32 = 262_144
    /// The kernel's buffer, for half a second of 250 Mbit/s.
    private static let buffer: Int32 = 16 << 20
    /// How long packets may wait there until they are handed over, in milliseconds.
    private static let delay: Int32 = 50

    private let source: OpaquePointer
    /// LINKTYPE_ of the packets.
    let link: UInt16
    private let descriptor: Int32
    private var text = [CChar](repeating: 0, count: 256)

    struct Statistics {
        var received: UInt64 = 0
        var dropped: UInt64 = 0
        var droppedByInterface: UInt64 = 0
    }

    /// Opens `interface` and lets through what `filter` matches.
    init(interface: String, filter: String) throws(Fault) {
        if let words = cpcap_load() { throw .noLibrary(String(cString: words)) }
        var text = [CChar](repeating: 0, count: 256)
        var code: Int32 = 0
        guard
            let source = cpcap_open(
                interface, PacketSource.snapshotLength, PacketSource.buffer, PacketSource.delay, &code, &text)
        else {
            let words = PacketSource.words(text)
            switch Int(code) {
            case CPCAP_NOT_PERMITTED, CPCAP_PROMISCUOUS_NOT_PERMITTED: throw .noPermission(words)
            case CPCAP_NO_SUCH_DEVICE: throw .noInterface(words)
            case CPCAP_NOT_UP: throw .other("the interface is down; ip link set \(interface) up starts it")
            default: throw .other(words)
            }
        }
        // An object that is made only in part isn't released by deinit.
        guard cpcap_filter(source, filter, &text) else {
            cpcap_close(source)
            throw .badFilter(PacketSource.words(text))
        }
        self.source = source
        link = UInt16(truncatingIfNeeded: cpcap_link(source))
        descriptor = cpcap_descriptor(source)
    }

    deinit { cpcap_close(source) }

    /// Waits until there are packets, at most `milliseconds`.
    func wait(_ milliseconds: Int32) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, milliseconds)
    }

    /// Hands out packets that wait, at most `limit`, each with the bytes in which its range lies.
    ///
    /// - Returns: how many; nil where the interface went away, for the reason in `fault`.
    func read(_ limit: Int32, _ take: (CapturePacket, RawSpan) -> Void) -> Int? {
        let link = LinkType(self.link)
        let count = withoutActuallyEscaping(take) { take -> Int32 in
            var reading = Reading(link: link, take: take)
            return withUnsafeMutablePointer(to: &reading) { place in
                cpcap_read(
                    source, limit,
                    { context, packet, bytes in
                        guard let context, let packet, let bytes else { return }
                        context.assumingMemoryBound(to: Reading.self).pointee.take(packet.pointee, bytes)
                    }, place, &text)
            }
        }
        return count < 0 ? nil : Int(count)
    }

    /// What `read` failed with.
    var fault: String { PacketSource.words(text) }

    private struct Reading {
        let link: LinkType
        let take: (CapturePacket, RawSpan) -> Void

        func take(_ packet: cpcap_packet, _ bytes: UnsafePointer<UInt8>) {
            let captured = Int(packet.captured)
            take(
                CapturePacket(
                    time: Timestamp(nanoseconds: packet.time), link: link, interface: 0, bytes: 0..<captured,
                    originalLength: max(Int(packet.length), captured)),
                RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: bytes, count: captured)))
        }
    }

    /// What was received and dropped since the opening.
    var statistics: Statistics {
        var counts = cpcap_statistics()
        guard cpcap_count(source, &counts) else { return Statistics() }
        return Statistics(
            received: UInt64(counts.received), dropped: UInt64(counts.dropped),
            droppedByInterface: UInt64(counts.dropped_by_interface))
    }

    private static func words(_ text: [CChar]) -> String {
        String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension PacketSource.Fault {
    /// What to do about it, for people.
    func sentence(interface: String, filter: String) -> String {
        switch self {
        case .noLibrary(let words):
            "libpcap is not installed: apt-get install libpcap0.8 (\(words))"
        case .noPermission:
            """
            capturing on \(interface) needs the capability CAP_NET_RAW, and this process (user \(getuid())) has it not. Three ways:
              sudo gatehouse capture …                                   its rights are given up once the interface is open
              sudo setcap cap_net_raw+ep "$(command -v gatehouse)"       once; whoever may run that file may then capture
              sudo tcpdump -i \(interface) -s 0 -w trouble.pcap '\(filter)'   and then: gatehouse analyze trouble.pcap
            In a container besides: --cap-add NET_RAW (capabilities.add: [NET_RAW] in Kubernetes).
            """
        case .noInterface:
            "there is no interface \(interface) here; there are any, \(PacketSource.interfaces.joined(separator: ", "))"
        case .badFilter(let words): "--filter is no expression of libpcap's language: \(words)"
        case .other(let words): "\(interface) can't be captured: \(words)"
        }
    }
}

extension PacketSource {
    /// The names of this machine's interfaces.
    static var interfaces: [String] {
        guard let list = if_nameindex() else { return [] }
        defer { if_freenameindex(list) }
        var names: [String] = []
        var entry = list
        while let name = entry.pointee.if_name {
            names.append(String(cString: name))
            entry += 1
        }
        return names
    }
}
