public import HTTPWire
public import Wire

/// A place in an opening handshake where a credential may stand. Browsers can set none of the fields, so pages use the last three.
public enum CredentialSource: Sendable, Hashable, CustomStringConvertible {
    /// `Authorization: Bearer TOKEN` (RFC 6750 §2.1).
    case bearer
    /// `Authorization: Basic …` (RFC 7617): user and password.
    case basic
    /// The whole value of another field.
    case field(FieldName)
    case cookie([UInt8])
    /// A query parameter. Its value is redacted wherever Gatehouse writes a target.
    case query([UInt8])
    /// An element of `Sec-WebSocket-Protocol`: the one behind a marker (`bearer, TOKEN`), or what follows a prefix.
    case subprotocol(prefix: [UInt8])
    /// The certificate that the client showed in the TLS handshake, if its chain was verified.
    case certificate

    /// As messages name it; never with a value.
    public var description: String {
        switch self {
        case .bearer: "Authorization: Bearer"
        case .basic: "Authorization: Basic"
        case .field(let name): "the field \(name)"
        case .cookie(let name): "the cookie \(String(decoding: name, as: UTF8.self))"
        case .query(let name): "the query parameter \(String(decoding: name, as: UTF8.self))"
        case .certificate: "a client certificate"
        case .subprotocol(let prefix) where prefix.isEmpty: "Sec-WebSocket-Protocol: bearer, TOKEN"
        case .subprotocol(let prefix): "Sec-WebSocket-Protocol: \(String(decoding: prefix, as: UTF8.self))TOKEN"
        }
    }
}

/// A credential as it was found, not checked yet. Describes itself without its content.
public struct PresentedCredential: Sendable, CustomStringConvertible, CustomReflectable {
    public enum Content: Sendable {
        case token([UInt8])
        case password(user: [UInt8], password: [UInt8])
        case certificate(CertificateFacts)
    }

    public let source: CredentialSource
    public let content: Content
    /// The query parameter that it stands in.
    public private(set) var parameter: Range<Int>?
    /// What the client offers besides, if it was a subprotocol.
    public private(set) var offered: [Range<Int>]?
    /// The marker that is answered where nothing else was offered: a browser fails a 101 that picks none of its subprotocols.
    public private(set) var marker: Range<Int>?

    public init(source: CredentialSource, content: Content) {
        self.source = source
        self.content = content
    }

    public var description: String { "a credential in \(source)" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// What looking at one place gives.
    public enum Search: Sendable {
        case absent
        case found(PresentedCredential)
        /// Something stands there that can't be read: two of them, or bad base64.
        case unreadable(String)
    }

    /// Looks for a credential at `source`.
    public static func search(_ source: CredentialSource, in head: RequestHead) -> Search {
        switch source {
        case .bearer: return authorization(head, "bearer", source) { .token(Array($0)) }
        case .basic: return authorization(head, "basic", source, password)
        case .field(let name):
            guard let value = head.value(of: name), !value.isEmpty else { return .absent }
            guard head.count(of: name) == 1 else { return .unreadable("the field twice") }
            return .found(PresentedCredential(source: source, content: .token(Array(head.bytes[value]))))
        case .cookie(let name): return cookie(head, name, source)
        case .query(let name):
            switch QueryParameter(name, of: head) {
            case .absent: return .absent
            case .repeated: return .unreadable("the parameter twice")
            case .one(let value, let whole):
                guard !value.isEmpty else { return .absent }
                var found = PresentedCredential(source: source, content: .token(value))
                found.parameter = whole
                return .found(found)
            }
        case .subprotocol(let prefix): return subprotocol(head, prefix, source)
        case .certificate: return .absent
        }
    }

    private static func authorization(
        _ head: RequestHead, _ scheme: StaticString, _ source: CredentialSource, _ read: (ArraySlice<UInt8>) -> Content?
    ) -> Search {
        guard let value = head.value(of: .authorization) else { return .absent }
        guard head.count(of: .authorization) == 1 else { return .unreadable("two Authorization fields") }
        let end = value.lowerBound + scheme.utf8CodeUnitCount
        guard end < value.upperBound, head.bytes[end] == 0x20, head.bytes.matches(scheme, at: value.lowerBound..<end) else {
            return .absent
        }
        let rest = head.bytes.withoutBlanks(end..<value.upperBound)
        guard !rest.isEmpty else { return .absent }
        guard let content = read(head.bytes[rest]) else { return .unreadable("an Authorization that is no Basic credential") }
        return .found(PresentedCredential(source: source, content: content))
    }

    private static func password(_ text: ArraySlice<UInt8>) -> Content? {
        guard text.count <= 1024, let octets = Base64URL.decodePadded(text), let colon = octets.firstIndex(of: 0x3A),
            !octets.contains(0)
        else { return nil }
        return .password(user: Array(octets[..<colon]), password: Array(octets[(colon + 1)...]))
    }

    /// The first cookie of the name counts, as it does for most frameworks (threat B17); the head's limit bounds the search.
    private static func cookie(_ head: RequestHead, _ name: [UInt8], _ source: CredentialSource) -> Search {
        for line in head.values(of: .cookie) {
            var pairs = NamedPairs(cookies: line)
            guard let value = pairs.value(of: name, in: head.bytes) else { continue }
            return value.isEmpty
                ? .absent : .found(PresentedCredential(source: source, content: .token(Array(head.bytes[value]))))
        }
        return .absent
    }

    private static let markers: [StaticString] = ["bearer", "access_token", "authorization", "token", "jwt"]
    private static let encodedPrefix = Array("base64url.bearer.authorization.k8s.io.".utf8)

    private static func subprotocol(_ head: RequestHead, _ prefix: [UInt8], _ source: CredentialSource) -> Search {
        var offered: [Range<Int>] = []
        var token: [UInt8]?
        var marker: Range<Int>?
        var awaited: Range<Int>?
        for element in head.elements(of: .secWebSocketProtocol) {
            let text = head.bytes[element]
            var value: [UInt8]?
            if let waiting = awaited {
                value = Array(text)
                marker = waiting
                awaited = nil
            } else if prefix.isEmpty, token == nil, markers.contains(where: { head.bytes.matches($0, at: element) }) {
                awaited = element
                continue
            } else if prefix == encodedPrefix || prefix.isEmpty, text.starts(with: encodedPrefix) {
                guard let decoded = Base64URL.decode(text.dropFirst(encodedPrefix.count)) else {
                    return .unreadable("a subprotocol that is not base64url behind its prefix")
                }
                value = decoded
            } else if !prefix.isEmpty, text.starts(with: prefix) {
                value = Array(text.dropFirst(prefix.count))
            }
            guard let value, !value.isEmpty else {
                offered.append(element)
                continue
            }
            guard token == nil else { return .unreadable("two tokens among the subprotocols") }
            token = value
        }
        guard let token else { return .absent }
        var found = PresentedCredential(source: source, content: .token(token))
        found.offered = offered
        found.marker = marker
        return .found(found)
    }
}
