public import Wire

/// How long Gatehouse waits for what. Each has a name of its own in the log when it fires.
public struct Timeouts: Sendable, Hashable {
    /// For the whole head of a request, from its first byte.
    public var head: TimeSpan = .seconds(10)
    /// For a connection to an endpoint, its name's resolution included.
    public var connect: TimeSpan = .seconds(5)
    /// From the end of a request to the end of the response's head.
    public var response: TimeSpan = .seconds(60)
    /// Without a byte in either direction of an upgraded session, or of a response that is being streamed.
    public var idle: TimeSpan = .seconds(3600)
    /// For the next request on a connection that is kept.
    public var keepAlive: TimeSpan = .seconds(75)
    /// Between two pieces of a request's body.
    public var body: TimeSpan = .seconds(60)
    /// For a side to accept anything of what waits for it.
    public var write: TimeSpan = .seconds(60)
    /// For a TLS handshake, on either side.
    public var tls: TimeSpan = .seconds(10)
    /// For the peer's part of a closing handshake.
    public var closing: TimeSpan = .seconds(5)

    public init() {}

    /// The span of the timer that the log knows as `timeout`, or nil if it isn't one of these.
    public subscript(_ timeout: Timeout) -> TimeSpan? {
        switch timeout {
        case .tlsHandshake: tls
        case .requestHead: head
        case .requestBody: body
        case .connect: connect
        case .responseHead: response
        case .keepAlive: keepAlive
        case .idle: idle
        case .write: write
        case .closingHandshake: closing
        case .heartbeat, .drain: nil
        }
    }
}
