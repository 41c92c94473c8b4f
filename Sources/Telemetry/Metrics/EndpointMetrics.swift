/// The metrics of one endpoint on one worker. Cluster and endpoint come from the configuration, never from a client.
public final class EndpointMetrics: Sendable {
    public let cluster: String
    public let endpoint: String
    /// Sessions open to it now.
    public let sessions: Gauge
    /// 1 while it gets nothing new. Written by worker 0 alone, because the workers' values are summed.
    public let draining: Gauge
    /// 1 for the condition that it is in, where its cluster has `health`. Written by worker 0 alone.
    public let conditions: GaugeFamily<EndpointCondition>
    public let connects: CounterFamily<Success>
    public let requests: CounterFamily<StatusClass>
    public let connectTime: Histogram

    let families: [MetricFamily]
    let slab: MetricSlab

    init(cluster: String, endpoint: String) {
        self.cluster = cluster
        self.endpoint = endpoint
        let slab = MetricSlab(capacity: 64)
        var layout = MetricLayout(slab: slab)
        draining = layout.gauge("endpoint_draining", "1 while an endpoint is drained: it gets nothing new.")
        sessions = layout.gauge("endpoint_sessions", "WebSocket sessions open to an endpoint.")
        conditions = layout.gauges(
            "endpoint_condition", "1 for the condition that an endpoint is in, where its cluster has health.", by: "condition")
        connects = layout.counters(
            "endpoint_connects_total", "Connections to an endpoint by outcome.", by: "outcome")
        requests = layout.counters(
            "endpoint_requests_total", "Answers of an endpoint by class of status.", by: "status")
        connectTime = layout.histogram("endpoint_connect_seconds", "Time to connect to an endpoint.", .quick)
        families = layout.families
        self.slab = slab
    }

    /// Shows one condition and no other.
    public func show(_ condition: EndpointCondition) {
        for other in EndpointCondition.allCases { conditions[other].set(other == condition ? 1 : 0) }
    }
}
