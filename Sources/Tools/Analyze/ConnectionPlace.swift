import CaptureFile
import WebSocketWire

/// What is known of the connection in a slot of the reassembler.
struct ConnectionPlace {
    var conversation: Conversation?
    /// This is the upstream connection of another one's session.
    var isUpstream = false
    /// An upstream connection tells the server's bytes; what Gatehouse sent here is passed over.
    var hasUpstream = false
    /// Which end is Gatehouse's; nil where no tap wrote the capture.
    var gatehouse: ConnectionEnd?
    /// Segments that began like nothing, while it isn't decided.
    var tries: UInt8 = 0
    var isCounted = false
    /// A held session has come to another endpoint: the head of the handshake there isn't the session's.
    var skipsHead = false

    /// Whether what `sender` says is Gatehouse's own copy of what the other connection of the session shows as received.
    @inline(__always)
    func passesOver(_ sender: ConnectionEnd) -> Bool { sender == gatehouse && (isUpstream || hasUpstream) }
}
