import COpenSSL

/// What a client keeps of a finished session in order to resume it: less work for both ends of the next connection.
///
/// Only a session to the same name with the same context resumes it. A resumed handshake sends no certificate, so
/// what one context let pass unverified must not come in through another.
///
/// @unchecked Sendable: an SSL_SESSION is reference-counted with atomics and not changed by those who resume it.
public final class TLSResumption: @unchecked Sendable {
    private let session: OpaquePointer
    private let context: TLSContext
    private let serverName: String?

    /// Takes over the caller's reference.
    init(owning session: OpaquePointer, context: TLSContext, serverName: String?) {
        self.session = session
        self.context = context
        self.serverName = serverName
    }

    deinit {
        SSL_SESSION_free(session)
    }

    /// Lets `ssl` try to resume, if it is for the same server under the same rules.
    func offer(to ssl: OpaquePointer, context: TLSContext, serverName: String) {
        guard context === self.context, serverName == self.serverName else { return }
        SSL_set_session(ssl, session)
    }
}
