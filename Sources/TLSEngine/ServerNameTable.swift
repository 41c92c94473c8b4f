import COpenSSL
import COpenSSLShim

/// Which certificate a server shows for the name that the client asks for (SNI, RFC 6066 §3).
///
/// An exact name beats a wildcard, a wildcard covers one label, and the first certificate serves whoever asks for no
/// name or for one that nobody has. Among equals the earlier one wins. Never changed after the context is built.
final class ServerNameTable: @unchecked Sendable {
    private var exact: [String: OpaquePointer] = [:]
    private var wildcard: [String: OpaquePointer] = [:]

    /// Lets `context` serve `names` (`app.example.com`, `*.example.com`).
    func add(_ names: [String], serving context: OpaquePointer) {
        for name in names {
            let key = ServerNameTable.normalised(name)
            if key.hasPrefix("*.") {
                let parent = String(key.dropFirst(2))
                if wildcard[parent] == nil { wildcard[parent] = context }
            } else if exact[key] == nil {
                exact[key] = context
            }
        }
    }

    /// The context that serves `name`; nil if only the default does.
    func context(for name: String) -> OpaquePointer? {
        let key = ServerNameTable.normalised(name)
        if let found = exact[key] { return found }
        guard let dot = key.firstIndex(of: "."), dot != key.startIndex else { return nil }
        return wildcard[String(key[key.index(after: dot)...])]
    }

    /// Makes `context` ask the table, which must outlive it.
    func install(in context: OpaquePointer) {
        _ = copensslshim_set_tlsext_servername_arg(context, Unmanaged.passUnretained(self).toOpaque())
        _ = copensslshim_set_tlsext_servername_callback(context) { ssl, _, argument in
            guard let ssl, let argument, let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else {
                return SSL_TLSEXT_ERR_NOACK
            }
            let table = Unmanaged<ServerNameTable>.fromOpaque(argument).takeUnretainedValue()
            guard let chosen = table.context(for: String(cString: name)) else { return SSL_TLSEXT_ERR_NOACK }
            return SSL_set_SSL_CTX(ssl, chosen) == nil ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK
        }
    }

    /// Host names compare without case and without the root's dot.
    private static func normalised(_ name: String) -> String {
        let lower = name.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }
}

extension TLSContext {
    /// Whether both names are shown the same certificate here. Where they aren't, a request for the one has no business on a
    /// connection that was opened for the other (RFC 9110 §7.4; threat C15).
    public func servesAlike(_ name: String, _ other: String) -> Bool {
        guard let names else { return true }
        return (names.context(for: name) ?? base) == (names.context(for: other) ?? base)
    }
}
