public import HTTPWire
import JSONWire
public import Wire

/// Leaves the judgement to a service of the operator's (forward-auth): what it is asked, and what its answer means.
///
/// Pure: it writes the request and reads the answer's head. Who waits for which answer is kept by `AnswerTable`; the connection is the
/// shell's. Only 2xx lets in. 401 and 403 refuse with the service's own status and challenge; whatever else it says is no judgement,
/// and nobody is let in on it.
public struct ForwardRule: Sendable, Hashable {
    public var url: ServiceURL
    /// How the service is spoken to, if `url` is `https`.
    public var tls: UpstreamTLS
    /// From the upgrade to the answer, waiting included.
    public var timeout: TimeSpan
    /// Fields of the client's that the service gets, besides what the request is.
    public var fields: [FieldName]
    /// The field of the answer that names the user.
    public var user: FieldName?
    /// Fields of the answer that go to the backend, and are claims to the rules behind.
    public var passes: [FieldName]
    /// The longest that an answer is kept, whatever `Cache-Control` says.
    public var keeps: TimeSpan

    public init(
        url: ServiceURL, tls: UpstreamTLS = UpstreamTLS(), timeout: TimeSpan = .seconds(2),
        fields: [FieldName] = [FieldName.authorization, .cookie], user: FieldName? = nil, passes: [FieldName] = [],
        keeps: TimeSpan = .seconds(600)
    ) {
        self.url = url
        self.tls = tls
        self.timeout = timeout
        self.fields = fields
        self.user = user
        self.passes = passes
        self.keeps = keeps
    }

    /// Whether a field of the client's may be copied: none that frames the message, belongs to a connection, or is said by us.
    public static func mayCarry(_ name: FieldName) -> Bool {
        let own =
            HopByHopFields.common | HopByHopFields.restated | KnownField.expect.bit | KnownField.xForwardedFor.bit
            | KnownField.xForwardedProto.bit | KnownField.xForwardedHost.bit | KnownField.forwarded.bit
        if name.known != .other { return own & name.known.bit == 0 }
        return !["x-forwarded-method", "x-forwarded-uri"].contains(name.description)
    }

    /// Whether the field says where a request comes from, which only a trusted proxy may.
    private func isClaim(_ name: FieldName) -> Bool {
        let text = Array(name.description.utf8)
        return text.starts(with: "x-forwarded-".utf8) || ClientAddressFields.contains(text, 0..<text.count)
    }

    // MARK: The question

    /// The request that asks about `head`. Equal questions have equal bytes, so these are what answers are kept under.
    ///
    /// - Parameter path: the canonical one, by which route and backend go too (threat A15).
    public func request(_ head: RequestHead, _ identity: ClientIdentity, path: [UInt8]) -> [UInt8] {
        var writer = HeadWriter(capacity: 1024)
        writer.requestLine(method: "GET", target: Array(url.target.utf8))
        writer.field("Host", Array(url.endpoint.authority.utf8))
        writer.field("X-Forwarded-Method", head.methodRange, of: head.bytes)
        writer.field("X-Forwarded-Proto", identity.isSecure ? "https" : "http")
        if let host = identity.host { writer.field("X-Forwarded-Host", host, of: head.bytes) }
        writer.beginField("X-Forwarded-Uri")
        writer.append(path.isEmpty ? [0x2F] : path)
        if let query = head.queryRange {
            writer.append("?")
            writer.append(head.bytes, query)
        }
        writer.endLine()
        writer.beginField("X-Forwarded-For")
        writer.append(identity.address)
        writer.endLine()
        for name in fields where identity.peerIsTrusted || !isClaim(name) {
            for value in head.values(of: name) { writer.field(Array(name.description.utf8), Array(head.bytes[value])) }
        }
        writer.field("Accept", "*/*")
        writer.field("Connection", "close")
        writer.end()
        return writer.bytes
    }

    // MARK: The answer

    /// What the service's answer means, and how long it may be given to others who ask the same.
    public func judge(_ answer: ResponseHead) -> (outcome: CredentialOutcome, kept: TimeSpan) {
        switch answer.status {
        case 200...299: return (.accepted(identity(answer)), lifetime(answer))
        case 401, 403:
            let challenges = answer.values(of: .wwwAuthenticate).map { answer.text($0, limit: 512) }
            let challenge = challenges.isEmpty ? nil : challenges.prefix(4).joined(separator: ", ")
            return (.refused(.service(status: answer.status, challenge: challenge)), lifetime(answer))
        default: return (.unavailable("\(url) answered \(answer.status), which is neither yes nor no"), .zero)
        }
    }

    /// A field that stands twice says nothing: which of them would the backend have meant?
    private func identity(_ answer: ResponseHead) -> AuthenticatedUser {
        func value(_ name: FieldName) -> [UInt8]? {
            guard answer.count(of: name) == 1, let value = answer.value(of: name), !value.isEmpty else { return nil }
            return Array(answer.bytes[value])
        }
        let claims = passes.compactMap { name in
            value(name).map { JSONValue.Member(name: Array(name.description.utf8), value: .string($0)) }
        }
        return AuthenticatedUser(name: user.flatMap(value) ?? [], claims: .object(claims))
    }

    /// `max-age` of `Cache-Control`, within bounds. The answer is only given to who asks the very same, credential included; so it
    /// may be `private`.
    private func lifetime(_ answer: ResponseHead) -> TimeSpan {
        var seconds: UInt64?
        for element in answer.elements(of: .cacheControl) {
            let text = answer.text(element, limit: 64).lowercased()
            if text == "no-store" || text == "no-cache" || text.hasPrefix("no-cache=") { return .zero }
            guard text.hasPrefix("max-age=") else { continue }
            guard let age = UInt64(text.dropFirst(8)) else { return .zero }
            seconds = min(seconds ?? .max, age)
        }
        guard let seconds else { return .zero }
        return min(.seconds(min(seconds, 1 << 30)), keeps)
    }
}
