// A signed token (JWT, RFC 7519) in its compact form (RFC 7515 §7.1), read but not believed.
//
// Theory of operation. Three steps, each bounded before it begins: `SignedToken` takes the text apart; whoever holds the keys
// checks the signature over `signed`, with the algorithm that the *key* is pinned to; `TokenRule` judges the claims.
public import JSONWire
import Wire

/// A token's parts.
public struct SignedToken: Sendable, Hashable {
    /// Why a text is no token that could be checked.
    public enum Fault: String, Error, Sendable, Hashable, CaseIterable {
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
        public var sentence: String {
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
    public static let limit = 8 << 10

    public let header: TokenHeader
    /// What is signed: the first two parts with the dot between them.
    public let signed: [UInt8]
    public let signature: [UInt8]
    /// Not to be believed before the signature was checked.
    public let claims: JSONValue

    /// A token from parts that are known already.
    public init(header: TokenHeader, signed: [UInt8], signature: [UInt8], claims: JSONValue) {
        self.header = header
        self.signed = signed
        self.signature = signature
        self.claims = claims
    }

    /// Takes a token apart.
    ///
    /// - Parameter last: The header of a token before it, which is not read again if this one has the same.
    public init(_ text: [UInt8], last: TokenHeader? = nil) throws(Fault) {
        guard text.count <= SignedToken.limit else { throw .tooLarge }
        guard let (first, second) = SignedToken.dots(text.span) else { throw .notCompact }
        guard let body = Base64URL.decode(text[(first + 1)..<second]), let signature = Base64URL.decode(text[(second + 1)...])
        else { throw .badEncoding }
        if let last, unsafe text.span.extracting(0..<first).bytes.isSame(as: last.text.span.bytes) {
            header = last
        } else {
            header = try TokenHeader(text[..<first])
        }
        guard let claims = try? JSONReader.read(body), case .object = claims else { throw .badClaims }
        signed = Array(text[..<second])
        self.signature = signature
        self.claims = claims
    }

    /// Where the two dots of the compact form stand; nil where there are fewer or more.
    private static func dots(_ text: Span<UInt8>) -> (Int, Int)? {
        var (first, second) = (-1, -1)
        for position in text.indices where text[position] == 0x2E {
            guard second < 0 else { return nil }
            if first < 0 { first = position } else { second = position }
        }
        return second < 0 ? nil : (first, second)
    }
}
