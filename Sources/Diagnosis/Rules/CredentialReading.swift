import HTTPWire

/// What in a request proves who is asking: found by shape, never by value. What names say is `SecretNames`' matter.
public enum CredentialReading {
    /// Whether the subprotocol says that the one behind it is a token: browsers can't set fields, so applications put it there.
    public static func announcesToken(_ subprotocol: String) -> Bool {
        announcing.contains(subprotocol.lowercased())
    }

    /// How many characters of a subprotocol stand before a token: `base64url.bearer.authorization.k8s.io.…`, `bearer-…`; nil if none follows.
    public static func tokenPrefix(_ subprotocol: String) -> Int? {
        let text = subprotocol.lowercased()
        for known in ["base64url.bearer.authorization.k8s.io.", "base64.bearer.authorization.k8s.io.", "openai-insecure-api-key."]
        where text.hasPrefix(known) { return known.count }
        for word in announcing where text.hasPrefix(word) && text.utf8.count > word.utf8.count + 7 {
            if let separator = text.dropFirst(word.count).first, !separator.isLetter, !separator.isNumber { return word.count + 1 }
        }
        return nil
    }

    private static let announcing: Set<String> = [
        "jwt", "key", "auth", "token", "basic", "bearer", "apikey", "api-key", "api_key", "auth-token", "auth_token", "auth.token",
        "access_token", "access-token", "bearer-token", "bearer_token", "authorization",
    ]

    /// Whether `text` has the shape of a token: a JWT, or long and without meaning.
    public static func isTokenLike(_ text: String) -> Bool {
        let bytes = text.utf8
        if text.hasPrefix("eyJ"), bytes.count > 20 { return true }
        guard bytes.count >= 24 else { return false }
        var digits = 0
        var upper = 0
        var lower = 0
        for byte in bytes {
            switch byte {
            case 0x30...0x39: digits += 1
            case 0x41...0x5A: upper += 1
            case 0x61...0x7A: lower += 1
            case 0x2D, 0x2E, 0x5F, 0x3D, 0x2B, 0x2F, 0x25, 0x7E: break
            default: return false
            }
        }
        return digits > 2 && upper + lower > 2 && digits + upper + lower > bytes.count * 3 / 4
    }
}

extension UInt8 {
    var isLetterOrDigit: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }
}
