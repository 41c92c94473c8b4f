import Admin
import Configuration
import Diagnosis
import EventLoop
import ProxyCore
import Telemetry
import Wire

/// The drain of one endpoint on one worker. It stays after its last session until the endpoint is taken back.
struct EndpointDrain {
    /// As it is configured: several clusters may have it, and a reload may make another object of it.
    let endpoint: Endpoint
    /// For lines and the API.
    let name: String
    let window: TimeSpan
    let notice: DrainNotice
    /// What the endpoint had when it began.
    let sessions: Int
    let began: Timestamp
    var schedule = DrainSchedule()
    var nextReport: Timestamp
    /// Sessions that had to be cut at the timeout.
    var cut = 0
}

// Drain of one endpoint: nothing new goes to it, and its sessions are closed over the window like those of a process that goes. Every
// worker drains its own part; the schedule is the same as the process's.

extension Worker {
    /// The admin API asks for a drain, or takes one back: how things stand then; nil if neither a cluster nor a session has that endpoint.
    func drainEndpoint(_ request: DrainRequest) -> DrainState? {
        let endpoint = request.endpoint
        let known = endpointDrains.first { $0.endpoint == endpoint }
        // One that a reload has taken out may still have sessions.
        guard
            known != nil || clusters.contains(where: { $0.cluster.endpoints.contains(endpoint) })
                || endpoints.contains(where: { $0.endpoint == endpoint })
        else { return nil }
        let name = endpoint.description
        if request.resumes {
            endpointDrains.removeAll { $0.endpoint == endpoint }
            setDraining(endpoint, false)
            ledger.endpointResumed(name, worker: index, at: loop.now)
            return DrainState(endpoint: name, sessions: 0, left: sessions(of: endpoint), began: loop.now)
        }
        if let known { return drainState(known) }
        let settings = state.snapshot.drain
        let window = request.window ?? settings.window
        let count = sessions(of: endpoint)
        var drain = EndpointDrain(
            endpoint: endpoint, name: name, window: window,
            notice: DrainNotice(code: request.code ?? settings.notice.code, reason: request.reason ?? settings.notice.reason),
            sessions: count, began: loop.now, nextReport: loop.now + .seconds(1))
        drain.schedule.begin(
            window: window, timeout: max(request.timeout ?? settings.timeout, window), sessions: count, now: loop.now)
        endpointDrains.append(drain)
        setDraining(endpoint, true)
        ledger.endpointDraining(name, sessions: count, window: window, code: drain.notice.code, worker: index, at: loop.now)
        continueEndpointDrains()
        return DrainState(endpoint: name, sessions: count, left: sessions(of: endpoint), began: loop.now)
    }

    /// The drains of this worker.
    func drainStates() -> [DrainState] { endpointDrains.map(drainState) }

    private func drainState(_ drain: EndpointDrain) -> DrainState {
        DrainState(
            endpoint: drain.name, sessions: drain.sessions, left: sessions(of: drain.endpoint), began: drain.began)
    }

    /// Closes what is due; tells how far it is each second, and when nothing is left.
    func continueEndpointDrains() {
        for place in endpointDrains.indices where endpointDrains[place].schedule.nextStep <= loop.now {
            let (endpoint, name) = (endpointDrains[place].endpoint, endpointDrains[place].name)
            var due = endpointDrains[place].schedule.due(now: loop.now)
            let isOverdue = endpointDrains[place].schedule.isOverdue(now: loop.now)
            var left = 0
            forEachSession { session in
                guard isOpen(session, at: endpoint) else { return }
                if isOverdue {
                    endpointDrains[place].cut += 1
                    abandon(session, .drain)
                } else if due > 0, session.pointee.tunnel?.closing == nil, session.pointee.hold?.relay.isLeaving != true {
                    due -= 1
                    closeForDrain(session, code: endpointDrains[place].notice.code)
                }
                if session.pointee.phase == .tunnel { left += 1 }
            }
            if left == 0 {
                endpointDrains[place].schedule.end()
                ledger.endpointDrained(
                    name, sessions: endpointDrains[place].sessions, cut: endpointDrains[place].cut,
                    after: loop.now - endpointDrains[place].began, worker: index, at: loop.now)
            } else if loop.now >= endpointDrains[place].nextReport {
                endpointDrains[place].nextReport = loop.now + .seconds(1)
                ledger.endpointDrainProgress(name, left: left, worker: index, at: loop.now)
            }
        }
    }

    /// When a drain of the process or of an endpoint has something to do.
    var nextDrainStep: Timestamp { endpointDrains.reduce(drain.nextStep) { min($0, $1.schedule.nextStep) } }

    /// What a drain's close frame says to the client of this session.
    func drainReason(_ session: UnsafeMutablePointer<Session>) -> String {
        let endpoint = session.pointee.facts?.endpoint.endpoint
        if let drain = endpointDrains.first(where: { $0.endpoint == endpoint }), !self.drain.isActive {
            return drain.notice.text(window: drain.window, random: random.next())
        }
        return state.snapshot.drain.notice.text(window: state.snapshot.drain.window, random: random.next())
    }

    /// Ends one session because its endpoint or the process goes.
    func closeForDrain(_ session: UnsafeMutablePointer<Session>, code: UInt16) {
        // No close frame can be said in a protocol that nobody here knows.
        if session.pointee.analyzer?.isOpaque == true { return endOpaqueTunnel(session, .drain) }
        if !drain.isActive, leaveEndpoint(session) { return }
        perform(session, session.pointee.tunnel?.close(Tunnel.Closing(code: code, why: .drain), now: loop.now) ?? [])
    }

    private func sessions(of endpoint: Endpoint) -> Int {
        var count = 0
        forEachSession { if isOpen($0, at: endpoint) { count += 1 } }
        return count
    }

    private func isOpen(_ session: UnsafeMutablePointer<Session>, at endpoint: Endpoint) -> Bool {
        session.pointee.phase == .tunnel && session.pointee.facts?.endpoint.endpoint == endpoint
    }

    /// Of all clusters, and those of earlier configurations: held sessions look for their next endpoint there.
    private func setDraining(_ endpoint: Endpoint, _ isDraining: Bool) {
        for known in endpoints where known.endpoint == endpoint {
            known.isDraining = isDraining
            if isDraining { for idle in known.takeAll() { loop.close(idle.connection, .now) } }
        }
        showDrains()
    }

    /// What metrics show of drains. The workers' values are summed, so one alone says it.
    func showDrains() {
        guard index == 0 else { return }
        for cluster in clusters {
            for endpoint in cluster.endpoints { cluster.metrics(of: endpoint)?.draining.set(endpoint.isDraining ? 1 : 0) }
        }
    }
}
