import COpenSSL

/// What a client keeps of a finished session in order to resume it: less work for both ends of the next connection.
///
/// @unchecked Sendable: an SSL_SESSION is reference-counted with atomics and not changed by those who resume it.
package final class TLSResumption: @unchecked Sendable {
    let session: OpaquePointer

    /// Takes over the caller's reference.
    init(owning session: OpaquePointer) {
        self.session = session
    }

    deinit {
        SSL_SESSION_free(session)
    }
}
