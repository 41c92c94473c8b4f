package import Wire

/// An address on which downstream connections are accepted.
package struct Listener: Sendable, Hashable {
    /// Port 0 lets the kernel choose, for tests.
    package var address: SocketAddress
    /// Nil: plain HTTP.
    package var tls: ListenerTLS?

    package init(address: SocketAddress, tls: ListenerTLS? = nil) {
        self.address = address
        self.tls = tls
    }
}

/// How a listener terminates TLS. Plain values: the TLS engine loads the files, again at each reload.
package struct ListenerTLS: Sendable, Hashable {
    /// At least one. Chosen by the names that a certificate carries; the first serves clients without SNI or with an unknown name.
    package var certificates: [CertificateFiles]
    /// A PEM file of authorities; with it, clients must show a certificate that one of them signed.
    package var clientAuthorityFile: String?
    /// Where the sessions' secrets go; nil, as it should be, for nowhere.
    package var keyLogFile: String?

    package init(certificates: [CertificateFiles], clientAuthorityFile: String? = nil, keyLogFile: String? = nil) {
        self.certificates = certificates
        self.clientAuthorityFile = clientAuthorityFile
        self.keyLogFile = keyLogFile
    }
}

/// A certificate with its chain, and its private key, as PEM files.
package struct CertificateFiles: Sendable, Hashable {
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}
