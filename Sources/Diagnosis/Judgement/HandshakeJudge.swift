package import Wire

/// What was concluded from one opening handshake.
package struct HandshakeJudgement: Sendable {
    package var findings: [Finding]
    /// Who answered; nil where nobody did.
    package var responder: Responder?
    /// Nil where the handshake is healthy, or was none.
    package var verdict: Verdict?
}

/// Concludes from everything that was seen of one opening handshake.
package enum HandshakeJudge {
    package static func judge(_ observation: HandshakeObservation) -> HandshakeJudgement {
        HandshakeJudgement(findings: [], responder: nil, verdict: nil)
    }

    /// The analyser for the session that this handshake opened.
    package static func analyzer(for observation: HandshakeObservation, at now: Timestamp) -> SessionAnalyzer {
        SessionAnalyzer(openedAt: now, traits: [], stack: nil)
    }
}
