public import Wire

/// What an admin request asks for, once it is clear that it may ask.
public enum AdminRequest: Sendable, Hashable {
    /// Whether the process lives.
    case healthz
    /// Whether it takes new sessions.
    case readyz
    case metrics
    case sessions(SessionFilter)
    case session(SessionID)
    /// What the verdicts said, counted.
    case causes
    /// How the endpoints of clusters stand.
    case endpoints
    /// How far the drains of endpoints are.
    case drains
    /// Drains an endpoint, or takes that back.
    case drain(DrainRequest)
    /// What is captured, and what came of it.
    case capture
    /// Changes what is captured.
    case captureOrder(CaptureOrder)
    /// A part of the live page.
    case page(LivePage)
    /// 400, with what is wrong in a sentence.
    case malformed(String)
    /// 404
    case notFound
    /// 405, with what the path takes: GET and HEAD, and POST for the two where it has an effect.
    case methodNotAllowed(allowed: [String])
    /// 421: a Host that is not ours, as of a page whose name was rebound to this address.
    case misdirected
    /// 401: the token is missing or wrong.
    case unauthorized
    /// 403: a page of another origin asks.
    case forbidden
    /// 431: the head has more bytes than this.
    case headTooLarge(limit: Int)
}
