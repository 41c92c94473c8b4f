import ProxyCore
import Telemetry
public import Wire

/// How endpoints stand, and their drains.
extension AdminRenderer {
    /// The clusters whose choice depends on more than their policy, and how their endpoints stand.
    public func endpoints(_ clusters: [ClusterReport], at time: Timestamp) -> AdminResponse {
        object(limit: AdminRenderer.large) { line in
            line.field("time", time: time)
            line.objects("clusters", clusters) { cluster, line in
                line.field("cluster", cluster.name)
                line.field("waiting", cluster.waiting)
                line.field("panic", cluster.isPanicking)
                if let bindings = cluster.bindings { line.field("bindings", bindings) }
                line.objects("endpoints", cluster.endpoints) { endpoint, line in
                    line.field("endpoint", endpoint.name)
                    line.field("state", endpoint.state.name)
                    switch endpoint.state {
                    case .warming(let since): line.field("since", time: since)
                    case .ejected(let until): line.field("until", time: until)
                    case .ready, .unhealthy: break
                    }
                    line.field("failures", endpoint.failures)
                    line.field("seats", endpoint.seats)
                }
            }
        }
    }

    /// The drains of endpoints, those that are over included until the endpoint is taken back.
    public func drains(_ drains: [DrainState], at time: Timestamp) -> AdminResponse {
        object(limit: AdminRenderer.large) { line in
            line.field("time", time: time)
            line.objects("drains", drains) { drain, line in
                line.field("endpoint", drain.endpoint)
                line.field("sessions", drain.sessions)
                line.field("left", drain.left)
                line.field("began", time: drain.began)
            }
        }
    }

    /// The answer to a drain that was asked for; 404 where no cluster has the endpoint.
    public func drain(_ drain: DrainState?, resumed: Bool) -> AdminResponse {
        guard let drain else {
            return error(
                404, "no cluster has that endpoint; expected is a URL as the configuration has it, such as http://127.0.0.1:8001")
        }
        return object(resumed ? 200 : 202) { line in
            line.field("endpoint", drain.endpoint)
            line.field("state", constant: resumed ? "serving" : "draining")
            line.field("sessions", drain.sessions)
            line.field("left", drain.left)
        }
    }
}
