import Diagnosis
import EventLoop
import HTTPWire
import ProxyCore
import Telemetry
import Wire

// Requests without an endpoint, held for a while (`wait` of their cluster) instead of answered with an error.
//
// A request comes here when there is nobody to choose, or when everybody who was chosen could not be reached. It stands in its cluster's
// line (`EndpointLine`), in the phase `connecting`, with no connection upstream. A timer of the worker lets some of the line try
// again; one that fails comes back to its place. After a reload it goes over to the line of the cluster to which its request would go now. It
// leaves when it gets through, when its time is over (503), or with its client.
// Nothing of the request has been sent by then, or at least nothing was answered: it may go anywhere.

/// Who stands in a line.
struct Waiter: Sendable {
    var slot: UInt32
    var session: SessionID
}

extension Worker {
    private static let pace = TimeSpan.milliseconds(10)

    /// Holds a request that found no endpoint; false if it may not wait (any longer).
    func hold(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange) -> Bool {
        guard let cluster = exchange.cluster, let rule = cluster.cluster.wait, let standing = cluster.standing,
            let choice = exchange.choice, !exchange.hasAnswered
        else { return false }
        let wasTrying = choice.isTrying
        choice.isTrying = false
        if choice.waitBegan != nil {
            // One that had got through and is sent again shows nothing about who waits.
            if wasTrying { cluster.line.failed(now: loop.now) }
        } else {
            choice.waitBegan = loop.now
            choice.waitDeadline = loop.now + rule.time
        }
        guard loop.now < choice.waitDeadline else { return false }
        if choice.ticket == nil {
            choice.ticket = standing.ticket(limit: rule.queue)
            guard choice.ticket != nil else {
                choice.foundLineFull = true
                return false
            }
        }
        choice.isWaiting = true
        session.pointee.phase = .connecting
        // The line sees to its deadline; this is for a line that nobody looks at.
        setDeadline(session, choice.waitDeadline + .seconds(1), .connect)
        if cluster.line.count > rule.queue { cluster.line.removeAll { waiting($0) == nil } }
        let waiter = Waiter(slot: session.pointee.slot, session: session.pointee.id)
        if let number = choice.lineNumber {
            cluster.line.comeBack(waiter, to: number, until: choice.waitDeadline)
        } else {
            choice.lineNumber = cluster.line.join(waiter, until: choice.waitDeadline, now: loop.now)
        }
        if !waitingClusters.contains(where: { $0 === cluster }) { waitingClusters.append(cluster) }
        armWaiting()
        return true
    }

    /// A request that was let try got through to its endpoint.
    func gotThrough(_ exchange: Exchange, _ choice: EndpointChoice) {
        guard choice.isTrying else { return }
        choice.isTrying = false
        choice.ticket = nil
        choice.lineNumber = nil
        if let began = choice.waitBegan { choice.waited = loop.now - began }
        exchange.cluster?.line.succeeded()
    }

    /// What is to be said to a request for which there is no endpoint, and that may not wait for one.
    func refusalWithoutEndpoint(_ exchange: Exchange) -> Refusal {
        let isDraining = exchange.cluster?.endpoints.contains(where: \.isDraining) == true
        let failure = exchange.failure ?? (isDraining || exchange.cluster?.cluster.health != nil ? .noEndpoint : .noAddress)
        guard let choice = exchange.choice else { return Refusal(failure) }
        if let began = choice.waitBegan {
            choice.waited = loop.now - began
            let (reason, detail) =
                choice.foundLineFull
                ? ("wait_queue_full", "as many requests wait for an endpoint as wait.queue lets")
                : ("wait_expired", "no endpoint became ready within wait.time")
            return Refusal(503, reason, detail: detail, retryAfter: 5, failure: exchange.failure ?? .noEndpoint)
        }
        if choice.foundAllFull {
            return Refusal(
                503, "endpoints_full", detail: "every endpoint of the cluster has its max_sessions", retryAfter: 5,
                failure: .limit("max_sessions"))
        }
        return Refusal(failure)
    }

