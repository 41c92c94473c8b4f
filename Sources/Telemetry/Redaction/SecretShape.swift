import HTTPWire

/// Telling a token from a name by its look.
enum SecretShape {
    /// Whether the item says that the next one is a secret.
    static func announces(_ item: UnsafeBufferPointer<UInt8>) -> Bool {
        switch item.count {
        case 3: SecretName.equals(item, "jwt") || SecretName.equals(item, "key")
        case 4: SecretName.equals(item, "auth")
        case 5: SecretName.equals(item, "token") || SecretName.equals(item, "basic")
        case 6: SecretName.equals(item, "bearer") || SecretName.equals(item, "apikey")
        case 7: SecretName.equals(item, "api-key") || SecretName.equals(item, "api_key")
        case 10:
            SecretName.equals(item, "auth-token") || SecretName.equals(item, "auth_token")
                || SecretName.equals(item, "auth.token")
        case 12:
            SecretName.equals(item, "access_token") || SecretName.equals(item, "access-token")
                || SecretName.equals(item, "bearer-token") || SecretName.equals(item, "bearer_token")
        case 13: SecretName.equals(item, "authorization")
        default: false
        }
    }

    /// The length of a prefix after which a secret stands, or nil.
    static func prefix(_ item: UnsafeBufferPointer<UInt8>) -> Int? {
        // Kubernetes' own, and what others made of it: the rest after the last announced word.
        for known: StaticString in [
            "base64url.bearer.authorization.k8s.io.", "base64.bearer.authorization.k8s.io.",
            "openai-insecure-api-key.", "base64url.bearer.authorization.",
        ] where starts(item, known) { return known.utf8CodeUnitCount }
        // bearer-…, token.…, access_token=…: an announcing word, a separator, and something after it.
        var end = 0
        while end < item.count, end <= 14 {
            let byte = item[end]
            if !byte.isLetter, !byte.isDigit, end > 0, announces(item.part(0, end)), item.count - end > 6 {
                return isName(item.part(end + 1, item.count)) ? nil : end + 1
            }
            end += 1
        }
        return nil
    }

    /// Whether it reads like words: pieces between `. - _ /` that are short, in lower case, with few digits.
    ///
    /// `graphql-transport-ws`, `wamp.2.json.batched` and `actioncable-v1-json` do; identifiers, hashes and tokens don't.
    static func isName(_ item: UnsafeBufferPointer<UInt8>) -> Bool {
        var letters = 0
        var digits = 0
        var totalDigits = 0
        for byte in item {
            switch byte {
            case 0x2E, 0x2D, 0x5F, 0x2F:
                letters = 0
                digits = 0
            case 0x30...0x39:
                digits += 1
                totalDigits += 1
            case 0x61...0x7A:
                // A letter after a digit within a piece, past a leading v1 or k8s, is no word.
                if digits > 1 { return false }
                letters += 1
            case 0x41...0x5A where letters == 0 && digits == 0: letters += 1
            default: return false
            }
            if letters > 16 || digits > 3 { return false }
        }
        return totalDigits <= 6
    }

    /// Whether it is what redaction leaves, `«redacted»` or `«redacted:1a2b3c4d»`: evidence was redacted when it was quoted.
    static func isMark(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        let plain: StaticString = "«redacted»"
        let end = plain.utf8CodeUnitCount - 2
        guard value.count == plain.utf8CodeUnitCount || value.count == plain.utf8CodeUnitCount + 9 else { return false }
        for index in 0..<end where value[index] != plain.utf8Start[index] { return false }
        guard value[value.count - 2] == 0xC2, value[value.count - 1] == 0xBB else { return false }
        return value.count == plain.utf8CodeUnitCount
            || value[end] == 0x3A && value.part(end + 1, end + 9).allSatisfy { $0.hexadecimalValue != nil }
    }

    private static func starts(_ item: UnsafeBufferPointer<UInt8>, _ prefix: StaticString) -> Bool {
        let length = prefix.utf8CodeUnitCount
        return item.count > length && SecretName.equals(item.part(0, length), prefix)
    }
}
