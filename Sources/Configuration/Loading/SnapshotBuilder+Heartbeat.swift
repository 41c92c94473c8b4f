import ProxyCore
import Wire

extension SnapshotBuilder {
    /// The heartbeats of a route; nil for none.
    ///
    /// - Parameter idle: The route's idle timeout, which heartbeats are to keep from firing.
    mutating func heartbeat(_ written: Decoded?, idle: TimeSpan) -> HeartbeatPolicy? {
        guard let written, case .map(let map) = written.value else { return nil }
        var policy = HeartbeatPolicy()
        if let span = map.duration("interval") { policy.interval = .fixed(span) }
        if map.text("interval") != nil { policy.interval = .automatic }
        if let span = map.duration("timeout") { policy.timeout = span }
        if let sides = map.list("sides") {
            let named = texts(sides)
            policy.pingsClient = named.contains("client")
            policy.pingsUpstream = named.contains("upstream")
            if sides.isEmpty, let place = map.any("sides") {
                report(place, "an empty list", "at least one of client, upstream", "write heartbeat: off for no pings")
            }
        }
        if policy.timing.interval >= idle {
            let (interval, timeout) = (DurationText.text(policy.timing.interval), DurationText.text(idle))
            warn(
                map.any("interval") ?? written, "an interval of \(interval) and an idle timeout of \(timeout)",
                "an interval below timeouts.idle", "the idle timeout would end the session before it is asked")
        }
        return policy
    }
}
