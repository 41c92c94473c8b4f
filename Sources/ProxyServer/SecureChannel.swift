import TLSEngine
import Wire

/// The TLS session of one connection, with what the worker needs to know of it.
final class SecureChannel {
    var session: TLSSession
    /// Set when the handshake is complete.
    var facts: TLSFacts?
    var began: Timestamp
    /// close_notify has been put into the stream; nothing may be encrypted after it.
    var hasClosed = false

    init(session: consuming TLSSession, now: Timestamp) {
        self.session = session
        began = now
    }

    var isOpen: Bool { facts != nil }
}
