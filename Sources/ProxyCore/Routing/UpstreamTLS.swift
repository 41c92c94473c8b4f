/// How connections to a cluster's endpoints are secured. Plain values: the TLS engine loads the files.
public struct UpstreamTLS: Sendable, Hashable {
    /// The name that is sent in SNI and that the certificate must carry; nil for the endpoint's own host.
    public var serverName: String?
    /// A PEM file of authorities to trust; nil for the system's store.
    public var authorityFile: String?
    /// Whether the endpoint's certificate is verified. Off only when the operator said so, and said loudly in the log.
    public var verify: Bool
    /// A PEM file with the certificate that Gatehouse shows to the endpoint, with its chain.
    public var certificateFile: String?
    /// The PEM file of that certificate's private key.
    public var keyFile: String?
    /// Where the sessions' secrets go; nil, as it should be, for nowhere.
    public var keyLogFile: String?

    public init(
        serverName: String? = nil, authorityFile: String? = nil, verify: Bool = true, certificateFile: String? = nil,
        keyFile: String? = nil, keyLogFile: String? = nil
    ) {
        self.serverName = serverName
        self.authorityFile = authorityFile
        self.verify = verify
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.keyLogFile = keyLogFile
    }
}
