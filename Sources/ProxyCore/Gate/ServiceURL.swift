/// The URL of a service that the gate asks: a JWKS, or forward-auth.
public struct ServiceURL: Sendable, Hashable, CustomStringConvertible {
    public let endpoint: Endpoint
    /// Path and query as they stand in a request line.
    public let target: String

    public init(endpoint: Endpoint, target: String) {
        self.endpoint = endpoint
        self.target = target
    }

    /// The URL that `text` spells: http or https, host, port, path, perhaps a query; nil if it is none.
    public init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 }), let scheme = text.firstRange(of: "://") else {
            return nil
        }
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard text[..<scheme.lowerBound] == "https" || text[..<scheme.lowerBound] == "http",
            let endpoint = try? Endpoint(url: String(text[..<authority.endIndex]))
        else { return nil }
        let target = text[authority.endIndex...]
        guard target.isEmpty || target.first == "/" else { return nil }
        self.endpoint = endpoint
        self.target = target.isEmpty ? "/" : String(target)
    }

    public var description: String { "\(endpoint)\(target)" }
}
