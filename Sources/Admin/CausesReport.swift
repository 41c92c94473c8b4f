public import Diagnosis
public import Wire

/// What the casebook knows, for `/api/causes`.
public struct CausesReport: Sendable {
    public var groups: [CauseGroup]
    public var patterns: [EndPattern]
    /// Cases whose groups were let go, because there were too many.
    public var forgotten: UInt64
    /// Notes that were dropped because too many waited.
    public var lost: UInt64
    /// Refusals that were probed.
    public var investigations: UInt64

    public init(
        groups: [CauseGroup] = [], patterns: [EndPattern] = [], forgotten: UInt64 = 0, lost: UInt64 = 0, investigations: UInt64 = 0
    ) {
        self.groups = groups
        self.patterns = patterns
        self.forgotten = forgotten
        self.lost = lost
        self.investigations = investigations
    }
}

/// The latest verdict on one session that was refused or ended badly, while it is remembered.
public struct FiledVerdict: Sendable {
    public var session: SessionID
    public var kind: CaseKind
    public var route: String
    public var endpoint: String
    public var at: Timestamp
    public var verdict: Verdict

    public init(session: SessionID, kind: CaseKind, route: String, endpoint: String, at time: Timestamp, verdict: Verdict) {
        self.session = session
        self.kind = kind
        self.route = route
        self.endpoint = endpoint
        at = time
        self.verdict = verdict
    }
}
