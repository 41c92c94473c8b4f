import COpenSSL
import COpenSSLShim
import Wire

/// What a client asks for (SNI, RFC 6066 §3) and what the certificate must be for (RFC 9525).
enum ServerNameCheck {
    /// Makes `ssl` ask for and check `name`; false if that can't be a name.
    static func install(_ name: String, in ssl: OpaquePointer) -> Bool {
        guard let parameters = SSL_get0_param(ssl) else { return false }
        if let address = SocketAddress(host: name) {
            // Addresses are not sent as SNI, and are compared with the certificate's addresses only.
            return X509_VERIFY_PARAM_set1_ip_asc(parameters, address.host) == 1
        }
        let host = name.hasSuffix(".") ? String(name.dropLast()) : name
        guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return false
        }
        // As browsers do: the subject's common name counts for nothing, and a wildcard is a whole label.
        let flags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
        X509_VERIFY_PARAM_set_hostflags(parameters, flags)
        return X509_VERIFY_PARAM_set1_host(parameters, host, 0) == 1
            && copensslshim_set_tlsext_host_name(ssl, host) == 1
    }
}
