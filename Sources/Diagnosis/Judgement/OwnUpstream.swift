/// What a verdict on Gatehouse's own way to its upstream says beyond the cause.
///
/// There the scheme and the name stand in Gatehouse's configuration. The client, who chose neither and never sees them, can't be to blame, and
/// `use ws:// on this port` would send him to the wrong end.
enum OwnUpstream {
    /// What is said in place of the catalogue's words.
    private struct Wording {
        let title: String
        let fix: String
    }

    /// Rewords a verdict on a handshake that Gatehouse relayed; leaves those on handshakes that were only watched, or performed by the command.
    static func name(_ observation: HandshakeObservation, in verdict: inout Verdict) {
        guard !observation.cluster.isEmpty, let wording = wording(verdict, observation) else { return }
        verdict.title = wording.title
        verdict.blame = .configuration
        verdict.fix = [wording.fix]
    }

    private static func wording(_ verdict: Verdict, _ observation: HandshakeObservation) -> Wording? {
        let place = observation.endpoint.map { " (\($0))" } ?? ""
        switch (verdict.cause, observation.failure) {
        case (.tlsToPlainHttpPort, .some(.upstreamTLS)):
            return Wording(
                title: "Gatehouse's configuration says https for an upstream that speaks plain HTTP",
                fix:
                    "Write `http://` in place of `https://` in `upstream.url` or the cluster's `endpoints`\(place); or let that server speak TLS"
            )
        case (.plainHttpToTlsPort, .some(.downstreamTLS)): return nil
        // Over TLS Gatehouse came through: it is a hop behind that speaks plain HTTP to a port with TLS.
        case (.plainHttpToTlsPort, _) where observation.endpoint?.hasPrefix("https://") == true: return nil
        case (.plainHttpToTlsPort, _):
            return Wording(
                title: verdict.confidence == .proven
                    ? "Gatehouse's configuration says http for an upstream that speaks TLS"
                    : "Gatehouse's configuration says http for an upstream that perhaps speaks TLS",
                fix:
                    "Write `https://` in place of `http://` in `upstream.url` or the cluster's `endpoints`\(place), with `tls.ca` where the certificate isn't from a known issuer"
            )
        case (.nameNotResolved, .some(.nameNotResolved)):
            return Wording(
                title: "The upstream's host name in Gatehouse's configuration has no address",
                fix:
                    "Correct the host in `upstream.url` or the cluster's `endpoints`\(place), or add its record; a container's name is known inside of its network only"
            )
        default: return nil
        }
    }
}
