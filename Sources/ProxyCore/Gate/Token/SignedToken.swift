// A signed token (JWT, RFC 7519) in its compact form (RFC 7515 §7.1), read but not believed.
//
// Theory of operation. Three steps, each bounded before it begins: `SignedToken` takes the text apart; whoever holds the keys
// checks the signature over `signed`, with the algorithm that the *key* is pinned to; `TokenRule` judges the claims. Of the header
// only `alg` and `kid` are looked at, the first to be compared with the key's, the second as a name of a key in the set that the
// operator gave. What a header says of keys (`jku`, `jwk`, `x5u`, `x5c`) is never read (threats B1–B4).
package import JSONWire

/// A token's parts.
package struct SignedToken: Sendable, Hashable {
    /// Why a text is no token that could be checked.
    package enum Fault: String, Error, Sendable, Hashable, CaseIterable {
        case tooLarge = "token_too_large"
        case notCompact = "token_not_compact"
        case badEncoding = "token_encoding_invalid"
        case badHeader = "token_header_invalid"
        case badClaims = "token_claims_invalid"
        /// `crit`, `b64`, `zip`, `enc`: the header asks for what isn't understood.
        case unknownDemand = "token_demands_unknown"
        /// No `alg`, `none` in any spelling, or one that doesn't exist.
        case noAlgorithm = "token_algorithm_refused"

        /// What was seen.
        package var sentence: String {
            switch self {
            case .tooLarge: "a token of more than 8 KiB"
            case .notCompact: "a text that is no signed token of three parts"
            case .badEncoding: "a token whose parts are not base64url"
            case .badHeader: "a token whose header is no JSON object with unique names"
            case .badClaims: "a token whose claims are no JSON object with unique names"
            case .unknownDemand: "a token whose header demands an extension that is not understood"
            case .noAlgorithm: "a token without an algorithm that signs"
            }
        }
    }

    /// Octets above which a text isn't even looked at (threat B7).
    package static let limit = 8 << 10

    package let algorithm: TokenAlgorithm
    /// The name of the key; a name and nothing else.
    package let keyID: [UInt8]?
    /// What is signed: the first two parts with the dot between them.
    package let signed: [UInt8]
    package let signature: [UInt8]
    /// Not to be believed before the signature was checked.
    package let claims: JSONValue

    /// A token from parts that are known already.
    package init(algorithm: TokenAlgorithm, keyID: [UInt8]?, signed: [UInt8], signature: [UInt8], claims: JSONValue) {
        self.algorithm = algorithm
        self.keyID = keyID
        self.signed = signed
        self.signature = signature
        self.claims = claims
    }

    /// Takes a token apart.
    package init(_ text: [UInt8]) throws(Fault) {
        guard text.count <= SignedToken.limit else { throw .tooLarge }
        var dots: [Int] = []
        for index in text.indices where text[index] == 0x2E {
            guard dots.count < 2 else { throw .notCompact }
            dots.append(index)
        }
        guard dots.count == 2 else { throw .notCompact }
        guard let header = Base64URL.decode(text[..<dots[0]]), let body = Base64URL.decode(text[(dots[0] + 1)..<dots[1]]),
            let signature = Base64URL.decode(text[(dots[1] + 1)...])
        else { throw .badEncoding }
        guard let head = try? JSONReader.read(header), case .object = head else { throw .badHeader }
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
        guard let claims = try? JSONReader.read(body), case .object = claims else { throw .badClaims }
        self.algorithm = algorithm
        signed = Array(text[..<dots[1]])
        self.signature = signature
        self.claims = claims
    }
}
