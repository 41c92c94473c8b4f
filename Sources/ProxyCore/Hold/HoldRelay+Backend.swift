import Diagnosis
import WebSocketWire
public import Wire

// What comes from the backend: its messages, whole, and the pongs that confirm the client's.
extension HoldRelay {
    /// Bytes came from the backend.
    ///
    /// - Parameter claim: Whether a pong with this payload answers a ping of the heartbeat's.
    public mutating func fromBackend(_ bytes: RawSpan, now: Timestamp, claim: (UInt64) -> Bool, _ out: inout HoldOutput) {
        guard hold.isConnected else { return }
        var cursor = ByteCursor(bytes)
        while hold.isConnected, let item = backend.next(&cursor, mayStream: true) {
            switch item {
            case .message(let bytes):
                out.toClient += bytes
                fromBackend += 1
            case .part(let bytes, let isLast):
                out.toClient += bytes
                if isLast { fromBackend += 1 }
            case .control(.pong, let payload, let frame):
                guard let number = HoldRelay.number(payload) else {
                    pass(pong: payload, frame, &out)
                    break
                }
                if !confirms(number), !claim(number) { pass(pong: payload, frame, &out) }
            case .control(.close, let payload, let frame):
                let code = payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil
                guard mode == .holding, HoldLoss.isDeparture(code) else {
                    mode = .ending
                    out.toClient += frame
                    break
                }
                if client.isAtBoundary {
                    FrameWriter.appendClose(code.map { CloseCode($0) }, maskingKey: key(), to: &out.toBackend)
                }
                backendLost(HoldLoss(.closeFrame, closeCode: code), now: now, &out)
            case .control(_, _, let frame): out.toClient += frame
            case .unreadable(let bytes):
                mode = .ending
                out.toClient += bytes
            }
        }
        departIfConfirmed(now, &out)
        askIfDue(now, &out)
        regulate(&out)
    }

    mutating func pass(pong payload: [UInt8], _ frame: [UInt8], _ out: inout HoldOutput) {
        if clientPing == payload { clientPing = nil }
        out.toClient += frame
    }

    /// Whether a pong with this payload answers a ping of the confirmation.
    mutating func confirms(_ number: UInt64) -> Bool {
        if let last = askedLast, last.payload == number {
            confirm(last.ordinal)
            askedLast = nil
            asked = nil
            return true
        }
        guard let asked, asked.payload == number else { return false }
        confirm(asked.ordinal)
        self.asked = nil
        return true
    }

    mutating func confirm(_ ordinal: UInt64) {
        account.confirm(ordinal)
        guard keepsSent else { return }
        let kept = queue.firstIndex { $0.ordinal > ordinal } ?? queue.count
        for entry in queue[..<kept] { queuedBytes -= entry.bytes.count }
        queue.removeFirst(kept)
    }
}
