import COpenSSL

/// Receives the secrets of every session of a context, one line each in the key log format that Wireshark reads.
///
/// Whoever has these lines reads the sessions: the sink is called only if the operator asked for it. It is called on
/// the thread of the session and must not block.
public final class KeyLog: Sendable {
    private let sink: @Sendable (_ line: String) -> Void

    public init(_ sink: @escaping @Sendable (_ line: String) -> Void) {
        self.sink = sink
    }

    /// Attaches the log to an OpenSSL context, which must not outlive it.
    func install(in context: OpaquePointer) {
        SSL_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(self).toOpaque())
        SSL_CTX_set_keylog_callback(context) { ssl, line in
            guard let ssl, let line, let log = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0) else { return }
            Unmanaged<KeyLog>.fromOpaque(log).takeUnretainedValue().sink(String(cString: line))
        }
    }
}
