/// Where the body of a message ends (RFC 9112 §6.3).
public enum BodyFraming: Sendable, Hashable {
    /// There is no body.
    case none
    /// That many octets.
    case contentLength(UInt64)
    /// Chunks, the last one of size 0, then trailers.
    case chunked
    /// Everything until the sender finishes (responses only).
    case untilClose
    /// The fields contradict each other or RFC 9112: the message must not be forwarded.
    case invalid(HeadFault)
}
