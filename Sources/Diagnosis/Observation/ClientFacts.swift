package import Wire

/// Who asked, as far as the listener knows.
package struct ClientFacts: Sendable, Hashable {
    /// The peer of the transport.
    package var address: SocketAddress
    /// What X-Forwarded-For or Forwarded says about who is behind it.
    package var forwardedFor: String?
    /// Whether the peer is one whose forwarding fields are believed.
    package var forwardedTrusted: Bool
    /// `http` or `https`: how the client came, as far as it can be believed.
    package var scheme: String

    package init(
        address: SocketAddress, forwardedFor: String? = nil, forwardedTrusted: Bool = false, scheme: String = "http"
    ) {
        self.address = address
        self.forwardedFor = forwardedFor
        self.forwardedTrusted = forwardedTrusted
        self.scheme = scheme
    }
}
