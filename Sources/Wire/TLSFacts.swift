/// What a finished TLS handshake agreed on: the part of a connection's ledger entry that speaks of TLS.
public struct TLSFacts: Sendable, Hashable {
    /// `TLSv1.2` or `TLSv1.3`.
    public var version: String
    /// The cipher suite by its name in OpenSSL.
    public var cipher: String
    /// The protocol that ALPN chose; nil if the client offered none.
    public var applicationProtocol: String?
    /// The host name that the client asked for (SNI); nil if it sent none.
    public var serverName: String?
    /// Whether an earlier session was resumed, so that no certificate was sent this time.
    public var resumed: Bool
    /// The certificate of the other end; nil if it sent none.
    public var peer: CertificateFacts?
    /// What checking `peer` gave, in words: `verified`, `no certificate`, or every problem found.
    public var verification: String
    /// Whether `peer` was found to be trusted, in date and of the right name.
    public var verified: Bool
    /// The subject of the certificate by which the *client* showed itself, whichever end we are.
    public var clientCertificateSubject: String?

    public init(
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
