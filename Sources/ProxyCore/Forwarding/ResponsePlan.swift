public import HTTPWire

/// How a response's body reaches this client, and whether the connections outlive it.
public struct ResponsePlan: Sendable, Hashable {
    /// What of the backend's body goes on.
    public let nextHop: BodyDecoder.NextHop
    /// Whether the end of the body can be seen without closing the downstream connection.
    public let mayKeepConnection: Bool
    /// How the body is framed downstream.
    public let framing: BodyFraming
    /// Whether what is safe of the body's trailers goes on.
    public let forwardsTrailers: Bool

    /// - Parameter framing: the upstream framing, for the method of `request`.
    public init(request: RequestHead, framing: BodyFraming) {
        // HTTP/1.0 knows no chunks: it gets the payload, and the end of the connection ends it.
        let isUnchunked = framing == .chunked && request.version != .http11
        self.framing = isUnchunked ? .untilClose : framing
        nextHop = isUnchunked ? .payload : .sameFraming
        forwardsTrailers = framing == .chunked && !isUnchunked && TrailerForwarding.isAccepted(by: request)
        mayKeepConnection = self.framing != .untilClose
    }
}
