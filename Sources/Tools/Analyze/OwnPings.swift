import Diagnosis
import WebSocketWire
import Wire

/// Pings of Gatehouse's own in a capture of its tap, and what takes their pongs out of what a side says: the live analyser never sees those.
struct OwnPings {
    /// Payloads that wait for their pong, by side.
    private var waiting: (client: [UInt64], server: [UInt64]) = ([], [])
    private var sieves = (client: PongSieve(), server: PongSieve())

    private static let most = 16

    /// Whether bytes have to pass here.
    var isSifting: Bool {
        !waiting.client.isEmpty || !waiting.server.isEmpty || !sieves.client.held.isEmpty || !sieves.server.held.isEmpty
    }

    /// A ping went to `side`: its pong isn't the peer's own.
    mutating func pinged(_ side: Side, _ bytes: RawSpan) {
        guard let header = FrameHeader.read(bytes, at: 0), header.opcode == .ping, header.payloadLength == 8,
            bytes.byteCount >= Int(header.headerLength) + 8
        else { return }
        let key = UInt64(header.maskingKey ?? 0)
        let payload = bytes.bigEndian64(at: Int(header.headerLength)) ^ (key << 32 | key)
        if side == .downstream {
            waiting.client = waiting.client.suffix(OwnPings.most - 1) + [payload]
        } else {
            waiting.server = waiting.server.suffix(OwnPings.most - 1) + [payload]
        }
    }

    /// Hands on what of the bytes is the peer's own.
    mutating func sift(_ follower: SessionFollower, _ direction: Direction, _ bytes: RawSpan, at now: Timestamp) {
        let isClient = direction == .clientToServer
        var waiting = isClient ? waiting.client : waiting.server
        var sieve = isClient ? sieves.client : sieves.server
        let sifted = sieve.sift(bytes, after: follower.analyzer.frames(from: direction.source)) { payload in
            guard let place = waiting.firstIndex(of: payload) else { return false }
            waiting.remove(at: place)
            return true
        }
        if isClient {
            self.waiting.client = waiting
            sieves.client = sieve
        } else {
            self.waiting.server = waiting
            sieves.server = sieve
        }
        follower.heard(direction.source, at: now)
        if !sifted.released.isEmpty { follower.relayed(direction, sifted.released.span.bytes, at: now) }
        for piece in sifted.pieces { follower.relayed(direction, bytes.extracting(piece), at: now) }
    }
}
