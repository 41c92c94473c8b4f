public import HTTPWire

/// What `RequestForwarding` must know besides the head: who asks, and the wishes of route and configuration.
public struct ForwardingContext: Sendable {
    /// What becomes of `Host`.
    public enum Host: Sendable, Hashable {
        /// The host that the client asked for.
        case preserve
        /// These octets.
        case rewrite([UInt8])
    }

    /// A field that is set, whatever the client sent under its name.
    public struct ExtraField: Sendable, Hashable {
        public let name: FieldName
        public let value: [UInt8]

        public init(name: FieldName, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// The client and the hops before us.
    public let identity: ClientIdentity
    /// The port of the listener.
    public let listenerPort: UInt16
    public var host: Host
    /// `Host` for requests that name none (HTTP/1.0).
    public var defaultHost: [UInt8] = []
    /// How the path's beginning is changed.
    public var rewrite: PathRewrite?
    /// The canonical path by which route and gate decided; the backend gets the same (threat A15).
    public var canonicalPath: [UInt8]?
    /// Whether the upgrade goes on. It is written anew as `websocket`, whatever else the client listed.
    public var isWebSocketUpgrade: Bool
    /// The protocols other than WebSocket to which the request asks to upgrade, where the route lets that pass
    /// (`OtherUpgrade`); nil drops the wish.
    public var otherUpgrade: [UInt8]?
    /// Whether the upstream connection may be used again.
    public var keepsUpstream = true
    /// Whether `Expect: 100-continue` goes on; false if Gatehouse has answered it.
    public var forwardsExpect = true
    /// Our name in `Via`.
    public var pseudonym: StaticString = "gatehouse"
    /// Names that a client must not set (`X-User`); `_` and `-` count as equal.
    public var removed: [FieldName] = []
    /// Fields to set in their place.
    public var extra: [ExtraField] = []

    /// A parameter of the query that stays here, since it is a credential.
    public var removedParameter: Range<Int>?
    /// What goes on of the subprotocols that the client offers, where one of them was a credential; nil: all, as they came.
    public var subprotocols: [Range<Int>]?

    public init(
        identity: ClientIdentity, listenerPort: UInt16, host: Host = .preserve, rewrite: PathRewrite? = nil,
        canonicalPath: [UInt8]? = nil, isWebSocketUpgrade: Bool
    ) {
        self.identity = identity
        self.listenerPort = listenerPort
        self.host = host
        self.rewrite = rewrite
        self.canonicalPath = canonicalPath
        self.isWebSocketUpgrade = isWebSocketUpgrade
    }
}
