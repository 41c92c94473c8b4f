public import Wire

/// One event of a recorded session: what a feeder saw, as a value that can be kept.
public enum RecordedEvent: Sendable, Hashable {
    case opened(ClientFacts, at: Timestamp)
    /// The request's head, whole.
    case request([UInt8])
    /// The response's head, whole.
    case response([UInt8], at: Timestamp)
    case bodyStart([UInt8])
    case failed(HandshakeFailure, at: Timestamp)
    case relayed(Direction, [UInt8], at: Timestamp)
    /// Bytes of a direction that the recording does not have.
    case gap(Direction, count: UInt64)
    case ended(Side, TransportEnd, at: Timestamp)
    /// An act of Gatehouse's own.
    case local(Side, LocalEnd, closeCode: UInt16?, at: Timestamp)
}
