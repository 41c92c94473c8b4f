/// What a finished TLS handshake agreed on: the part of a connection's ledger entry that speaks of TLS.
package struct TLSFacts: Sendable, Hashable {
    /// `TLSv1.2` or `TLSv1.3`.
    package var version: String
    /// The cipher suite by its name in OpenSSL.
    package var cipher: String
    /// The protocol that ALPN chose; nil if the client offered none.
    package var applicationProtocol: String?
    /// The host name that the client asked for (SNI); nil if it sent none.
    package var serverName: String?
    /// Whether an earlier session was resumed, so that no certificate was sent this time.
    package var resumed: Bool
    /// The certificate of the other end; nil if it sent none.
    package var peer: CertificateFacts?
    /// What checking `peer` gave, in words: `verified`, `no certificate`, or every problem found.
    package var verification: String
    /// Whether `peer` was found to be trusted, in date and of the right name.
    package var verified: Bool
    /// The subject of the certificate by which the *client* showed itself, whichever end we are.
    package var clientCertificateSubject: String?

    package init(
        version: String,
        cipher: String,
        applicationProtocol: String?,
        serverName: String?,
        resumed: Bool,
        peer: CertificateFacts?,
        verification: String,
        verified: Bool,
        clientCertificateSubject: String?
    ) {
        self.version = version
        self.cipher = cipher
        self.applicationProtocol = applicationProtocol
        self.serverName = serverName
        self.resumed = resumed
        self.peer = peer
        self.verification = verification
        self.verified = verified
        self.clientCertificateSubject = clientCertificateSubject
    }
}
