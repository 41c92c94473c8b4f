import HTTPWire
import Wire

/// Puts what was seen of a refused or unanswered handshake into its verdict's words, where the catalogue can only speak of all of them.
enum HandshakeWording {
    static func word(_ verdict: inout Verdict, _ observation: HandshakeObservation, _ reading: SignReading) {
        switch verdict.cause {
        case .upgradeNeverAnswered:
            if let time = waited(observation) { verdict.title = "The upgrade is taken and not answered within \(time)" }
        case .upstreamHangs:
            guard let time = waited(observation) else { return }
            verdict.title = "The backend takes the connection and doesn't answer within \(time)"
        case .subprotocolRequired, .subprotocolNoOverlap:
            let names = NamedSubprotocols.read(observation.bodyStart)
            guard !names.isEmpty else { return }
            verdict.fix.insert(
                "Offer one of those that the server names: \(names.map { "`\($0)`" }.joined(separator: ", "))", at: 0)
        case .noWebsocketLibrary:
            // On the wire a hop that dropped Upgrade looks the same; only the server's own words tell.
            guard verdict.confidence == .likely, !reading.has(.outputUnsupportedUpgrade) else { return }
            verdict.confidence = .possible
            verdict.blame = .unknown
        default: break
        }
    }

    /// How long nothing came, where that is what was seen: the limit was ours, and the server may answer after it.
    private static func waited(_ observation: HandshakeObservation) -> String? {
        guard observation.failure == .responseHeadTimedOut else { return nil }
        return (observation.timings.response ?? observation.timings.total).map { SessionQuotes.shown($0) }
    }
}
