import Diagnosis
import WebSocketWire
public import Wire

// What comes from the backend: its messages, whole, and the pongs that confirm the client's.
extension HoldRelay {
    /// Bytes came from the backend.
    ///
    /// - Parameter claim: When the heartbeat's ping was written that a pong with this payload answers, `zero` where that isn't known any more;
    ///   nil if it answers none.
    public mutating func fromBackend(_ bytes: RawSpan, now: Timestamp, claim: (UInt64) -> Timestamp?, _ out: inout HoldOutput) {
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
                if !confirms(payload, claim, &out) { pass(pong: payload, frame, &out) }
            case .control(.close, let payload, let frame): backendCloses(payload, frame, now, &out)
            case .control(_, _, let frame): out.toClient += frame
            case .unreadable(let bytes):
                mode = .ending
                out.toClient += bytes
            }
        }
        departIfConfirmed(now, &out)
        askIfDue(now, &out)
        regulate(now, &out)
    }

    /// A close frame of the backend's: the answer to ours, its farewell, or the session's end.
    mutating func backendCloses(_ payload: [UInt8], _ frame: [UInt8], _ now: Timestamp, _ out: inout HoldOutput) {
        let code = payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil
        let isAnswer = departBy != .never && (code == nil || code == CloseCode.normal.rawValue)
        guard mode == .holding, isAnswer || HoldLoss.isDeparture(code) else {
            mode = .ending
            out.toClient += frame
            // The client's has come already, and waited behind messages for another backend.
            if let frame = pendingClose, mayWrite { forwardClose(frame, now, &out) }
            return
        }
        if mayWrite { FrameWriter.appendClose(code.map { CloseCode($0) }, maskingKey: key(), to: &out.toBackend) }
        backendLost(HoldLoss(.closeFrame, closeCode: code), now: now, &out)
    }

    mutating func pass(pong payload: [UInt8], _ frame: [UInt8], _ out: inout HoldOutput) {
        if clientPing == payload { clientPing = nil }
        out.toClient += frame
    }
}
