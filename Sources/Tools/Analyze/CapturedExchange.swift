import Diagnosis
import HTTPWire
import Wire

/// A request of a capture that waits for its answer.
final class CapturedExchange {
    /// Nil where only the answer is in the capture.
    let request: RequestHead?
    /// Nil for requests that ask for no WebSocket.
    let observation: HandshakeObservation?
    /// The handshake's number; 0 where it is none.
    let number: UInt64
    let at: Timestamp
    /// Interim answers so far.
    var interim = 0

    init(_ request: RequestHead?, _ observation: HandshakeObservation?, _ number: UInt64, at: Timestamp) {
        self.request = request
        self.observation = observation
        self.number = number
        self.at = at
    }
}
