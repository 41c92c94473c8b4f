public import ProxyCore

/// How the endpoints of one cluster stand, as the admin API shows it.
public struct ClusterReport: Sendable, Hashable {
    public struct Endpoint: Sendable, Hashable {
        public var name: String
        public var state: EndpointHealth.State
        /// Failures of the traffic in a row.
        public var failures: Int
        /// Sessions that count against `max_sessions`; nothing is counted without it.
        public var seats: Int

        public init(name: String, state: EndpointHealth.State, failures: Int, seats: Int) {
            self.name = name
            self.state = state
            self.failures = failures
            self.seats = seats
        }
    }

    public var name: String
    public var endpoints: [Endpoint]
    /// Requests that wait for one of them.
    public var waiting: Int
    /// Health is ignored, because too few are fit.
    public var isPanicking: Bool
    /// Bindings that were learnt from answers; nil where none are.
    public var bindings: Int?

    public init(name: String, endpoints: [Endpoint], waiting: Int, isPanicking: Bool, bindings: Int?) {
        self.name = name
        self.endpoints = endpoints
        self.waiting = waiting
        self.isPanicking = isPanicking
        self.bindings = bindings
    }
}
