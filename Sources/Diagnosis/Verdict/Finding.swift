/// One observation that matters, with its evidence. Findings are collected; verdicts are drawn from them.
public struct Finding: Sendable, Hashable {
    /// Stable id, `layer.what-was-seen`, such as `handshake.connection-token-missing`. Never reused for something else.
    public var id: String
    public var layer: Layer
    public var severity: Severity
    public var blame: Blame
    /// One sentence: observed, expected (with the RFC section), consequence.
    public var text: String
    public var evidence: [Evidence]

    public init(
        id: String, layer: Layer, severity: Severity, blame: Blame, text: String, evidence: [Evidence] = []
    ) {
        self.id = id
        self.layer = layer
        self.severity = severity
        self.blame = blame
        self.text = text
        self.evidence = evidence
    }
}

/// Where in the stack something was seen.
public enum Layer: String, Sendable, Hashable, CaseIterable {
    case tcp, tls, http, handshake, websocket, application, proxy
}

/// How much a finding weighs by itself.
public enum Severity: String, Sendable, Hashable, CaseIterable {
    /// Worth knowing; nothing is broken.
    case note
    /// Odd, or a risk.
    case warning
    /// Breaks the handshake or the session.
    case failure
}
