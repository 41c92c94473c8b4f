/// What the gate has against a request: the rule, what was observed and what would have been let in.
///
/// Drawn by the decisions of `ProxyCore`, worded as a verdict by `HandshakeJudge`. No text in it holds a secret: of a credential it
/// says where it stood and what is wrong with it, never what it is.
public struct GateRefusal: Sendable, Hashable {
    /// The rule that decided.
    public enum Rule: String, Sendable, Hashable, CaseIterable {
        case origin, credentials, permission, limit
    }

    public var rule: Rule
    /// The stable id of what is wrong, for the ledger and the page: `origin_not_allowed`, `token_expired`.
    public var fault: String
    public var cause: Cause
    /// 400, 401, 403, 429 or 503.
    public var status: Int
    public var observed: String
    /// What the rule lets in.
    public var allowed: String
    /// What to change.
    public var fix: String
    /// The value of `WWW-Authenticate`; a 401 always has one.
    public var challenge: String?
    /// Seconds after which trying again makes sense.
    public var retryAfter: Int?

    public init(
        _ rule: Rule, _ fault: String, cause: Cause, status: Int, observed: String, allowed: String, fix: String,
        challenge: String? = nil, retryAfter: Int? = nil
    ) {
        self.rule = rule
        self.fault = fault
        self.cause = cause
        self.status = status
        self.observed = observed
        self.allowed = allowed
        self.fix = fix
        self.challenge = challenge
        self.retryAfter = retryAfter
    }
}
