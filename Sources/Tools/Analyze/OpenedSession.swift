import Diagnosis
import Telemetry
import Wire

/// A session that has just been opened: what a live analysis tells before it knows how it ends.
struct OpenedSession {
    var number: UInt64
    /// Gatehouse's own name for it, in a capture of a tap.
    var session: SessionID?
    var server: SocketAddress
    var observation: HandshakeObservation
    var openedAt: Timestamp

    /// One line, ended by a newline; its number is that of the session's later line.
    func json(_ redaction: LogRedaction) -> [UInt8] {
        var line = LineBuffer(capacity: 1024)
        line.beginObject()
        line.field("event", constant: "session.opened")
        line.field("number", number)
        if let session { line.field("session", session: session) }
        line.field("time", time: openedAt)
        line.field("client", address: observation.client.address)
        line.field("server", address: server)
        if let request = observation.request {
            line.field("request", redacted: Redaction.requestLine(request), redaction, .startLine)
        }
        line.finish()
        return line.bytes()
    }
}
