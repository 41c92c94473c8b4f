package import ProxyCore

/// How the endpoints of one cluster stand, as the admin API shows it.
package struct ClusterReport: Sendable, Hashable {
    package struct Endpoint: Sendable, Hashable {
        package var name: String
        package var state: EndpointHealth.State
        /// Failures of the traffic in a row.
        package var failures: Int
        /// Sessions that count against `max_sessions`; nothing is counted without it.
        package var seats: Int

        package init(name: String, state: EndpointHealth.State, failures: Int, seats: Int) {
            self.name = name
            self.state = state
            self.failures = failures
            self.seats = seats
        }
    }

    package var name: String
    package var endpoints: [Endpoint]
    /// Requests that wait for one of them.
    package var waiting: Int
    /// Health is ignored, because too few are fit.
    package var isPanicking: Bool
    /// Bindings that were learnt from answers; nil where none are.
    package var bindings: Int?

    package init(name: String, endpoints: [Endpoint], waiting: Int, isPanicking: Bool, bindings: Int?) {
        self.name = name
        self.endpoints = endpoints
        self.waiting = waiting
        self.isPanicking = isPanicking
        self.bindings = bindings
    }
}
