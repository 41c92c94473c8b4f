/// How one side of a session ended on the transport: the first thing that happened there, in order of observation.
public enum TransportEnd: Sendable, Hashable {
    /// FIN: the side finished sending.
    case finished
    /// RST, or another error of the transport; `errno` as the kernel said it (0 if unknown).
    case reset(errno: Int32)
    /// A timer of ours fired.
    case timedOut(Timeout)
    /// We ended it.
    case local(LocalEnd)
}

/// Our own timers, each with its own name in the log.
public enum Timeout: String, Sendable, Hashable, CaseIterable {
    case tlsHandshake = "tls_handshake"
    case requestHead = "request_head"
    case requestBody = "request_body"
    case connect
    case responseHead = "response_head"
    case keepAlive = "keep_alive"
    case idle
    case write
    case closingHandshake = "closing_handshake"
    case heartbeat
    case drain
}

/// Why Gatehouse itself ended a side, so that nobody else is blamed for it.
public enum LocalEnd: String, Sendable, Hashable, CaseIterable {
    /// The other side had ended, and this one was closed to follow it.
    case followedOtherSide = "followed_other_side"
    /// Refused by framing, limits or policy.
    case refused
    /// Enforcement of RFC 6455 failed the session.
    case enforcement
    /// The credential that opened the session has ended.
    case credentialExpired = "credential_expired"
    /// The backend of a held session went away, and no other took its place.
    case backendLost = "backend_lost"
    /// Drain: the process or the endpoint goes away.
    case drain
    /// An internal limit (memory, descriptors).
    case overload
    /// The process was told to end at once.
    case shutdown
}
