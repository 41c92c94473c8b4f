/// Tokens in `Sec-WebSocket-Protocol`: browsers can't set fields on a WebSocket, so applications put them there.
///
/// An item is replaced, wholly or after its prefix, if it
/// 1. follows an item that announces it (`bearer`, `token`, `access_token` …),
/// 2. has a prefix that says so: `base64url.bearer.authorization.k8s.io.…`, `openai-insecure-api-key.…`, `bearer-…`,
/// 3. is a JSON Web Token, or
/// 4. is long and does not read like a protocol's name (`SecretShape`).
extension LogRedaction {
    /// The value of the field: items between commas.
    func subprotocols(_ value: UnsafeBufferPointer<UInt8>, into line: inout LineBuffer) {
        var marked = false
        var start = 0
        while start < value.count {
            let end = value.index(of: 0x2C, from: start) ?? value.count
            let item = value.part(start, end)
            let blank = item.prefix { $0 == 0x20 || $0 == 0x09 }.count
            line.text(item.part(0, blank))
            if blank < item.count { subprotocol(item.part(blank, item.count), &marked, into: &line) }
            if end < value.count { line.text(value.part(end, end + 1)) }
            start = end + 1
        }
    }

    /// The items as elements of the open array: for `subprotocols_offered`.
    func subprotocolElements(_ value: UnsafeBufferPointer<UInt8>, _ marked: inout Bool, into line: inout LineBuffer) {
        var start = 0
        while start < value.count {
            let end = value.index(of: 0x2C, from: start) ?? value.count
            var item = value.part(start, end)
            item = item.part(item.prefix { $0 == 0x20 || $0 == 0x09 }.count, item.count)
            while let last = item.last, last == 0x20 || last == 0x09 { item = item.part(0, item.count - 1) }
            if !item.isEmpty {
                line.openString()
                subprotocol(item, &marked, into: &line)
                line.closeString()
            }
            start = end + 1
        }
    }

    /// One item; `marked` is whether the one before it announced a secret, and afterwards whether this one does.
    func subprotocol(_ item: UnsafeBufferPointer<UInt8>, _ marked: inout Bool, into line: inout LineBuffer) {
        let wasMarked = marked
        var end = item.count
        while end > 0, item[end - 1] == 0x20 || item[end - 1] == 0x09 { end -= 1 }
        let name = item.part(0, end)
        marked = SecretShape.announces(name)
        if marked {
            line.text(item)
        } else if wasMarked {
            replace(name, into: &line)
        } else if let prefix = SecretShape.prefix(name) {
            line.text(name.part(0, prefix))
            replace(name.part(prefix, name.count), into: &line)
        } else if name.count >= 20, !SecretShape.isName(name) {
            replace(name, into: &line)
        } else {
            scan(name, .target, into: &line)
        }
    }
}

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
        case 10: SecretName.equals(item, "auth-token") || SecretName.equals(item, "auth_token")
            || SecretName.equals(item, "auth.token")
        case 12: SecretName.equals(item, "access_token") || SecretName.equals(item, "access-token")
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

    private static func starts(_ item: UnsafeBufferPointer<UInt8>, _ prefix: StaticString) -> Bool {
        let length = prefix.utf8CodeUnitCount
        return item.count > length && SecretName.equals(item.part(0, length), prefix)
    }
}
