/// The signature algorithms that a token may have (RFC 7518 §3.1, RFC 8037 §3.1). `none` is not among them.
public enum TokenAlgorithm: String, Sendable, Hashable, CaseIterable {
    case hs256 = "HS256"
    case hs384 = "HS384"
    case hs512 = "HS512"
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case edDSA = "EdDSA"

    /// The kind of key that the algorithm works with. A key of another kind is never tried with it (threat B2).
    public enum Family: Sendable, Hashable {
        case secret, rsa
        /// An elliptic curve by the length of a coordinate: 32, 48 or 66 octets.
        case curve(coordinate: Int)
        case ed25519
    }

    public var family: Family {
        switch self {
        case .hs256, .hs384, .hs512: .secret
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: .rsa
        case .es256: .curve(coordinate: 32)
        case .es384: .curve(coordinate: 48)
        case .es512: .curve(coordinate: 66)
        case .edDSA: .ed25519
        }
    }

    /// Bits of the hash; 0 where the algorithm has its own.
    public var hashBits: Int {
        switch self {
        case .hs256, .rs256, .ps256, .es256: 256
        case .hs384, .rs384, .ps384, .es384: 384
        case .hs512, .rs512, .ps512, .es512: 512
        case .edDSA: 0
        }
    }

    public var isPSS: Bool { self == .ps256 || self == .ps384 || self == .ps512 }
}
