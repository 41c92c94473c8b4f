public import Wire

/// Who asked, as far as the listener knows.
public struct ClientFacts: Sendable, Hashable {
    /// The peer of the transport.
    public var address: SocketAddress
    /// What X-Forwarded-For or Forwarded says about who is behind it.
    public var forwardedFor: String?
    /// Whether the peer is one whose forwarding fields are believed.
    public var forwardedTrusted: Bool
    /// `http` or `https`: how the client came, as far as it can be believed.
    public var scheme: String

    public init(
        address: SocketAddress, forwardedFor: String? = nil, forwardedTrusted: Bool = false, scheme: String = "http"
    ) {
        self.address = address
        self.forwardedFor = forwardedFor
        self.forwardedTrusted = forwardedTrusted
        self.scheme = scheme
    }
}
