/// A named set of endpoints that serve the same thing, with one policy to choose among them.
public struct Cluster: Sendable, Hashable {
    /// The name of the configuration, for log lines and metric labels.
    public var name: String
    /// At least one.
    public var endpoints: [Endpoint]
    public var policy: BalancingPolicy
    /// For the endpoints whose scheme is `https`.
    public var tls: UpstreamTLS
    /// What `BalancingPolicy.hash` tells requests apart by.
    public var hashKey: RoutingKey?
    /// What binds the requests of one client to one endpoint; nil for nothing.
    public var affinity: AffinityRule?
    /// When an endpoint is held to be fit; nil: always.
    public var health: HealthRule?
    /// Sessions that one endpoint may have, over all workers; nil for as many as come.
    public var maximumSessions: Int?
    /// How long a request may wait for an endpoint; nil: not at all.
    public var wait: WaitRule?

    public init(
        name: String, endpoints: [Endpoint], policy: BalancingPolicy = .roundRobin, tls: UpstreamTLS = UpstreamTLS()
    ) {
        self.name = name
        self.endpoints = endpoints
        self.policy = policy
        self.tls = tls
    }

    /// Whether every endpoint may be chosen at any time, and by the policy alone.
    public var isPlain: Bool {
        policy != .hash && affinity == nil && health == nil && maximumSessions == nil && wait == nil
    }
}

/// How a cluster chooses the endpoint of a new session.
public enum BalancingPolicy: String, Sendable, Hashable, CaseIterable {
    /// One after the other.
    case roundRobin = "round-robin"
    /// The one with the fewest live sessions; sessions live long, so turns alone do not balance them.
    case leastSessions = "least-sessions"
    /// Two at random, and of them the one with fewer sessions: nearly as even, and it does not stampede a newcomer.
    case randomOfTwo = "random-of-two"
    /// The same key to the same endpoint, for as long as it is there (`Cluster.hashKey`).
    case hash
}
