import COpenSSL

/// Which OpenSSL does the work, as it says itself.
public enum OpenSSLVersion {
    /// `OpenSSL 3.0.16 11 Feb 2025`.
    public static var text: String { OpenSSL_version(OPENSSL_VERSION).map { String(cString: $0) } ?? "OpenSSL" }
}
