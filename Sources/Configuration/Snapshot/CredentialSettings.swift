import HTTPWire
public import ProxyCore

extension Snapshot {
    /// Names of fields and parameters in which routes look for credentials: what no log may show.
    public var credentialNames: (fields: [String], parameters: [String]) {
        var names: (fields: [String], parameters: [String]) = ([], [])
        for rule in routes.routes.compactMap({ $0.gate?.authentication }) {
            // What a service judges by may be a credential.
            names.fields += (rule.forward?.fields ?? []).filter { $0.known == .other }.map(\.description)
        }
        for source in routes.routes.flatMap({ $0.gate?.authentication?.sources ?? [] }) {
            switch source {
            case .field(let name): names.fields.append(name.description)
            case .query(let name): names.parameters.append(String(decoding: name, as: UTF8.self))
            default: break
            }
        }
        return names
    }
}

/// What a route's credentials are checked against. Plain values: the files are read by whoever makes the checks, again at each
/// reload.
public struct CredentialSettings: Sendable, Hashable {
    /// A static key by its hash.
    public struct KeyDigest: Sendable, Hashable {
        public var name: String
        /// SHA-256 of the key, 32 octets.
        public var digest: [UInt8]
    }

    public var keys: [KeyDigest] = []
    /// A file of `htpasswd`.
    public var passwordFile: String?
    /// Nil: tokens are not taken for JWT.
    public var token: TokenSettings?
    /// Nil: certificates are no credential.
    public var certificates: CertificateRule?

    public init() {}
}

/// How JWT are checked.
public struct TokenSettings: Sendable, Hashable {
    /// A file with PEM, a JWK or a JWKS.
    public var keyFile: String?
    /// Where a JWKS is fetched from.
    public var url: ServiceURL?
    /// How `url` is spoken to, if it is `https`.
    public var tls = UpstreamTLS()
    /// A secret shared with whoever issues the tokens.
    public var secret: Secret?
    /// What keys that don't say it themselves may sign with; empty: one algorithm by the kind of key.
    public var algorithms: Set<TokenAlgorithm> = []
    public var rule = TokenRule()

    public init() {}
}
