/// What the one who probes allows and knows.
package struct ProbeOptions: Sendable, Hashable {
    /// The most handshakes, controls included.
    package var limit: Int
    /// Origins that might be the right ones, as the user gave them.
    package var origins: [String]
    /// Hosts that might be the right ones.
    package var hosts: [String]
    /// Subprotocols that might be the right ones.
    package var subprotocols: [String]
    /// Fields with credentials that the user gave and the request lacks (`Authorization`, `Cookie`); never invented.
    package var credentials: [Field]
    /// Makes the path that can't exist; the caller draws it.
    package var nonce: UInt64
    /// Whether a connection with TLS may be tried.
    package var mayUseTLS: Bool

    package struct Field: Sendable, Hashable {
        package var name: String
        package var value: String
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(
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
