/// What the one who probes allows and knows.
public struct ProbeOptions: Sendable, Hashable {
    /// The most handshakes, controls included.
    public var limit: Int
    /// Origins that might be the right ones, as the user gave them.
    public var origins: [String]
    /// Hosts that might be the right ones.
    public var hosts: [String]
    /// Subprotocols that might be the right ones.
    public var subprotocols: [String]
    /// Fields with credentials that the user gave and the request lacks (`Authorization`, `Cookie`); never invented.
    public var credentials: [Field]
    /// Makes the path that can't exist; the caller draws it.
    public var nonce: UInt64
    /// Whether a connection with TLS may be tried.
    public var mayUseTLS: Bool

    public struct Field: Sendable, Hashable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(
        limit: Int = 25, origins: [String] = [], hosts: [String] = [], subprotocols: [String] = [], credentials: [Field] = [],
        nonce: UInt64 = 0x6761_7465,
        mayUseTLS: Bool = false
    ) {
        self.limit = limit
        self.origins = origins
        self.hosts = hosts
        self.subprotocols = subprotocols
        self.credentials = credentials
        self.nonce = nonce
        self.mayUseTLS = mayUseTLS
    }
}
