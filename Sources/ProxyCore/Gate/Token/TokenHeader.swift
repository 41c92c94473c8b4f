import JSONWire

/// The header of a signed token (RFC 7515 §4): which algorithm it claims, and the name of its key.
///
/// Only `alg` and `kid` are looked at, the first to be compared with the key's, the second as a name of a key in the set that the operator gave.
/// What a header says of keys (`jku`, `jwk`, `x5u`, `x5c`) is never read (threats B1–B4).
public struct TokenHeader: Sendable, Hashable {
    /// The first part of the token, as it stands there. All tokens that one service issues have the same.
    public let text: [UInt8]
    public let algorithm: TokenAlgorithm
    /// The name of the key; a name and nothing else.
    public let keyID: [UInt8]?

    /// A header from parts that are known already.
    public init(text: [UInt8], algorithm: TokenAlgorithm, keyID: [UInt8]?) {
        self.text = text
        self.algorithm = algorithm
        self.keyID = keyID
    }

    /// Reads the first part of a token.
    init(_ text: ArraySlice<UInt8>) throws(SignedToken.Fault) {
        guard let octets = Base64URL.decode(text) else { throw .badEncoding }
        guard let head = try? JSONReader.read(octets), case .object = head else { throw .badHeader }
        // RFC 7515 §4.1.11, RFC 7797, RFC 7516: all of these change what the signature means.
        guard head["crit"] == nil, head["b64"] == nil, head["zip"] == nil, head["enc"] == nil else { throw .unknownDemand }
        guard let name = head["alg"]?.text, let algorithm = TokenAlgorithm(rawValue: String(decoding: name, as: UTF8.self)) else {
            throw .noAlgorithm
        }
        switch head["kid"] {
        case nil: keyID = nil
        case .string(let name)?: keyID = name
        default: throw .badHeader
        }
        self.text = Array(text)
        self.algorithm = algorithm
    }
}
