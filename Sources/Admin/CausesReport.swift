package import Diagnosis
package import Wire

/// What the casebook knows, for `/api/causes`.
package struct CausesReport: Sendable {
    package var groups: [CauseGroup]
    package var patterns: [EndPattern]
    /// Cases whose groups were let go, because there were too many.
    package var forgotten: UInt64
    /// Notes that were dropped because too many waited.
    package var lost: UInt64
    /// Refusals that were probed.
    package var investigations: UInt64

    package init(
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
package struct FiledVerdict: Sendable {
    package var session: SessionID
    package var kind: CaseKind
    package var route: String
    package var endpoint: String
    package var at: Timestamp
    package var verdict: Verdict

    package init(session: SessionID, kind: CaseKind, route: String, endpoint: String, at time: Timestamp, verdict: Verdict) {
        self.session = session
        self.kind = kind
        self.route = route
        self.endpoint = endpoint
        at = time
        self.verdict = verdict
    }
}
