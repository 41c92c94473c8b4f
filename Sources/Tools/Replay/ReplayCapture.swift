import CaptureFile
import Wire

/// Writes what a replay said and heard as a pcapng file, one made-up conversation for each session.
///
/// The client's addresses are made up as well (those of documentation, RFC 5737 and RFC 3849): many runs then compare line by line.
final class ReplayCapture {
    private var encoder = CaptureEncoder(capacity: 1 << 20)
    private let file: OutputFile
    private let server: SocketAddress
    private(set) var fault: OutputFile.Fault?

    init(_ file: OutputFile, server: SocketAddress) {
        self.file = file
        self.server = server
        encoder.begin(application: "Gatehouse \(Version.text), replay")
    }

    /// The conversation of the session with that index.
    func conversation(_ index: Int) -> TapConversation {
        let port = UInt16(1024 + index % 60_000)
        let host = UInt32(1 + index / 60_000 % 250)
        let client =
            server.isV4
            ? SocketAddress(v4: 0xC000_0200 + host, port: port)
            : SocketAddress(high: 0x2001_0DB8_0000_0000, low: UInt64(host), port: port)
        return TapConversation(
            side: .upstream, initiator: client, responder: server, number: UInt32(truncatingIfNeeded: index &* 0x0100_0193))
    }

    func sent(_ conversation: inout TapConversation, _ bytes: [UInt8], at time: Timestamp) {
        conversation.data(from: .initiator, bytes.span.bytes, at: time, into: &encoder)
        flush(1 << 20)
    }

    func received(_ conversation: inout TapConversation, _ bytes: RawSpan, at time: Timestamp) {
        conversation.data(from: .responder, bytes, at: time, into: &encoder)
        flush(1 << 20)
    }

    func ended(_ conversation: inout TapConversation, by end: TapConversation.End, reset: Bool, at time: Timestamp) {
        if reset {
            conversation.reset(from: end, at: time, into: &encoder)
        } else {
            conversation.finish(from: end, at: time, into: &encoder)
        }
    }

    /// Writes the rest.
    func finish() {
        flush(0)
        file.close()
    }

    private func flush(_ most: Int) {
        guard encoder.buffer.count > most else { return }
        if fault == nil {
            do throws(OutputFile.Fault) { try file.write(encoder.buffer.copied()) } catch { fault = error }
        }
        encoder.buffer.clear()
    }
}
