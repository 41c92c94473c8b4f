import HTTPWire
import JSONWire
public import Wire

/// Which client certificates are let in. The chain has been verified by the listener's TLS; this is about whose they are.
public struct CertificateRule: Sendable, Hashable {
    /// One of them must fit; empty: every certificate that the listener's authorities signed.
    public var subjects: [SubjectPattern]

    public init(subjects: [SubjectPattern] = []) { self.subjects = subjects }

    /// What is to be said of a certificate.
    public func check(_ certificate: CertificateFacts) -> CredentialOutcome {
        let subject = DistinguishedName(certificate.subject)
        guard subjects.isEmpty || subjects.contains(where: { $0.matches(subject, certificate.names) }) else {
            return .refused(.subjectNotAllowed(CertificateRule.shown(certificate)))
        }
        func text(_ text: String) -> JSONValue { .string(Array(text.utf8)) }
        var claims = [
            JSONValue.Member(name: Array("subject".utf8), value: text(certificate.subject)),
            JSONValue.Member(name: Array("issuer".utf8), value: text(certificate.issuer)),
            JSONValue.Member(name: Array("names".utf8), value: .array(certificate.names.map(text))),
        ]
        let commonName = subject.only("CN")
        if let commonName { claims.append(JSONValue.Member(name: Array("cn".utf8), value: .string(commonName))) }
        return .accepted(
            AuthenticatedUser(
                name: commonName ?? Array(certificate.subject.utf8), claims: .object(claims), expiresAt: certificate.notAfter))
    }

    /// A certificate is no secret: who it was is what an operator needs.
    private static func shown(_ certificate: CertificateFacts) -> String {
        let names = certificate.names.prefix(4).joined(separator: ", ")
        return String((certificate.subject + (names.isEmpty ? "" : " (\(names))")).prefix(300))
    }
}

/// A pattern of subjects: `CN=robot-*`, `O=Example,CN=robot-*`, `DNS=*.devices.example`, `*`.
///
/// Every part must be met. `DNS` and `IP` are names of the certificate, the others parts of its subject. A `*` stands for any text, the
/// empty one too; all else is compared as it stands, host names without regard to case. A subject with two common names meets no
/// pattern of `CN`: who it is can't be told.
public struct SubjectPattern: Sendable, Hashable, CustomStringConvertible {
    private let parts: [DistinguishedName.Part]
    public let description: String

    /// The pattern that `text` spells, or nil.
    public init?(_ text: String) {
        description = text
        if text == "*" {
            parts = []
            return
        }
        parts = DistinguishedName(text).parts
        guard !parts.isEmpty, parts.allSatisfy({ !$0.value.isEmpty }) else { return nil }
    }

    func matches(_ subject: DistinguishedName, _ names: [String]) -> Bool {
        parts.allSatisfy { part in
            switch part.name {
            case "DNS", "IP":
                let pattern = part.value.map(\.lowercased)
                return names.contains { SubjectPattern.matches(pattern[...], Array($0.utf8.map(\.lowercased))[...]) }
            case "CN": return subject.only("CN").map { SubjectPattern.matches(part.value[...], $0[...]) } ?? false
            default:
                return subject.parts.contains { $0.name == part.name && SubjectPattern.matches(part.value[...], $0.value[...]) }
            }
        }
    }

    /// Takes the first `*` as soon as it may, and goes back no further than to the last one: linear times the number of stars.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var (p, t) = (pattern.startIndex, text.startIndex)
        var star: (pattern: Int, text: Int)?
        while t < text.endIndex {
            if p < pattern.endIndex, pattern[p] == 0x2A {
                star = (p, t)
                p += 1
            } else if p < pattern.endIndex, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                p = last.pattern + 1
                t = last.text + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == 0x2A }
    }
}
