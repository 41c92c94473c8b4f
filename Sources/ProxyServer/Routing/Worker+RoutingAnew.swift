import Configuration
import HTTPWire
import ProxyCore

// A reload while a request waits for an endpoint, or a held session has no backend: both begin with a request that came under an earlier
// configuration, and where that sent it may not exist any more. They go where the same request would be sent that comes now.

/// Where a request goes that came under an earlier configuration, or under this one.
enum Rerouting {
    /// It came under this configuration.
    case same
    /// By this configuration, to the cluster that its route names now.
    case anew
    /// Nowhere: why not.
    case gone(String)

    var isRouted: Bool {
        if case .gone = self { false } else { true }
    }
}

extension Worker {
    /// Routes the request by the configuration in force. What its gate decided holds for the same gate with the same checks alone; what an
    /// endpoint was chosen by is forgotten where it goes anew.
    ///
    /// - Parameter isHeld: Whether it opened a session that its route must go on holding.
    func routeAnew(_ exchange: Exchange, isHeld: Bool) -> Rerouting {
        guard exchange.state !== state else { return .same }
        guard let head = exchange.request, let before = exchange.route,
            case .canonical(let path) = CanonicalPath(head, allowing: state.pathAllowance), let index = state.match(head, path)
        else { return .gone("no_route") }
        let route = state.snapshot.routes.routes[index]
        guard decides(route.gate, like: before.gate, of: exchange.state), route.upgrade == before.upgrade else {
            return .gone("gate_changed")
        }
        guard !isHeld || route.hold != nil else { return .gone("not_held") }
        exchange.state = state
        exchange.path = path
        exchange.take(route)
        exchange.cluster = clusters[route.clusterIndex]
        exchange.triedEndpoints = TriedEndpoints()
        exchange.choice = nil
        return .anew
    }

    /// Whether a gate of the configuration in force decides like one of an earlier one.
    private func decides(_ gate: Gate?, like earlier: Gate?, of before: ServerState) -> Bool {
        switch (gate, earlier) {
        case (nil, nil): return true
        case (let gate?, let earlier?):
            let (past, present) = (before.snapshot.credentials, state.snapshot.credentials)
            return gate.decides(like: earlier) {
                past.indices.contains($0) && present.indices.contains($1) && past[$0] == present[$1]
            }
        default: return false
        }
    }
}
