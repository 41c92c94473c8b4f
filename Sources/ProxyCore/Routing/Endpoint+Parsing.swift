import Wire

extension Endpoint {
    /// The endpoint that `url` names: `http://127.0.0.1:8000`, `https://app.internal`, `ws://[::1]:9000/`.
    ///
    /// - Throws: What is wrong with it, with the URL that was probably meant where one can be given.
    public init(url: String) throws(EndpointFault) {
        // No valid URL of an endpoint has one anywhere, and what stands before it must not reach a message.
        guard !url.contains("@") else { throw .userInformation }
        let (given, rest) = Endpoint.split(url)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<end]
        guard let given else { throw .noScheme(suggestion: "http://\(Endpoint.printable(authority))") }
        let scheme: Scheme
        switch given.lowercased() {
        case "http", "ws": scheme = .http
        case "https", "wss": scheme = .https
        default:
            let secure = given.lowercased().hasSuffix("s") || given.lowercased().contains("tls")
            let suggestion = "\(secure ? "https" : "http")://\(Endpoint.printable(authority))"
            throw .unknownScheme(Endpoint.printable(given[...]), suggestion: suggestion)
        }
        guard rest[end...].isEmpty || rest[end...] == "/" else {
            throw .path(suggestion: "\(scheme.rawValue)://\(Endpoint.printable(authority))")
        }
        let (host, port) = try Endpoint.hostAndPort(authority)
        self.init(scheme: scheme, host: host, port: port ?? scheme.defaultPort)
    }

    /// A host and, if one is given, a port: `app:8000`, `[::1]`, `10.0.0.1:80`.
    public static func hostAndPort(_ authority: Substring) throws(EndpointFault) -> (host: String, port: UInt16?) {
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let bracket = authority.firstIndex(of: "]") else { throw .host }
            host = authority[authority.index(after: authority.startIndex)..<bracket]
            guard host.contains(":"), SocketAddress(host: host) != nil else { throw .host }
            let behind = authority[authority.index(after: bracket)...]
            if !behind.isEmpty {
                guard behind.first == ":" else { throw .host }
                port = behind.dropFirst()
            }
        } else {
            if let colon = authority.lastIndex(of: ":") {
                host = authority[..<colon]
                port = authority[authority.index(after: colon)...]
            }
            guard HostPattern.isName(host) else { throw .host }
        }
        guard let port else { return (host.lowercased(), nil) }
        guard !port.isEmpty, port.utf8.count <= 5, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt16(port), number > 0
        else { throw .port }
        return (host.lowercased(), number)
    }

    private static func split(_ url: String) -> (scheme: String?, rest: Substring) {
        let text = url[...]
        var index = text.startIndex
        while index < text.endIndex, text[index] != ":" { index = text.index(after: index) }
        guard text[index...].hasPrefix("://") else { return (nil, text) }
        return (String(text[..<index]), text[index...].dropFirst(3))
    }

    /// A text for a message: cut, and without characters that could disturb a terminal.
    private static func printable(_ text: Substring) -> String {
        let kept = text.unicodeScalars.prefix(80).filter { (0x21...0x7E).contains($0.value) }
        return kept.isEmpty ? "127.0.0.1:8000" : String(String.UnicodeScalarView(kept))
    }
}
