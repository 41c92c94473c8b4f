import CaptureFile
import TestSupport
import Wire

/// A sink that writes down what it is told, one line each: `1 > Hello` for bytes of the initiator, `1 < 200` for the other end's.
final class Listener: StreamSink {
    var lines: [String] = []
    /// As of when bytes and gaps were told, in milliseconds.
    var times: [UInt64] = []
    /// Says whether a connection is still wanted after this payload.
    var wants: (String) -> Bool = { _ in true }
    weak var reassembler: TCPReassembler?

    private func name(_ slot: Int, _ sender: ConnectionEnd) -> String {
        guard let connection = reassembler?.connection(slot) else { return "?" }
        let initiator = connection.initiator ?? .a
        return "\(connection.number) \(sender == initiator ? ">" : "<")"
    }

    func received(_ slot: Int, from sender: ConnectionEnd, _ bytes: RawSpan, at time: Timestamp) -> Bool {
        let text = String(decoding: bytes.copied(), as: UTF8.self)
        let name = name(slot, sender)
        times.append(time.nanoseconds / 1_000_000)
        // Where bytes are cut doesn't matter: neighbours are joined.
        if let last = lines.last, last.hasPrefix(name + " "), !last.hasSuffix("]") {
            lines[lines.count - 1] = last + text
        } else {
            lines.append("\(name) \(text)")
        }
        return wants(text)
    }

    func missed(_ slot: Int, from sender: ConnectionEnd, _ count: UInt64, at time: Timestamp) {
        times.append(time.nanoseconds / 1_000_000)
        lines.append("\(name(slot, sender)) [missed \(count)]")
    }

    func ended(_ slot: Int, from sender: ConnectionEnd, _ end: TransportEnd, at time: Timestamp) {
        lines.append("\(name(slot, sender)) [\(end == .finished ? "fin" : "rst")]")
    }

    func closed(_ slot: Int, _ why: ConnectionClosure, at time: Timestamp) {
        lines.append("\(reassembler?.connection(slot).number ?? 0) [\(why)]")
    }
}

/// A capture under construction: segments of one connection, by the names of their senders.
struct Wiretap {
    let listener = Listener()
    let reassembler: TCPReassembler
    var clock = Timestamp(nanoseconds: 1_000_000_000)
    var port: UInt16 = 5000

    init(limit: Int = 100) {
        reassembler = TCPReassembler(sink: listener, limit: limit, seed: 7)
        listener.reassembler = reassembler
    }

    enum Who { case client, server }

    /// A segment, a millisecond after the one before unless told otherwise.
    mutating func send(
        _ who: Who, _ flags: Segment.Flags, seq: UInt32, ack: UInt32 = 0, _ text: String = "", cut: Int = 0,
        after milliseconds: UInt64 = 1
    ) {
        clock = clock + .milliseconds(milliseconds)
        let payload = Array(text.utf8)
        let ports = who == .client ? (Int(port), 80) : (80, Int(port))
        var packet = Packets.v4(Packets.tcp(ports.0, ports.1, seq: seq, ack: ack, flags, payload))
        if who == .server { packet.replaceSubrange(12..<20, with: bytes(10, 0, 0, 2, 10, 0, 0, 1)) }
        let original = packet.count
        packet.removeLast(cut)
        var decoder = SegmentDecoder()
        guard let (segment, _) = Packets.decode(packet, .rawIP, original: original, with: &decoder) else { return }
        reassembler.take(segment, packet.span.bytes, at: clock)
    }

    mutating func handshake(client: UInt32 = 100, server: UInt32 = 500) {
        send(.client, .syn, seq: client)
        send(.server, [.syn, .ack], seq: server, ack: client &+ 1)
        send(.client, .ack, seq: client &+ 1, ack: server &+ 1)
    }

    /// What was heard, the end of the capture included.
    mutating func finish() -> [String] {
        reassembler.finish(at: clock)
        return listener.lines
    }
}
