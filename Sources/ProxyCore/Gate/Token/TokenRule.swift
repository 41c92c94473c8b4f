public import JSONWire
public import Wire

/// What a token's claims must say, once its signature holds (RFC 7519 §4.1, RFC 8725 §3.8–3.9).
public struct TokenRule: Sendable, Hashable {
    /// Any of them; empty: not checked.
    public var issuers: [String] = []
    /// Any of them; empty: a token that names an audience is refused, since it was made for somebody else.
    public var audiences: [String] = []
    /// How far the clocks may differ; at most 60 s.
    public var leeway: TimeSpan = .seconds(30)
    /// Whether a token must end at some time.
    public var requiresExpiry = true
    /// The claim that names the user.
    public var userClaim = "sub"

    public init() {}

    /// Why claims are refused.
    public enum Fault: String, Error, Sendable, Hashable, CaseIterable {
        case expired = "token_expired"
        case noExpiry = "token_without_expiry"
        case notYet = "token_not_yet_valid"
        case badTime = "token_time_invalid"
        case wrongIssuer = "token_wrong_issuer"
        case wrongAudience = "token_wrong_audience"
    }

    /// When a session with the token ends, on the wall clock; nil for never. That is the token's end, or the end of the leeway where the
    /// token is over already.
    ///
    /// - Parameter now: the wall clock, not a loop's: a token's times are somebody else's.
    public func check(_ claims: JSONValue, now: Timestamp) throws(Fault) -> Timestamp? {
        let seconds = Double(now.nanoseconds) / 1e9
        let leeway = min(leeway.seconds, 60)
        var expiry: Timestamp?
        if let claim = claims["exp"] {
            guard let end = claim.finiteNumber else { throw .badTime }
            guard seconds < end + leeway else { throw .expired }
            // Who is let in by the leeway stays until it is over: a session that opens to be closed at once helps nobody.
            let last = seconds < end ? end : end + leeway
            // 2^63 ns are 292 years; a token that outlives them never ends.
            if end < 9_000_000_000 { expiry = Timestamp(nanoseconds: UInt64(max(last, 0) * 1e9)) }
        } else if requiresExpiry {
            throw .noExpiry
        }
        if let claim = claims["nbf"] {
            guard let begin = claim.finiteNumber else { throw .badTime }
            guard seconds + leeway >= begin else { throw .notYet }
        }
        if let claim = claims["iat"], claim.finiteNumber == nil { throw .badTime }
        if !issuers.isEmpty {
            guard let issuer = claims["iss"]?.text, issuers.contains(where: { issuer.elementsEqual($0.utf8) }) else {
                throw .wrongIssuer
            }
        }
        try checkAudience(claims["aud"])
        return expiry
    }

    private func checkAudience(_ claim: JSONValue?) throws(Fault) {
        let named: [[UInt8]]
        switch claim {
        case nil: named = []
        case .string(let one)?: named = [one]
        case .array(let several)?:
            named = several.compactMap(\.text)
            guard named.count == several.count else { throw .wrongAudience }
        default: throw .wrongAudience
        }
        if audiences.isEmpty {
            guard named.isEmpty else { throw .wrongAudience }
        } else {
            guard named.contains(where: { name in audiences.contains { name.elementsEqual($0.utf8) } }) else {
                throw .wrongAudience
            }
        }
    }

    /// What the rule lets in, in words.
    public var words: String {
        var parts: [String] = []
        if !issuers.isEmpty { parts.append("iss \(issuers.joined(separator: " or "))") }
        parts.append(audiences.isEmpty ? "no aud" : "aud \(audiences.joined(separator: " or "))")
        if requiresExpiry { parts.append("an exp in the future") }
        return "a token with " + parts.joined(separator: ", ")
    }
}
