public import HTTPWire

/// Which octets of a request are secrets, for what is quoted of its answer.
///
/// By the names and shapes that evidence is redacted by (`SecretNames`, `CredentialReading`). Telemetry asks its own redaction instead, which
/// also knows the names that the operator gave.
extension EchoedSecrets {
    /// Shorter values stand in every word.
    public static let shortestQuoted = 4
    /// A redirect's `state=open` is nobody's secret, and a word of every page; so is many a subprotocol's name.
    private static let shortestVague = 6

    /// The values in `request` that prove who is asking, and those that belong to one sign-in.
    ///
    /// - Parameters:
    ///   - shortest: Secrets with fewer octets are passed by.
    ///   - most: How many are looked for; everybody's requests are read with a bound.
    public init(_ request: RequestHead, shortest: Int = EchoedSecrets.shortestQuoted, most: Int = .max) {
        self.init(shortest: shortest, most: most)
        let bytes = request.bytes
        var isAnnounced = false
        for field in request.fields {
            switch field.known {
            case .authorization, .proxyAuthorization:
                add(bytes, field.value)
                // A server that repeats the token leaves the scheme out, most often.
                let scheme = bytes[field.value].prefix { $0 != 0x20 }
                add(bytes, min(scheme.endIndex + 1, field.value.upperBound)..<field.value.upperBound)
            case .cookie:
                add(bytes, field.value)
                for pair in EchoedSecrets.pairs(bytes, field.value, separator: 0x3B) { add(bytes, pair.value) }
            case .other: if SecretNames.kind(bytes, field.name, .field) != nil { add(bytes, field.value) }
            case .secWebSocketProtocol: addTokens(bytes, field.value, &isAnnounced)
            default: break
            }
        }
        if let query = request.queryRange { addParameters(bytes, query) }
    }

    private mutating func add(_ bytes: [UInt8], _ range: Range<Int>) { add(Array(bytes[range.clamped(to: 0..<bytes.count)])) }

    private mutating func addParameters(_ bytes: [UInt8], _ query: Range<Int>) {
        for pair in EchoedSecrets.pairs(bytes, query, separator: 0x26) {
            switch SecretNames.kind(bytes, pair.name, .parameter) {
            case .credential: add(bytes, pair.value)
            case .oneTime: if pair.value.count >= EchoedSecrets.shortestVague { add(bytes, pair.value) }
            case nil: if bytes.isJSONWebToken(pair.value) { add(bytes, pair.value) }
            }
        }
    }

    /// Tokens among the items of a `Sec-WebSocket-Protocol` line; lines of one head are one list.
    private mutating func addTokens(_ bytes: [UInt8], _ value: Range<Int>, _ isAnnounced: inout Bool) {
        for part in bytes[value.clamped(to: 0..<bytes.count)].split(separator: 0x2C) {
            let place = bytes.withoutBlanks(part.startIndex..<part.endIndex)
            let item = String(decoding: bytes[place], as: UTF8.self)
            if CredentialReading.isTokenLike(item) || isAnnounced && place.count >= EchoedSecrets.shortestVague {
                add(bytes, place)
            }
            if let prefix = CredentialReading.tokenPrefix(item) {
                add(bytes, min(place.lowerBound + prefix, place.upperBound)..<place.upperBound)
            }
            isAnnounced = CredentialReading.announcesToken(item)
        }
    }

    /// All pairs, however many: `pairs(in:separator:)` stops at a bound, and what it leaves out would be shown.
    private static func pairs(
        _ bytes: [UInt8], _ range: Range<Int>, separator: UInt8
    ) -> [(name: Range<Int>, value: Range<Int>)] {
        bytes[range.clamped(to: 0..<bytes.count)].split(separator: separator).map { pair in
            let name = pair.prefix { $0 != 0x3D }
            return (name.startIndex..<name.endIndex, min(name.endIndex + 1, pair.endIndex)..<pair.endIndex)
        }
    }
}
