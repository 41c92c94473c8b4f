// Which names say that their value is a secret: the one list, for what the ledger and captures redact (Telemetry), for what evidence leaves
// out (Redaction), and for what counts as a credential in a verdict (CredentialReading).
//
// Names are compared without case and without `_ - . [ ]`, so that `access_token`, `accessToken` and `Access-Token` are what they are to the
// server. Four kinds: names that end in a word of `endings`, names that hold a word like `password` anywhere, names that count only as a whole and
// only as a parameter of a query (a field `Key` or a member `"code"` is too often something else), and, of those, the values that serve one
// sign-in and prove nothing afterwards: an OAuth redirect's `state` beside its `code`. Those last are secret, and no credential.
import HTTPWire

/// The names of secrets.
public enum SecretNames {
    /// What a name says of its value.
    public enum Kind: Sendable, Hashable {
        /// It proves who somebody is.
        case credential
        /// It belongs to one sign-in: nobody may read it, and it proves nothing to a backend.
        case oneTime
    }

    /// Names whose end alone says it: `x-auth-token`, `client_assertion`, `code_verifier`.
    private static let endings = byLastLetter(
        .credential, "token", "signature", "jwt", "assertion", "authkey", "secretkey", "privatekey", "signingkey", "functionskey",
        "subscriptionkey", "authcode", "authorizationcode", "accesscode", "devicecode", "usercode", "samlresponse", "wresult",
        "totp"
    )
    .merging(byLastLetter(.oneTime, "codeverifier", "oauthverifier"))

    /// Names that are secret only as a whole, and only as a parameter.
    private static let parameters = byLastLetter(
        .credential, "key", "auth", "authorization", "sig", "code", "ticket", "pass", "pwd", "pw", "sid", "session", "bearer",
        "otp",
        "hmac", "csrf", "xsrf", "samlart"
    ).merging(byLastLetter(.oneTime, "state", "relaystate", "verifier"))

    /// Names of fields that are secret only as a whole.
    private static let fields = byLastLetter(
        .credential, "xkey", "xauth", "xsession", "xticket", "xcsrf", "xxsrf", "xotp", "auth")

    /// Longer names are nobody's: not compared.
    public static let longest = 96

    /// Where a name stands.
    public enum Place: Sendable {
        /// Before a `=` of a query or form.
        case parameter
        /// Before the colon of a field line.
        case field
        /// A member of a JSON object, or a word in front of a `=` in prose.
        case text
    }

    /// What a name says, in the form in which names are compared: lower case, without separators.
    public static func kind(normalised name: Span<UInt8>, _ place: Place) -> Kind? {
        guard name.count > 1, name.count <= longest else { return nil }
        let last = Int(name[name.count - 1]) - 0x61
        if (0..<26).contains(last) {
            for known in endings.groups[last] where ends(name, known.name) { return known.kind }
            switch place {
            case .parameter:
                for known in parameters.groups[last] where known.name.count == name.count && ends(name, known.name) {
                    return known.kind
                }
            case .field:
                for known in fields.groups[last] where known.name.count == name.count && ends(name, known.name) {
                    return known.kind
                }
            case .text: break
            }
        }
        return holdsPart(name) ? .credential : nil
    }

    /// What the name in `range` says, which may be percent-encoded where it is a parameter's.
    public static func kind(_ bytes: [UInt8], _ range: Range<Int>, _ place: Place) -> Kind? {
        var name = InlineArray<96, UInt8>(repeating: 0)
        var count = 0
        var index = range.lowerBound
        let end = min(range.upperBound, bytes.count)
        while index < end {
            var byte = bytes[index]
            index += 1
            if byte == 0x25, place == .parameter {
                // However often it was encoded: %2565.
                var next = index
                while next + 1 < end, bytes[next] == 0x32, bytes[next + 1] == 0x35 { next += 2 }
                if next + 1 < end, let high = bytes[next].hexadecimalValue, let low = bytes[next + 1].hexadecimalValue {
                    byte = high << 4 | low
                    index = next + 2
                }
            }
            guard !isSeparator(byte) else { continue }
            guard count < longest else { return nil }
            name[count] = byte.lowercased
            count += 1
        }
        return kind(normalised: name.span.extracting(0..<count), place)
    }

    /// What names are compared without.
    @inlinable
    public static func isSeparator(_ byte: UInt8) -> Bool {
        byte == 0x5F || byte == 0x2D || byte == 0x2E || byte == 0x5B || byte == 0x5D
    }

    // MARK: Comparison

    /// Whether the name holds a word that says it wherever it stands: `password2`, `client_secret_post`, `id_token_hint`.
    private static func holdsPart(_ name: Span<UInt8>) -> Bool {
        guard name.count >= 6 else { return false }
        for start in 0...(name.count - 6) {
            let isFound =
                switch name[start] {
                case 0x70:
                    begins(name, at: start, "password") || begins(name, at: start, "passwd")
                        || begins(name, at: start, "passphrase")
                case 0x73: begins(name, at: start, "secret") || begins(name, at: start, "sessionid")
                case 0x63: begins(name, at: start, "credential")
                case 0x61:
                    begins(name, at: start, "apikey") || begins(name, at: start, "accesskey")
                        || begins(name, at: start, "accesstoken")
                        || begins(name, at: start, "authtoken")
                case 0x69: begins(name, at: start, "idtoken")
                case 0x72: begins(name, at: start, "refreshtoken")
                default: false
                }
            if isFound { return true }
        }
        return false
    }

    private static func begins(_ name: Span<UInt8>, at start: Int, _ part: StaticString) -> Bool {
        guard start + part.utf8CodeUnitCount <= name.count else { return false }
        for index in 0..<part.utf8CodeUnitCount {
            guard unsafe name[start + index] == part.utf8Start[index] else { return false }
        }
        return true
    }

    private static func ends(_ name: Span<UInt8>, _ ending: [UInt8]) -> Bool {
        let start = name.count - ending.count
        guard start >= 0 else { return false }
        for index in ending.indices where name[start + index] != ending[index] { return false }
        return true
    }

    // MARK: Tables

    /// Names in 26 groups by their last letter, so that a name that isn't secret is compared with one or two.
    private struct Table: Sendable {
        var groups: [[(name: [UInt8], kind: Kind)]] = Array(repeating: [], count: 26)

        func merging(_ other: Table) -> Table {
            var merged = self
            for index in groups.indices { merged.groups[index] += other.groups[index] }
            return merged
        }
    }

    private static func byLastLetter(_ kind: Kind, _ names: String...) -> Table {
        names.reduce(into: Table()) { table, name in
            let bytes = Array(name.utf8)
            if let last = bytes.last, (0x61...0x7A).contains(last) { table.groups[Int(last) - 0x61].append((bytes, kind)) }
        }
    }
}