    /// The connection ended before a byte of an answer. Where requests are held, and this one may be sent twice, it is.
    func resendAfterEnd(_ session: UnsafeMutablePointer<Session>, _ exchange: Exchange, _ failure: HandshakeFailure) -> Bool {
        guard let choice = exchange.choice, exchange.cluster?.cluster.wait != nil, choice.resent < EndpointChoice.longestResent,
            let request = exchange.request, request.method.isIdempotent, exchange.requestBody.isComplete,
            exchange.partialResponse.isEmpty, exchange.interimResponses == 0, !exchange.hasAnswered
        else { return false }
        choice.resent += 1
        exchange.failure = failure
        noteUnanswered(exchange)
        close(session, .upstream)
        releaseEndpoint(exchange)
        exchange.isRequestSent = false
        exchange.responseScanner.reset()
        exchange.responseStartedAt = nil
        session.pointee.phase = .connecting
        connect(session, exchange)
        return true
    }

    /// The timer of all lines of this worker.
    func waitTimerFired() {
        isWaitTimerSet = false
        // By index: a request that is refused or comes back may change the list.
        var place = 0
        while place < waitingClusters.count {
            let cluster = waitingClusters[place]
            if !clusters.contains(where: { $0 === cluster }) { moveLine(of: cluster) }
            for waiter in cluster.line.expired(now: loop.now) { wake(waiter, timeIsOver: true) }
            for waiter in cluster.line.due(now: loop.now) { wake(waiter, timeIsOver: false) }
            place += 1
        }
        waitingClusters.removeAll { $0.line.isEmpty }
        metrics.waiting.set(waitingClusters.reduce(0) { $0 + $1.line.count })
        if !waitingClusters.isEmpty { armWaiting() }
    }

    /// A reload has replaced the cluster: who waits for it is routed anew, in the order of the line.
    private func moveLine(of cluster: UpstreamCluster) {
        var waiters: [Waiter] = []
        cluster.line.removeAll {
            waiters.append($0)
            return true
        }
        for waiter in waiters {
            guard let session = waiting(waiter), let exchange = session.pointee.exchange, let waited = exchange.choice else {
                continue
            }
            guard routeAnew(exchange, isHeld: false).isRouted, let cluster = exchange.cluster else {
                waited.isWaiting = false
                refuse(
                    session, exchange,
                    Refusal(
                        503, "route_changed", detail: "the route changed while the request waited for an endpoint", retryAfter: 1,
                        failure: exchange.failure ?? .noEndpoint))
                continue
            }
            let choice = cluster.standing.map { bind(exchange, cluster.cluster, $0) } ?? EndpointChoice()
            choice.goOnWaiting(as: waited)
            choice.lineNumber = cluster.line.join(waiter, until: choice.waitDeadline, now: loop.now)
            exchange.choice = choice
            if !waitingClusters.contains(where: { $0 === cluster }) { waitingClusters.append(cluster) }
        }
    }

    private func armWaiting() {
        guard !isWaitTimerSet else { return }
        isWaitTimerSet = true
        _ = loop.schedule(owner: Owner.waitingForEndpoint, at: loop.now + Worker.pace)
    }

    /// The session that a waiter stands for, if it still waits.
    private func waiting(_ waiter: Waiter) -> UnsafeMutablePointer<Session>? {
        let session = sessions.session(waiter.slot)
        guard session.pointee.phase == .connecting, session.pointee.id == waiter.session,
            session.pointee.exchange?.choice?.isWaiting == true
        else { return nil }
        return session
    }

    private func wake(_ waiter: Waiter, timeIsOver: Bool) {
        guard let session = waiting(waiter), let exchange = session.pointee.exchange, let choice = exchange.choice else { return }
        choice.isWaiting = false
        // A client that sent FIN can't use a session any more.
        if exchange.isUpgrade, session.pointee.downstreamFinished { return clientGone(session, exchange, .finished) }
        if timeIsOver { return refuse(session, exchange, refusalWithoutEndpoint(exchange)) }
        choice.isTrying = true
        exchange.triedEndpoints = TriedEndpoints()
        connect(session, exchange)
    }
}

extension EndpointChoice {
    /// The same request waits on, for its time, in the place under `wait.queue` that it has.
    fileprivate func goOnWaiting(as before: EndpointChoice) {
        ticket = before.ticket
        waitBegan = before.waitBegan
        waitDeadline = before.waitDeadline
        resent = before.resent
        isWaiting = true
    }
}
