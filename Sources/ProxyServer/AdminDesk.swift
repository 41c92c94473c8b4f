import Admin
import CLinux
import EventLoop
import HTTPWire
import ProxyCore
import Synchronization
import Telemetry
import Wire

/// Answers admin requests from what the process knows: metrics straight from the cells, sessions by asking the workers.
///
/// Called on the admin thread alone, where waiting for a worker hurts nobody.
struct AdminDesk: Sendable {
    let shared: SharedParts
    let status: ProcessStatus
    let ledgers: LedgerSource

    /// With what is redacted now: a reload may have made more secret since the last answer.
    private var renderer: AdminRenderer { AdminRenderer(redaction: ledgers.redaction) }

    /// The response to a request that a router has let through, or turned away.
    func answer(_ request: AdminRequest) -> AdminResponse {
        let renderer = renderer
        if let refusal = renderer.refusal(request) { return refusal }
        switch request {
        case .readyz: return renderer.readyz(notReadyBecause: reasonNotReady)
        case .metrics:
            publishTraffic()
            return renderer.metrics(shared.metrics, process)
        case .sessions(let filter): return renderer.sessions(summaries(), filter, at: now)
        case .session(let id):
            let summary = summaries().first { $0.id == id }
            if summary == nil, let filed = shared.casebook.verdict(on: id) { return renderer.verdict(filed) }
            return renderer.session(summary, at: now)
        case .causes: return renderer.causes(shared.metrics, shared.casebook.report() ?? CausesReport(), at: now)
        case .endpoints: return renderer.endpoints(shared.standings.report, at: now)
        case .drains: return renderer.drains(drainStates(), at: now)
        case .drain(let request): return renderer.drain(drain(request), resumed: request.resumes)
        case .capture: return renderer.capture(shared.capture.status(now), isOrder: false, at: now)
        case .captureOrder(let order):
            if shared.capture.isPossible { take(order) }
            return renderer.capture(shared.capture.status(now), isOrder: true, at: now)
        case .page(let part): return part.response
        default: return renderer.healthz()
        }
    }

    /// The sessions of all workers. One that doesn't answer within half a second is left out, rather than the whole answer.
    private func summaries() -> [SessionSummary] {
        let replies = shared.mailboxes.map { mailbox -> Reply<[SessionSummary]> in
            let reply = Reply<[SessionSummary]>()
            _ = mailbox.post(.summaries(reply))
            return reply
        }
        return replies.flatMap { $0.wait(milliseconds: 500) ?? [] }
    }

    /// Has every worker capture what the order says.
    private func take(_ order: CaptureOrder) {
        var order = order
        if let span = order.span { order.until = now + span }
        let orders = shared.capture.take(order, now: now)
        ledgers.ledger.captureOrdered(
            mode: order.mode.rawValue, session: order.session, client: order.client?.description, user: order.user,
            route: order.route,
            cause: order.cause, span: order.span, at: now)
        let replies = shared.mailboxes.map { mailbox -> Reply<Bool> in
            let reply = Reply<Bool>()
            _ = mailbox.post(.capture(orders, reply))
            return reply
        }
        for reply in replies { _ = reply.wait(milliseconds: 500) }
    }

    /// Has every worker drain its part of an endpoint; nil if none of them knows it.
    private func drain(_ request: DrainRequest) -> DrainState? {
        let replies = shared.mailboxes.map { mailbox -> Reply<DrainState?> in
            let reply = Reply<DrainState?>()
            _ = mailbox.post(.drainEndpoint(request, reply))
            return reply
        }
        return AdminDesk.joined(replies.compactMap { $0.wait(milliseconds: 2000) ?? nil }).first
    }

    private func drainStates() -> [DrainState] {
        let replies = shared.mailboxes.map { mailbox -> Reply<[DrainState]> in
            let reply = Reply<[DrainState]>()
            _ = mailbox.post(.drainStates(reply))
            return reply
        }
        return AdminDesk.joined(replies.flatMap { $0.wait(milliseconds: 500) ?? [] })
    }

    /// The workers' parts of each endpoint's drain, added up.
    private static func joined(_ parts: [DrainState]) -> [DrainState] {
        var states: [DrainState] = []
        for part in parts {
            guard let place = states.firstIndex(where: { $0.endpoint == part.endpoint }) else {
                states.append(part)
                continue
            }
            states[place].sessions += part.sessions
            states[place].left += part.left
            states[place].began = min(states[place].began, part.began)
        }
        return states
    }

    /// Has every worker add what its live sessions have relayed; one that doesn't answer in time shows what it last said.
    private func publishTraffic() {
        let replies = shared.mailboxes.map { mailbox -> Reply<Bool> in
            let reply = Reply<Bool>()
            _ = mailbox.post(.publishTraffic(reply))
            return reply
        }
        for reply in replies { _ = reply.wait(milliseconds: 500) }
    }

    private var now: Timestamp { Timestamp(nanoseconds: clinux_realtime()) }

    private var process: MetricsRegistry.Process {
        var process = MetricsRegistry.Process(
            version: status.version, io: status.io.withLock { $0 }, started: status.started,
            logLinesLost: shared.log.lostLines, lastReloadOK: status.lastReloadOK.load(ordering: .relaxed),
            reloads: UInt64(max(0, status.reloads.load(ordering: .relaxed))),
            isDraining: status.isDraining.load(ordering: .relaxed), generation: status.generation.load(ordering: .relaxed),
            restartsFailed: status.restartsFailed.load(ordering: .relaxed))
        process.capture = (
            shared.capture.packets.load(ordering: .relaxed), shared.capture.bytes.load(ordering: .relaxed),
            shared.capture.dropped.load(ordering: .relaxed)
        )
        process.memory = (
            shared.memory.limit.load(ordering: .relaxed), shared.memory.used.load(ordering: .relaxed),
            shared.memory.isAccepting.load(ordering: .relaxed)
        )
        return process
    }

    private var reasonNotReady: String? {
        if status.isDraining.load(ordering: .relaxed) { return "draining" }
        return shared.memory.isAccepting.load(ordering: .relaxed) ? nil : "memory"
    }

    /// The octets of a response on the wire.
    static func bytes(_ response: AdminResponse, headOnly: Bool, keepAlive: Bool) -> [UInt8] {
        var head = "HTTP/1.1 \(response.status) \(ErrorPage.phrase(response.status))\r\n"
        for field in response.fields { head += "\(field.name): \(field.value)\r\n" }
        if !keepAlive { head += "Connection: close\r\n" }
        head += "\r\n"
        return Array(head.utf8) + (headOnly ? [] : response.body)
    }

    /// What a head asks of `router`.
    static func request(_ head: RequestHead, _ router: AdminRouter) -> AdminRequest {
        func text(_ range: Range<Int>?) -> String? { range.map { head.text($0) } }
        return router.route(
            method: head.text(head.methodRange), path: head.text(head.pathRange), query: text(head.queryRange),
            host: text(head.effectiveHost), origin: text(head.value(of: .origin)),
            fetch: FetchMetadata(
                sites: head.values(of: .secFetchSite).map { head.text($0) }, mode: text(head.value(of: .secFetchMode))),
            authorization: text(head.value(of: .authorization)))
    }
}
