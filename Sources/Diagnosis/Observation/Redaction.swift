public import HTTPWire

/// Keeps secrets out of evidence: what proves who somebody is is shown as «redacted», its name stays.
///
/// Evidence leaves the process in reports that people paste into tickets, so here is no fingerprint either; the ledger's
/// own redaction has one.
public enum Redaction {
    static let mark = "«redacted»"

    /// `Name: value` of a field line, as it may be shown.
    public static func field(_ head: MessageHead, _ index: Int) -> String {
        let line = head.fields[index]
        // Nearly every line that is quoted stands in the head as it is to be shown.
        if isShown(line.known), line.value.lowerBound - line.name.upperBound == 2, line.value.count <= 300,
            line.name.count <= 100, head.bytes[line.value.lowerBound - 1] == 0x20
        {
            return head.bytes.printable(line.name.lowerBound..<line.value.upperBound)
        }
        let name = head.bytes.printable(line.name, limit: 100)
        return "\(name): \(value(head, line))"
    }

    /// Whether a field's value is shown without a look at it.
    private static func isShown(_ known: KnownField) -> Bool {
        switch known {
        case .authorization, .proxyAuthorization, .cookie, .setCookie, .secWebSocketProtocol, .location, .referer, .other: false
        default: true
        }
    }

    private static func value(_ head: MessageHead, _ line: FieldLine) -> String {
        let bytes = head.bytes
        switch line.known {
        case .authorization, .proxyAuthorization:
            let scheme = line.value.prefix { $0 < bytes.count && bytes[$0] != 0x20 }
            return scheme.count == line.value.count
                ? mark : "\(head.bytes.printable(scheme.lowerBound..<scheme.upperBound, limit: 20)) \(mark)"
        case .cookie: return pairs(bytes, line.value, separator: 0x3B, secretNames: nil)
        case .setCookie:
            let name = line.value.prefix { $0 < bytes.count && bytes[$0] != 0x3D }
            return "\(head.bytes.printable(name.lowerBound..<name.upperBound, limit: 60))=\(mark)"
        case .secWebSocketProtocol:
            return subprotocols(head.section.elementTexts(line.value))
        case .location, .referer:
            return url(bytes, line.value)
        case .other:
            return SecretNames.kind(bytes, line.name, .field) != nil ? mark : head.bytes.printable(line.value, limit: 300)
        default: return head.bytes.printable(line.value, limit: 300)
        }
    }

    /// Items of `Sec-WebSocket-Protocol`: what follows a word that announces a token is one, whatever it looks like.
    private static func subprotocols(_ items: [String]) -> String {
        var isAnnounced = false
        return items.map { item in
            defer { isAnnounced = CredentialReading.announcesToken(item) }
            if !isAnnounced, let prefix = CredentialReading.tokenPrefix(item) { return item.prefix(prefix) + mark }
            return isAnnounced || CredentialReading.isTokenLike(item) ? mark : item
        }.joined(separator: ", ")
    }

    /// The request line with the values of its query's secrets left out.
    public static func requestLine(_ head: RequestHead) -> String {
        let method = head.bytes.printable(head.methodRange, limit: 32)
        let version = head.version == .http10 ? "HTTP/1.0" : "HTTP/1.1"
        return "\(method) \(target(head)) \(version)"
    }

    /// The request target with the values of its query's secrets left out.
    public static func target(_ head: RequestHead) -> String { url(head.bytes, head.targetRange) }

    /// `text` without what looks like a token.
    static func withoutTokens(_ text: String) -> String {
        var shown = ""
        var word = ""
        func take() {
            shown += CredentialReading.isTokenLike(word) ? mark : word
            word = ""
        }
        for character in text {
            if character.isLetter || character.isNumber || "-._+/%~".contains(character) {
                word.append(character)
            } else {
                take()
                shown.append(character)
            }
        }
        take()
        return shown
    }

    private static func url(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        guard let question = range.first(where: { $0 < bytes.count && bytes[$0] == 0x3F }) else {
            return bytes.printable(range, limit: 300)
        }
        let path = bytes.printable(range.lowerBound..<question, limit: 300)
        return
            "\(path)?\(pairs(bytes, question + 1..<range.upperBound, separator: 0x26, secretNames: { SecretNames.kind($0, $1, .parameter) != nil }))"
    }

    /// `name=value` pairs; the values of those whose name `secretNames` calls secret are left out, of all if it is nil.
    private static func pairs(
        _ bytes: [UInt8], _ range: Range<Int>, separator: UInt8, secretNames: (([UInt8], Range<Int>) -> Bool)?
    ) -> String {
        var shown: [String] = []
        for pair in bytes[range.clamped(to: 0..<bytes.count)].split(separator: separator).prefix(16) {
            let name = pair.prefix { $0 != 0x3D }
            let trimmed = bytes.withoutBlanks(name.startIndex..<name.endIndex)
            let nameText = bytes.printable(trimmed, limit: 60)
            if name.count == pair.count {
                shown.append(CredentialReading.isTokenLike(nameText) || secretNames == nil ? mark : nameText)
                continue
            }
            let valueText = bytes.printable(name.endIndex + 1..<pair.endIndex, limit: 100)
            let isSecret = secretNames.map { $0(bytes, trimmed) } ?? true
            shown.append("\(nameText)=\(isSecret || CredentialReading.isTokenLike(valueText) ? mark : valueText)")
        }
        return shown.joined(separator: separator == 0x3B ? "; " : "&")
    }
}

extension FieldSection {
    /// The elements of one value's comma list as text.
    func elementTexts(_ value: Range<Int>) -> [String] {
        var elements = ListElements(value)
        var texts: [String] = []
        while let element = elements.next(in: bytes), texts.count < 32 { texts.append(text(element, limit: 200)) }
        return texts
    }
}
