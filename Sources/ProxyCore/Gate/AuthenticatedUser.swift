public import JSONWire
public import Wire

/// Who a checked credential belongs to.
public struct AuthenticatedUser: Sendable, Hashable {
    /// As the key, the password file or the token's claim names it; empty if it has no name.
    public var name: [UInt8]
    /// An object without members unless it came with a token.
    public var claims: JSONValue
    /// When the credential ends, on the wall clock; nil for never.
    public var expiresAt: Timestamp?

    public init(name: [UInt8], claims: JSONValue = .object([]), expiresAt: Timestamp? = nil) {
        self.name = name
        self.claims = claims
        self.expiresAt = expiresAt
    }
}

/// What came of checking a credential.
public enum CredentialOutcome: Sendable, Hashable {
    case accepted(AuthenticatedUser)
    case refused(CredentialFault)
    /// The check can't be made now; why, without secrets. Never lets in.
    case unavailable(String)
}

/// Why a credential is refused.
public enum CredentialFault: Sendable, Hashable {
    case token(SignedToken.Fault)
    case claims(TokenRule.Fault)
    /// No key of the set is named so, or has this algorithm.
    case noKey
    case badSignature
    /// No static key is this one.
    case unknownKey
    case wrongPassword
    /// A password where a token was wanted, or the other way round.
    case wrongKind
    /// No pattern of `subjects` fits this certificate, which is no secret.
    case subjectNotAllowed(String)
    /// The service of forward-auth said so: 401 or 403, with its challenge.
    case service(status: Int, challenge: String?)

    /// The stable id for the ledger.
    public var id: String {
        switch self {
        case .token(let fault): fault.rawValue
        case .claims(let fault): fault.rawValue
        case .noKey: "token_key_unknown"
        case .badSignature: "token_signature_invalid"
        case .unknownKey: "key_unknown"
        case .wrongPassword: "password_wrong"
        case .wrongKind: "credential_kind_wrong"
        case .subjectNotAllowed: "subject_not_allowed"
        case .service: "refused_by_service"
        }
    }

    /// What was seen.
    public var sentence: String {
        switch self {
        case .token(let fault): fault.sentence
        case .claims(.expired): "a token that has expired"
        case .claims(.noExpiry): "a token without exp"
        case .claims(.notYet): "a token that is not valid yet (nbf)"
        case .claims(.badTime): "a token whose exp, nbf or iat is no finite number"
        case .claims(.wrongIssuer): "a token of another issuer"
        case .claims(.wrongAudience): "a token for another audience"
        case .noKey: "a token whose kid and alg fit no configured key"
        case .badSignature: "a token whose signature does not hold"
        case .unknownKey: "a key that is not among the configured ones"
        case .wrongPassword: "a user and password that don't belong together"
        case .wrongKind: "a credential of a kind that the route doesn't check"
        case .subjectNotAllowed(let subject): "a certificate of \(subject)"
        case .service(let status, _): "a request that the service refuses with \(status)"
        }
    }
}
