import CaptureFile
import Wire

/// The file that a capture of the wire goes into: encoded as packets come, written at each pause of theirs.
final class WireCapture {
    private var encoder = CaptureEncoder(capacity: 1 << 20)
    private let file: OutputFile
    private let startedAt: Timestamp
    private(set) var bytes: UInt64 = 0
    private(set) var fault: OutputFile.Fault?

    init(_ file: OutputFile, interface: String, link: UInt16, filter: String, at now: Timestamp) {
        self.file = file
        startedAt = now
        encoder.begin(
            application: "Gatehouse \(Version.text), capture", interface: interface, link: link,
            snapshotLength: UInt32(PacketSource.snapshotLength), filter: filter)
    }

    /// Keys must stand before the packets that they open.
    func add(keys: [UInt8]) { if !keys.isEmpty { encoder.secrets(keys) } }

    func add(_ packet: CapturePacket, _ bytes: RawSpan) {
        encoder.packet(bytes.extracting(packet.bytes), originalLength: packet.originalLength, at: packet.time)
        if encoder.buffer.count > 1 << 20 { flush() }
    }

    /// Writes what was encoded.
    func flush() {
        guard encoder.buffer.count > 0 else { return }
        if fault == nil {
            bytes += UInt64(encoder.buffer.count)
            do throws(OutputFile.Fault) { try file.write(encoder.buffer.copied()) } catch { fault = error }
        }
        encoder.buffer.clear()
    }

    func finish(_ statistics: PacketSource.Statistics, at now: Timestamp) {
        encoder.statistics(
            received: statistics.received, dropped: statistics.dropped, droppedByInterface: statistics.droppedByInterface,
            from: startedAt, to: now)
        flush()
        file.close()
    }
}
