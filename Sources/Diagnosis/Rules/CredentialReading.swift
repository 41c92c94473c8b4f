import HTTPWire

/// What in a request proves who is asking: found by name and by shape, never by value.
package enum CredentialReading {
    /// Names of query parameters and fields whose values are secrets.
    private static let secretWords: [StaticString] = [
        "token", "auth", "jwt", "key", "secret", "password", "passwd", "session", "ticket", "signature", "credential", "bearer",
        "sid", "code", "csrf",
        "sig",
    ]

    /// Whether a name like this one usually carries a secret: one of its words is `token`, `key`, `session` …
    package static func isSecretName(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        let range = range.clamped(to: 0..<bytes.count)
        for word in secretWords {
            let length = word.utf8CodeUnitCount
            guard range.count >= length else { continue }
            for start in range.lowerBound...(range.upperBound - length) where bytes.matches(word, at: start..<start + length) {
                // Short words count as whole words only: `sid`, not `inside`; `key`, not `monkey`.
                let isWhole =
                    (start == range.lowerBound || !bytes[start - 1].isLetterOrDigit)
                    && (start + length == range.upperBound || !bytes[start + length].isLetterOrDigit)
                if length > 4 || isWhole { return true }
            }
        }
        return false
    }

    /// Whether `text` has the shape of a token: a JWT, or long and without meaning.
    package static func isTokenLike(_ text: String) -> Bool {
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
