/// What became of a request's affinity: told on its line, and counted.
public struct AffinityFacts: Sendable, Hashable {
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// Nothing bound the request yet.
        case new
        /// It went where it belongs.
        case kept
        /// It belongs to an endpoint that could not be used.
        case broken
    }

    /// The rule: `cookie`, `engine_io` …
    public var by: String
    public var outcome: Outcome
    /// Why it was broken (`draining`, `ejected`, `unhealthy`, `full`, `connect_failed`, `gone`), or what was wrong with what the client sent
    /// (`forged`, `stale`, `malformed`, `unknown`).
    public var why: String?

    public init(by: String, outcome: Outcome, why: String? = nil) {
        self.by = by
        self.outcome = outcome
        self.why = why
    }
}
