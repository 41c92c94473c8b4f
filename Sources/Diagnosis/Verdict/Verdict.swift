/// What Gatehouse concludes about one refused, failed or badly ended session.
///
/// Drawn from findings, never from a single rule in passing: the cause that stands first, how sure that is, who is to
/// blame, what proves it, what to change, and what else it could have been.
public struct Verdict: Sendable, Hashable {
    public var cause: Cause
    /// One line for a person, naming what was seen: "The backend does not allow this Origin".
    public var title: String
    public var confidence: Confidence
    public var blame: Blame
    /// Who gave the answer that this verdict explains; nil where nobody answered.
    public var answeredBy: Responder?
    public var evidence: [Evidence]
    /// Handshakes that were tried to tell the causes apart, the controls included, in order.
    public var probes: [ProbeRecord]
    /// What to change, the most direct first, in the words of the stack concerned.
    public var fix: [String]
    public var alternatives: [Alternative]

    public init(
        cause: Cause, title: String, confidence: Confidence, blame: Blame, answeredBy: Responder? = nil,
        evidence: [Evidence] = [], probes: [ProbeRecord] = [], fix: [String] = [], alternatives: [Alternative] = []
    ) {
        self.cause = cause
        self.title = title
        self.confidence = confidence
        self.blame = blame
        self.answeredBy = answeredBy
        self.evidence = evidence
        self.probes = probes
        self.fix = fix
        self.alternatives = alternatives
    }

    /// The title; of a verdict that is merely possible it says so, because a title reads like a fact.
    public var headline: String { confidence.headline(title) }
}

/// Another cause that the evidence allows or excludes, and what would decide.
public struct Alternative: Sendable, Hashable {
    public var cause: Cause
    public var confidence: Confidence
    /// Why it stands here: "a random path answers 404".
    public var because: String

    public init(cause: Cause, confidence: Confidence, because: String) {
        self.cause = cause
        self.confidence = confidence
        self.because = because
    }
}

/// One handshake that was tried, and its outcome.
public struct ProbeRecord: Sendable, Hashable {
    /// The one thing that differed: "none (control)", "Origin removed".
    public var change: String
    /// What came back: "403", "101", "no answer within 2 s".
    public var outcome: String

    public init(change: String, outcome: String) {
        self.change = change
        self.outcome = outcome
    }
}

/// How sure a verdict is.
public enum Confidence: String, Sendable, Hashable, CaseIterable {
    /// A single change flipped the outcome with the control failing before and after, or the message names itself.
    case proven
    case likely
    case possible
    /// The evidence doesn't decide.
    case unknown
    /// Ruled out; only in alternatives.
    case excluded

    /// A title as it is shown with this confidence.
    public func headline(_ title: String) -> String { self == .possible ? "Perhaps: \(title)" : title }
}

/// Whose doing it is, and so who must change something.
public enum Blame: String, Sendable, Hashable, CaseIterable {
    case client
    /// The platform's edge or a CDN.
    case edge
    /// A proxy between Gatehouse and the backend, or before Gatehouse.
    case intermediary
    case backend
    case configuration
    case network
    case gatehouse
    case unknown
}
