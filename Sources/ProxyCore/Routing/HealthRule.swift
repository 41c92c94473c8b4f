public import Wire

/// When an endpoint of a cluster is held to be fit for new sessions.
public struct HealthRule: Sendable, Hashable {
    /// What is asked of an endpoint from time to time.
    public struct Check: Sendable, Hashable {
        public enum Kind: Sendable, Hashable {
            /// A GET of this target; 2xx is good.
            case http(target: String)
            /// A WebSocket handshake with this target; a valid 101 is good, and the session is closed with 1000 at once.
            case webSocket(target: String)
        }

        public var kinds: [Kind]
        /// What `Host` says; nil for the endpoint's own authority.
        public var host: String?
        public var interval: TimeSpan
        /// For connecting, TLS and the answer together.
        public var timeout: TimeSpan
        /// Good checks in a row after which an endpoint is fit again.
        public var healthy: Int
        /// Bad checks in a row after which it isn't any more.
        public var unhealthy: Int

        public init(
            kinds: [Kind] = [], host: String? = nil, interval: TimeSpan = .seconds(5), timeout: TimeSpan = .seconds(2),
            healthy: Int = 2, unhealthy: Int = 3
        ) {
            self.kinds = kinds
            self.host = host
            self.interval = interval
            self.timeout = timeout
            self.healthy = healthy
            self.unhealthy = unhealthy
        }

        /// Until the next check: an endpoint that isn't fit is asked each second at least, since somebody may wait for it.
        public func pause(isFit: Bool) -> TimeSpan { isFit ? interval : min(interval, .seconds(1)) }
    }

    /// Nil: endpoints are judged by the traffic alone.
    public var check: Check?
    /// Failures of the traffic in a row after which an endpoint gets nothing for a while; 0 for never.
    public var failures: Int
    /// How long the first time, and twice as long each time that it fails right after.
    public var ejection: TimeSpan
    public var longestEjection: TimeSpan
    /// How long the share of an endpoint that comes back takes to grow to its full one.
    public var slowStart: TimeSpan
    /// Below this share of fit endpoints (in percent) nobody's health counts any more; 0: only when none is fit; nil: never.
    public var panic: Int?

    public init(
        check: Check? = nil, failures: Int = 5, ejection: TimeSpan = .seconds(10), longestEjection: TimeSpan = .seconds(300),
        slowStart: TimeSpan = .zero, panic: Int? = 0
    ) {
        self.check = check
        self.failures = failures
        self.ejection = ejection
        self.longestEjection = longestEjection
        self.slowStart = slowStart
        self.panic = panic
    }

    /// Whether so few are fit that choosing among them alone would only overload them.
    ///
    /// - Parameters:
    ///   - fit: endpoints that health lets be chosen.
    ///   - total: endpoints that nobody took out (a drained one isn't counted).
    public func isPanic(fit: Int, of total: Int) -> Bool {
        guard let panic, total > 0, fit < total else { return false }
        return fit == 0 || fit * 100 < panic * total
    }
}

/// How long and how many requests may wait for an endpoint.
public struct WaitRule: Sendable, Hashable {
    public var time: TimeSpan
    /// Of the cluster, over all workers.
    public var queue: Int

    public init(time: TimeSpan = .seconds(10), queue: Int = 1000) {
        self.time = time
        self.queue = queue
    }
}
