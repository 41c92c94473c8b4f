import Diagnosis
import HTTPWire

/// What a HAR shows of heads: all of it where nothing in it is secret, since replay sends it again.
///
/// Where something is, it stands as evidence shows it, cut and escaped, with the mark. Evidence looks at a bounded part; what lies behind its
/// bounds is looked at here, and where that has a secret the mark is all that stands.
enum HARHead {
    private static let mark = "«redacted»"

    /// The target of the request.
    static func target(_ request: RequestHead) -> String {
        shown(Redaction.target(request), request, request.targetRange, .location)
    }

    /// The value of a field.
    static func value(_ head: MessageHead, _ index: Int) -> String {
        let name = head.text(head.fields[index].name, limit: 100)
        let evidence = String(Redaction.field(head, index).dropFirst(name.count + 2))
        return shown(evidence, head, head.fields[index].value, head.fields[index].known)
    }

    private static func shown(_ evidence: String, _ head: MessageHead, _ range: Range<Int>, _ known: KnownField) -> String {
        guard !evidence.contains(mark) else { return evidence }
        let value = head.bytes[range.clamped(to: 0..<head.bytes.count)]
        switch known {
        case .secWebSocketProtocol: if hasToken(value) { return mark }
        case .location, .referer:
            let path = value.prefix { $0 != 0x3F }
            guard hasSecret(value.dropFirst(path.count + 1)) else { break }
            return String(decoding: path, as: UTF8.self) + "?" + mark
        default: break
        }
        return String(decoding: value, as: UTF8.self)
    }

    /// Whether any pair of a query is secret, by its name or by its shape.
    private static func hasSecret(_ query: ArraySlice<UInt8>) -> Bool {
        query.split(separator: 0x26).contains { pair in
            let name = pair.prefix { $0 != 0x3D }
            guard name.count < pair.count else { return isTokenLike(pair) }
            let octets = Array(name)
            return SecretNames.kind(octets, octets.withoutBlanks(0..<octets.count), .parameter) != nil
                || isTokenLike(pair.dropFirst(name.count + 1))
        }
    }

    /// Whether any item of a list of subprotocols is a token.
    private static func hasToken(_ list: ArraySlice<UInt8>) -> Bool {
        var isAnnounced = false
        for part in list.split(separator: 0x2C) {
            let octets = Array(part)
            let item = String(decoding: octets[octets.withoutBlanks(0..<octets.count)], as: UTF8.self)
            if isAnnounced || CredentialReading.isTokenLike(item) || CredentialReading.tokenPrefix(item) != nil { return true }
            isAnnounced = CredentialReading.announcesToken(item)
        }
        return false
    }

    private static func isTokenLike(_ octets: ArraySlice<UInt8>) -> Bool {
        CredentialReading.isTokenLike(String(decoding: octets, as: UTF8.self))
    }
}
