public import Wire

/// One concrete place to which connections of a cluster go: scheme, host and port.
///
/// The host stays text until a connection is opened: a name may resolve to other addresses tomorrow.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// How an endpoint is spoken to. `ws` and `wss` are other spellings of the same two.
    public enum Scheme: String, Sendable, Hashable, CaseIterable {
        case http
        case https

        /// The port that a URL of the scheme means when it names none.
        public var defaultPort: UInt16 { self == .http ? 80 : 443 }
    }

    public let scheme: Scheme
    /// A name in lower case, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    public let port: UInt16

    public init(scheme: Scheme, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Whether connections to it are secured by TLS.
    public var isSecure: Bool { scheme == .https }

    /// The address, if the host is one and nothing has to be resolved.
    public var address: SocketAddress? { SocketAddress(host: host, port: port) }

    /// What stands in a `Host` field of a request to it: the port only if it isn't the scheme's own.
    public var authority: String {
        let name = host.utf8.contains(0x3A) ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    /// `http://127.0.0.1:8000`.
    public var description: String { "\(scheme.rawValue)://\(authority)" }
}

/// Why a text isn't the URL of an endpoint.
public enum EndpointFault: Error, Sendable, Hashable {
    /// No `scheme://` in front; carries the URL that was probably meant.
    case noScheme(suggestion: String)
    /// A scheme that isn't spoken here; carries it, and the URL that was probably meant.
    case unknownScheme(String, suggestion: String)
    /// `user:password@`: credentials do not belong into an address. The text must not be repeated in a message.
    case userInformation
    /// A path, query or fragment behind the authority; carries the URL without it.
    case path(suggestion: String)
    /// Empty, or with characters that no host has.
    case host
    /// Not a number from 1 to 65535.
    case port

    /// What was seen and what to do, in one sentence.
    public var explanation: String {
        switch self {
        case .noScheme(let suggestion): "has no scheme; write \(suggestion)"
        case .unknownScheme(let scheme, let suggestion):
            "has the scheme \(scheme), which is not http or https; write \(suggestion)"
        case .userInformation:
            "carries a user name or password; leave them out, requests keep their own Authorization field"
        case .path(let suggestion):
            "has a path or query; write \(suggestion), and change paths with the route's rewrite"
        case .host:
            "has no usable host; write scheme://host:port with a name, an IPv4 address or an IPv6 address in brackets"
        case .port: "has a port that is not a number from 1 to 65535"
        }
    }
}
