import Wire

/// A timer that some stack has by default: what an end after the same time may come from.
///
/// Facts of the stacks' own documentation and of measurements; a timer is only ever named as what it may be, since anybody can set it
/// otherwise.
public struct KnownTimer: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Counts from the last byte.
        case silence
        /// Counts from the beginning, whatever the traffic.
        case age
    }

    public let kind: Kind
    let stack: Stack
    public let setting: String
    /// The stack's name.
    public var stackName: String { stack.name }
    let seconds: UInt64

    private init(_ kind: Kind, _ seconds: UInt64, _ stack: Stack, _ setting: String) {
        self.kind = kind
        self.stack = stack
        self.setting = setting
        self.seconds = seconds
    }

    /// The timers of this kind that are set to about `span` by default, those of the stacks that were seen first.
    static func all(_ kind: Kind, near span: TimeSpan, seen: [Stack] = []) -> [KnownTimer] {
        let milliseconds = span.nanoseconds / 1_000_000
        let matching = known.filter { timer in
            let wanted = timer.seconds * 1000
            let slack = max(500, wanted / 100)
            return timer.kind == kind && milliseconds + slack >= wanted && milliseconds <= wanted + slack
        }
        return matching.filter { seen.contains($0.stack) } + matching.filter { !seen.contains($0.stack) }
    }

    private static let known: [KnownTimer] = [
        KnownTimer(.silence, 60, .nginx, "proxy_read_timeout"), KnownTimer(.silence, 60, .awsALB, "idle_timeout.timeout_seconds"),
        KnownTimer(.silence, 60, .apache, "ProxyTimeout"), KnownTimer(.silence, 30, .haproxy, "timeout client"),
        KnownTimer(.silence, 50, .haproxy, "timeout server"), KnownTimer(.silence, 55, .heroku, "the router's idle timeout"),
        KnownTimer(.silence, 100, .cloudflare, "the edge's idle timeout"),
        KnownTimer(.silence, 300, .envoy, "stream_idle_timeout"), KnownTimer(.silence, 240, .azure, "the balancer's idle timeout"),
        KnownTimer(.silence, 600, .awsAPIGateway, "the idle timeout"), KnownTimer(.silence, 600, .cloudFront, "the idle timeout"),
        KnownTimer(.silence, 30, .jetty, "idleTimeout of the connector"),
        KnownTimer(.silence, 300, .jetty, "idleTimeout of WebSocket sessions"),
        KnownTimer(.silence, 40, .uvicorn, "ws_ping_interval and ws_ping_timeout"),
        KnownTimer(.silence, 40, .pythonWebsockets, "ping_interval and ping_timeout"),
        KnownTimer(.silence, 45, .socketIO, "pingInterval and pingTimeout"),
        KnownTimer(.silence, 45, .pythonSocketIO, "ping_interval and ping_timeout"),
        KnownTimer(.age, 30, .gcp, "timeoutSec of the backend service"), KnownTimer(.age, 300, .gcp, "Cloud Run's request timeout"),
        KnownTimer(.age, 3600, .gcp, "Cloud Run's longest request timeout"), KnownTimer(.age, 30, .gunicorn, "timeout"),
        KnownTimer(.age, 15, .envoy, "the route's timeout"), KnownTimer(.age, 7200, .awsAPIGateway, "the longest connection"),
        KnownTimer(.age, 86_400, .daphne, "websocket_timeout"),
    ]
}
