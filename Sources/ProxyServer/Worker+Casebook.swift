import Configuration
import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Wire

// What the casebook is told. A refusal's observation is handed over whole, so nothing is copied; a session that ended well leaves a few words.

extension Worker {
    /// A refusal with its verdict is in the ledger: the casebook has the observation from here on.
    func file(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ observation: HandshakeObservation, _ verdict: Verdict?
    ) {
        guard let verdict else { return }
        let target = probeTarget(session, exchange, verdict)
        // An answer of the backend's that nobody asks about again can wait a second: waking a thread for each costs as much as the verdict.
        shared.casebook.leave(
            .refused(RefusalNote(observation, verdict, at: loop.now, target: target)),
            isUrgent: target != nil || observation.response == nil)
    }

    /// Whom to ask again: nil where probes are off, or where the endpoint has not said anything.
    private func probeTarget(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ verdict: Verdict
    ) -> ProbeTarget? {
        guard exchange.state.snapshot.diagnosis.probes == .onRefusal, exchange.isRequestSent, verdict.confidence != .proven,
            exchange.observation?.request != nil || exchange.request != nil, let route = exchange.route,
            let endpoint = exchange.endpoint ?? exchange.lastEndpoint, let identity = exchange.identity,
            let address = address(of: endpoint, exchange)
        else { return nil }
        return ProbeTarget(
            address: address, host: endpoint.endpoint.host, isSecure: endpoint.endpoint.isSecure,
            context: exchange.state.clusterTLS[route.clusterIndex],
            forwarding: forwardingContext(session, exchange, route, endpoint, identity))
    }

    /// The address that was connected to last.
    func address(of endpoint: UpstreamEndpoint, _ exchange: Exchange) -> SocketAddress? {
        endpoint.addresses.address(attempt: exchange.nextAddress - 1, from: exchange.firstAddress) ?? endpoint.addresses.all.first
    }

    private static let pauseBetweenEnds = TimeSpan.milliseconds(100)

    /// A session is over.
    func file(_ id: SessionID, _ record: SessionRecord, _ facts: SessionFacts) {
        let endpoint = facts.endpoint
        guard record.verdict != nil else {
            // Of those that came and went in a moment, now and then one: that a place became free is all that they tell.
            let end = EndFacts(record)
            guard end.bearsOnTimers || endpoint.endTold + Worker.pauseBetweenEnds <= loop.now else { return }
            endpoint.endTold = loop.now
            return shared.casebook.leave(
                .endedWell(id, end, route: facts.route, endpoint: endpoint.name, at: loop.now), isUrgent: false)
        }
        shared.casebook.leave(
            .ended(
                EndNote(
                    id, record, route: facts.route, endpoint: endpoint.name, path: facts.path,
                    address: endpoint.addresses.all.first, at: loop.now)))
    }

    /// What is said upstream about the client and the hops before us.
    func forwardingContext(
        _ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ route: Route, _ endpoint: UpstreamEndpoint,
        _ identity: ClientIdentity
    ) -> ForwardingContext {
        let host: ForwardingContext.Host =
            switch route.host {
            case .preserve: .preserve
            case .endpoint: .rewrite(Array(endpoint.endpoint.authority.utf8))
            case .fixed(let authority): .rewrite(Array(authority.utf8))
            }
        var context = ForwardingContext(
            identity: identity, listenerPort: ports[Int(session.pointee.listener)], host: host, rewrite: route.rewrite,
            canonicalPath: exchange.path, isWebSocketUpgrade: exchange.isUpgrade)
        context.defaultHost = exchange.cluster?.authority ?? []
        context.otherUpgrade = exchange.otherUpgrade
        // What an extension keeps of earlier messages would not be there on a new connection.
        if route.hold != nil, exchange.isUpgrade { context.removed.append(FieldName(.secWebSocketExtensions)) }
        if let rule = route.gate?.authentication, let request = exchange.request {
            rule.apply(RequestView(head: request, identity: identity, user: exchange.user), exchange.credential, to: &context)
        }
        return context
    }
}
