public import HTTPWire
import JSONWire
import Wire

/// Something of a request or its user that an expression or an identity field may name.
public enum RequestReference: Sendable, Hashable, CustomStringConvertible {
    /// `claims.tenant.id`: a member of the token's claims.
    case claim([[UInt8]])
    /// The user's name.
    case user
    /// The words of the claim `scope`, or the elements of `scp` or `scopes`.
    case scopes
    /// `path.id`: a part that the path's template names.
    case path([UInt8])
    /// `query.room`: a query parameter; one that occurs twice is absent.
    case query([UInt8])
    /// The client's address, as far as trusted proxies say it.
    case address

    /// The reference that `text` spells, or nil.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) }
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(RequestReference.isNameByte) }) else { return nil }
        switch (text.prefix { $0 != "." }, parts.count) {
        case ("claims", 2...8): self = .claim(Array(parts.dropFirst()))
        case ("path", 2): self = .path(parts[1])
        case ("query", 2): self = .query(parts[1])
        case ("user", 1): self = .user
        case ("scopes", 1): self = .scopes
        case ("address", 1): self = .address
        default: return nil
        }
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == 0x5F || byte == 0x2D || byte == 0x3A || byte == 0x2F
    }

    public var description: String {
        func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }
        return switch self {
        case .claim(let names): "claims." + names.map(text).joined(separator: ".")
        case .user: "user"
        case .scopes: "scopes"
        case .path(let name): "path." + text(name)
        case .query(let name): "query." + text(name)
        case .address: "address"
        }
    }
}

/// What a reference stands for in one request.
public enum ReferencedValue: Sendable, Hashable {
    case absent
    case one([UInt8])
    case many([[UInt8]])

    /// For messages: printable, shortened.
    var shown: String {
        switch self {
        case .absent: "absent"
        case .one(let octets): "\"" + octets.printable(0..<octets.count, limit: 64) + "\""
        case .many(let several):
            "[" + several.prefix(8).map { "\"" + $0.printable(0..<$0.count, limit: 32) + "\"" }.joined(separator: ", ")
                + (several.count > 8 ? ", …]" : "]")
        }
    }
}

/// One request as expressions see it.
public struct RequestView {
    let head: RequestHead
    let identity: ClientIdentity
    let user: AuthenticatedUser?
    /// The parts that the path's template names.
    var parts: [(name: [UInt8], value: [UInt8])] = []

    public init(head: RequestHead, identity: ClientIdentity, user: AuthenticatedUser?) {
        self.head = head
        self.identity = identity
        self.user = user
    }

    /// What `reference` stands for here.
    public func value(_ reference: RequestReference) -> ReferencedValue {
        switch reference {
        case .claim(let names):
            var claim: JSONValue? = user?.claims
            for name in names { claim = claim?[name] }
            return RequestView.value(claim)
        case .user: return user.flatMap { $0.name.isEmpty ? nil : .one($0.name) } ?? .absent
        case .scopes: return scopes
        case .path(let name): return parts.first { $0.name == name }.map { .one($0.value) } ?? .absent
        case .query(let name):
            // A reader that parts a query at `;` too would see other parameters.
            if let query = head.queryRange, query.contains(where: { head.bytes[$0] == 0x3B }) { return .absent }
            if case .one(let value, _) = QueryParameter(name, of: head) { return .one(value) }
            return .absent
        case .address: return .one(Array(identity.address.host.utf8))
        }
    }

    /// Whether `scope` is one of the user's: what most conditions ask, answered without a list of all.
    func hasScope(_ scope: [UInt8]) -> Bool {
        guard let text = user?.claims["scope"]?.text else {
            if case .many(let several) = scopes { return several.contains(scope) }
            return scopes == .one(scope)
        }
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != 0x20 { end += 1 }
            if end > start, end - start == scope.count, text[start..<end].elementsEqual(scope) { return true }
            start = end + 1
        }
        return false
    }

    private var scopes: ReferencedValue {
        guard let claims = user?.claims else { return .absent }
        if let text = claims["scope"]?.text {
            return .many(text.split(separator: 0x20).map(Array.init))
        }
        switch claims["scp"] ?? claims["scopes"] ?? claims["scope"] {
        case .string(let text)?: return .many(text.split(separator: 0x20).map(Array.init))
        case let other: return RequestView.value(other)
        }
    }

    private static func value(_ claim: JSONValue?) -> ReferencedValue {
        if case .array(let elements)? = claim { return .many(elements.compactMap(\.comparableText)) }
        return claim?.comparableText.map { .one($0) } ?? .absent
    }
}
