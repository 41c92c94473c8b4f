public import Wire

/// An address on which downstream connections are accepted.
public struct Listener: Sendable, Hashable {
    /// Port 0 lets the kernel choose, for tests.
    public var address: SocketAddress
    /// Nil: plain HTTP.
    public var tls: ListenerTLS?

    public init(address: SocketAddress, tls: ListenerTLS? = nil) {
        self.address = address
        self.tls = tls
    }
}

/// How a listener terminates TLS. Plain values: the TLS engine loads the files, again at each reload.
public struct ListenerTLS: Sendable, Hashable {
    /// At least one. Chosen by the names that a certificate carries; the first serves clients without SNI or with an unknown name.
    public var certificates: [CertificateFiles]
    /// A PEM file of authorities; with it, clients must show a certificate that one of them signed.
    public var clientAuthorityFile: String?
    /// Where the sessions' secrets go; nil, as it should be, for nowhere.
    public var keyLogFile: String?

    public init(certificates: [CertificateFiles], clientAuthorityFile: String? = nil, keyLogFile: String? = nil) {
        self.certificates = certificates
        self.clientAuthorityFile = clientAuthorityFile
        self.keyLogFile = keyLogFile
    }
}

/// A certificate with its chain, and its private key, as PEM files.
public struct CertificateFiles: Sendable, Hashable {
    public var certificate: String
    public var key: String

    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
