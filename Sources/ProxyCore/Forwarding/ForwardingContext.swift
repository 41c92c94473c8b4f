package import HTTPWire

/// What `RequestForwarding` must know besides the head: who asks, and the wishes of route and configuration.
package struct ForwardingContext: Sendable {
    /// What becomes of `Host`.
    package enum Host: Sendable, Hashable {
        /// The host that the client asked for.
        case preserve
        /// These octets.
        case rewrite([UInt8])
    }

    /// A field that is set, whatever the client sent under its name.
    package struct ExtraField: Sendable, Hashable {
        package let name: FieldName
        package let value: [UInt8]

        package init(name: FieldName, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// The client and the hops before us.
    package let identity: ClientIdentity
    /// The port of the listener.
    package let listenerPort: UInt16
    package var host: Host
    /// `Host` for requests that name none (HTTP/1.0).
    package var defaultHost: [UInt8] = []
    /// How the path's beginning is changed.
    package var rewrite: PathRewrite?
    /// The canonical path by which route and gate decided; the backend gets the same (threat A15).
    package var canonicalPath: [UInt8]?
    /// Whether the upgrade goes on. It is written anew as `websocket`, whatever else the client listed.
    package var isWebSocketUpgrade: Bool
    /// The protocols other than WebSocket to which the request asks to upgrade, where the route lets that pass
    /// (`OtherUpgrade`); nil drops the wish.
    package var otherUpgrade: [UInt8]?
    /// Whether the upstream connection may be used again.
    package var keepsUpstream = true
    /// Whether `Expect: 100-continue` goes on; false if Gatehouse has answered it.
    package var forwardsExpect = true
    /// Our name in `Via`.
    package var pseudonym: StaticString = "gatehouse"
    /// Names that a client must not set (`X-User`); `_` and `-` count as equal.
    package var removed: [FieldName] = []
    /// Fields to set in their place.
    package var extra: [ExtraField] = []

    package init(
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
