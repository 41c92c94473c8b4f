import HTTPWire
package import ProxyCore

extension Snapshot {
    /// Names of fields and parameters in which routes look for credentials: what no log may show.
    package var credentialNames: (fields: [String], parameters: [String]) {
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
package struct CredentialSettings: Sendable, Hashable {
    /// A static key by its hash.
    package struct KeyDigest: Sendable, Hashable {
        package var name: String
        /// SHA-256 of the key, 32 octets.
        package var digest: [UInt8]
    }

    package var keys: [KeyDigest] = []
    /// A file of `htpasswd`.
    package var passwordFile: String?
    /// Nil: tokens are not taken for JWT.
    package var token: TokenSettings?
    /// Nil: certificates are no credential.
    package var certificates: CertificateRule?

    package init() {}
}

/// How JWT are checked.
package struct TokenSettings: Sendable, Hashable {
    /// A file with PEM, a JWK or a JWKS.
    package var keyFile: String?
    /// Where a JWKS is fetched from.
    package var url: ServiceURL?
    /// How `url` is spoken to, if it is `https`.
    package var tls = UpstreamTLS()
    /// A secret shared with whoever issues the tokens.
    package var secret: Secret?
    /// What keys that don't say it themselves may sign with; empty: one algorithm by the kind of key.
    package var algorithms: Set<TokenAlgorithm> = []
    package var rule = TokenRule()

    package init() {}
}
