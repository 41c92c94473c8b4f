import Diagnosis
import HTTPWire

/// Takes the secrets of one request out of texts, wherever a server repeated them: an error page that quotes the token it refused must not
/// carry it into a ticket.
struct SecretMask: Sendable {
    private static let mark = Array("«redacted»".utf8)
    /// Shorter ones would be found in every word.
    private static let shortest = 4
    private static let shortestOneTime = 8

    private let secrets: [[UInt8]]

    init(_ request: RequestHead) {
        var found: [[UInt8]] = []
        func add(_ range: Range<Int>) { found.append(Array(request.bytes[range.clamped(to: 0..<request.bytes.count)])) }
        func addPairs(_ range: Range<Int>, separator: UInt8, kind: (Range<Int>) -> SecretNames.Kind?) {
            for pair in request.bytes[range.clamped(to: 0..<request.bytes.count)].split(separator: separator) {
                let name = pair.prefix { $0 != 0x3D }
                guard let kind = kind(name.startIndex..<name.endIndex) else { continue }
                let value = min(name.endIndex + 1, pair.endIndex)..<pair.endIndex
                // `state=open` is nobody's secret, and a word of every page.
                if kind == .credential || value.count >= SecretMask.shortestOneTime { add(value) }
            }
        }
        for field in request.fields {
            switch field.known {
            case .authorization, .proxyAuthorization:
                add(field.value)
                let scheme = request.bytes[field.value].prefix { $0 != 0x20 }
                add(min(scheme.endIndex + 1, field.value.upperBound)..<field.value.upperBound)
            case .cookie:
                add(field.value)
                addPairs(field.value, separator: 0x3B) { _ in .credential }
            case .other: if SecretNames.kind(request.bytes, field.name, .field) != nil { add(field.value) }
            case .secWebSocketProtocol:
                for item in request.bytes[field.value].split(separator: 0x2C) {
                    let trimmed = item.drop { $0 == 0x20 }
                    if CredentialReading.isTokenLike(String(decoding: trimmed, as: UTF8.self)) { found.append(Array(trimmed)) }
                }
            default: break
            }
        }
        if let query = request.queryRange {
            addPairs(query, separator: 0x26) { SecretNames.kind(request.bytes, $0, .parameter) }
        }
        // Longest first, so that nothing of a longer one is left beside a shorter one.
        secrets = found.filter { $0.count >= SecretMask.shortest }.sorted { $0.count > $1.count }
    }

    /// `text` without the secrets.
    func callAsFunction(_ text: String) -> String {
        guard !secrets.isEmpty else { return text }
        var bytes = Array(text.utf8)
        var changed = false
        for secret in secrets {
            var position = 0
            while position + secret.count <= bytes.count {
                if bytes[position] == secret[0], bytes[position..<position + secret.count].elementsEqual(secret) {
                    bytes.replaceSubrange(position..<position + secret.count, with: SecretMask.mark)
                    position += SecretMask.mark.count
                    changed = true
                } else {
                    position += 1
                }
            }
        }
        return changed ? String(decoding: bytes, as: UTF8.self) : text
    }

    /// `verdict` without the secrets.
    func callAsFunction(_ verdict: Verdict) -> Verdict {
        var masked = verdict
        masked.title = self(verdict.title)
        masked.fix = verdict.fix.map { self($0) }
        for index in masked.evidence.indices {
            masked.evidence[index].observed = self(masked.evidence[index].observed)
            masked.evidence[index].expected = masked.evidence[index].expected.map { self($0) }
        }
        for index in masked.alternatives.indices { masked.alternatives[index].because = self(masked.alternatives[index].because) }
        for index in masked.probes.indices {
            masked.probes[index].change = self(masked.probes[index].change)
            masked.probes[index].outcome = self(masked.probes[index].outcome)
        }
        if let responder = masked.answeredBy {
            masked.answeredBy = Responder(
                who: responder.who, stack: responder.stack.map { self($0) }, confidence: responder.confidence,
                because: responder.because.map { self($0) })
        }
        return masked
    }
}
