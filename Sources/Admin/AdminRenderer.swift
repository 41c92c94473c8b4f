import Diagnosis
import ProxyCore
package import Telemetry
package import Wire

/// Writes the bodies of the admin endpoints from values.
///
/// What came from a client is escaped by the `LineBuffer` and redacted by the `LogRedaction`, as in the ledger.
package struct AdminRenderer: Sendable {
    private let redaction: LogRedaction

    package init(redaction: LogRedaction) { self.redaction = redaction }

    private static let json = "application/json; charset=utf-8"

    // MARK: Health

    /// 200 as long as the process answers at all.
    package func healthz() -> AdminResponse { text(200, "ok\n") }

    /// 200 while new sessions are taken, else 503 with the reason in a word: `draining`, `memory`.
    package func readyz(notReadyBecause reason: String?) -> AdminResponse {
        guard let reason else { return text(200, "ok\n") }
        return text(503, reason + "\n")
    }

    /// The live state of WebSocket service, for `health.path` on the public port: counts only, nothing about anybody.
    package func webSocketHealth(_ workers: [WorkerMetrics], isDraining: Bool, at time: Timestamp) -> AdminResponse {
        func sum(_ outcome: HandshakeOutcome) -> UInt64 { workers.reduce(0) { $0 &+ $1.handshakes[outcome].value } }
        var line = LineBuffer()
        line.beginObject()
        line.field("status", constant: isDraining ? "draining" : "ok")
        line.field("time", time: time)
        line.field("sessions", workers.reduce(0) { $0 + $1.liveSessions.value })
        line.beginObject("handshakes")
        line.field("opened", sum(.opened))
        line.field("refused", sum(.refused))
        line.field("failed", sum(.failed))
        line.field("abandoned", sum(.abandoned))
        line.endObject()
        line.finish()
        return AdminResponse(status: isDraining ? 503 : 200, contentType: AdminRenderer.json, body: line.bytes())
    }

    // MARK: Data

    package func metrics(_ workers: [WorkerMetrics], _ process: MetricsRegistry.Process) -> AdminResponse {
        AdminResponse(
            status: 200, contentType: MetricsRegistry.contentType,
            body: MetricsRegistry.render(workers, process: process))
    }

    /// The sessions that `filter` lets through, in the order given; `total` counts those past the limit too.
    package func sessions(_ sessions: [SessionSummary], _ filter: SessionFilter, at time: Timestamp) -> AdminResponse {
        let matching = sessions.filter { filter.includes($0) }
        var line = LineBuffer(lineLimit: 16 << 20)
        line.beginObject()
        line.field("time", time: time)
        line.field("total", matching.count)
        line.beginArray("sessions")
        for session in matching.prefix(filter.limit) {
            line.beginObject()
            members(of: session, at: time, into: &line)
            line.endObject()
        }
        line.endArray()
        line.finish()
        return AdminResponse(status: 200, contentType: AdminRenderer.json, body: line.bytes())
    }

    /// One session; 404 if it is not (or no longer) there.
    package func session(_ session: SessionSummary?, at time: Timestamp) -> AdminResponse {
        guard let session else { return error(404, "no such session is open; its end is in the ledger") }
        var line = LineBuffer()
        line.beginObject()
        members(of: session, at: time, into: &line)
        line.finish()
        return AdminResponse(status: 200, contentType: AdminRenderer.json, body: line.bytes())
    }

    /// How often each cause was the verdict, the most frequent first, and what the casebook knows: the same refusals as one group with examples, and
    /// what many ends have in common.
    package func causes(_ workers: [WorkerMetrics], _ book: CausesReport, at time: Timestamp) -> AdminResponse {
        var line = LineBuffer(lineLimit: 4 << 20)
        line.beginObject()
        line.field("time", time: time)
        line.beginArray("causes")
        for count in CauseCount.all(workers) {
            line.beginObject()
            line.field("cause", count.cause.rawValue)
            line.field("refusals", count.refusals)
            line.field("bad_ends", count.badEnds)
            line.endObject()
        }
        line.endArray()
        line.beginArray("groups")
        for group in book.groups { members(of: group, into: &line) }
        line.endArray()
        line.beginArray("patterns")
        for pattern in book.patterns { members(of: pattern, into: &line) }
        line.endArray()
        line.beginObject("casebook")
        line.field("investigations", book.investigations)
        line.field("forgotten", book.forgotten)
        line.field("lost", book.lost)
        line.endObject()
        line.finish()
        return AdminResponse(status: 200, contentType: AdminRenderer.json, body: line.bytes())
    }

    private func members(of group: CauseGroup, into line: inout LineBuffer) {
        line.beginObject()
        line.field("cause", group.key.cause.rawValue)
        line.field("route", group.key.route)
        if !group.key.answeredBy.isEmpty { line.field("answered_by", redacted: group.key.answeredBy, redaction) }
        line.field("count", group.count)
        line.field("refusals", group.refusals)
        line.field("bad_ends", group.ends)
        line.field("first", time: group.first)
        line.field("last", time: group.last)
        line.beginArray("examples")
        for session in group.examples { line.element(session.description) }
        line.endArray()
        line.field("verdict", group.verdict, redaction)
        line.endObject()
    }

    private func members(of pattern: EndPattern, into line: inout LineBuffer) {
        line.beginObject()
        line.field("pattern", pattern.kind.rawValue)
        line.field("route", pattern.route)
        line.field("endpoint", pattern.endpoint)
        line.field("matching", pattern.matching)
        line.field("of", pattern.total)
        if pattern.kind != .instant { line.field("after_ms", milliseconds: pattern.span) }
        line.field("spread_ms", milliseconds: pattern.spread)
        line.field("closed_first", constant: "upstream")
        line.field("ambiguous", pattern.isAmbiguous)
        line.beginArray("known_defaults")
        for timer in pattern.known { line.element("\(timer.stackName): \(timer.setting)") }
        line.endArray()
        if let heartbeat = pattern.heartbeat { line.field("heartbeat_ms", milliseconds: heartbeat) }
        line.field("text", pattern.sentence)
        line.endObject()
    }

    /// The verdict on a session that was refused or ended badly.
    package func verdict(_ filed: FiledVerdict) -> AdminResponse {
        var line = LineBuffer(lineLimit: 1 << 20)
        line.beginObject()
        line.field("id", session: filed.session)
        line.field("state", constant: filed.kind == .refusal ? "refused" : "ended")
        line.field("time", time: filed.at)
        line.field("route", filed.route)
        line.field("endpoint", filed.endpoint)
        line.field("verdict", filed.verdict, redaction)
        line.finish()
        return AdminResponse(status: 200, contentType: AdminRenderer.json, body: line.bytes())
    }

    /// The clusters whose choice depends on more than their policy, and how their endpoints stand.
    package func endpoints(_ clusters: [ClusterReport], at time: Timestamp) -> AdminResponse {
        var line = LineBuffer(lineLimit: 4 << 20)
        line.beginObject()
        line.field("time", time: time)
        line.beginArray("clusters")
        for cluster in clusters {
            line.beginObject()
            line.field("cluster", cluster.name)
            line.field("waiting", cluster.waiting)
            line.field("panic", cluster.isPanicking)
            if let bindings = cluster.bindings { line.field("bindings", bindings) }
            line.beginArray("endpoints")
            for endpoint in cluster.endpoints {
                line.beginObject()
                line.field("endpoint", endpoint.name)
                line.field("state", endpoint.state.name)
                switch endpoint.state {
                case .warming(let since): line.field("since", time: since)
                case .ejected(let until): line.field("until", time: until)
                case .ready, .unhealthy: break
                }
                line.field("failures", endpoint.failures)
                line.field("seats", endpoint.seats)
                line.endObject()
            }
            line.endArray()
            line.endObject()
        }
        line.endArray()
        line.finish()
        return AdminResponse(status: 200, contentType: AdminRenderer.json, body: line.bytes())
    }

    /// The drains of endpoints, those that are over included until the endpoint is taken back.
    package func drains(_ drains: [DrainState], at time: Timestamp) -> AdminResponse {
        var line = LineBuffer(lineLimit: 1 << 20)
        line.beginObject()
        line.field("time", time: time)
        line.beginArray("drains")
        for drain in drains {
            line.beginObject()
            line.field("endpoint", drain.endpoint)
            line.field("sessions", drain.sessions)
            line.field("left", drain.left)
            line.field("began", time: drain.began)
            line.endObject()
        }
        line.endArray()
        line.finish()
        return AdminResponse(status: 200, contentType: AdminRenderer.json, body: line.bytes())
    }

    /// The answer to a drain that was asked for; 404 where no cluster has the endpoint.
    package func drain(_ drain: DrainState?, resumed: Bool) -> AdminResponse {
        guard let drain else { return error(404, "no cluster has that endpoint; check-config shows what there is") }
        var line = LineBuffer()
        line.beginObject()
        line.field("endpoint", drain.endpoint)
        line.field("state", constant: resumed ? "serving" : "draining")
        line.field("sessions", drain.sessions)
        line.field("left", drain.left)
        line.finish()
        return AdminResponse(status: resumed ? 200 : 202, contentType: AdminRenderer.json, body: line.bytes())
    }

    /// What is captured; 409 to an order where no directory is configured.
    package func capture(_ status: CaptureStatus, isOrder: Bool, at time: Timestamp) -> AdminResponse {
        guard status.directory != nil || !isOrder else {
            return error(409, "nothing can be captured: set capture.directory, and reload")
        }
        var line = LineBuffer(lineLimit: 4 << 20)
        line.beginObject()
        line.field("time", time: time)
        line.field("mode", status.mode.rawValue)
        if let directory = status.directory { line.field("directory", directory) } else { line.null("directory") }
        line.field("packets", status.packets)
        line.field("bytes", status.bytes)
        line.field("dropped", status.dropped)
        line.field("errno", Int(status.errno))
        line.beginArray("files")
        for file in status.files {
            line.beginObject()
            line.field("name", file.name)
            line.field("size", file.size)
            line.endObject()
        }
        line.endArray()
        line.beginArray("orders")
        for order in status.orders { members(of: order, into: &line) }
        line.endArray()
        line.finish()
        return AdminResponse(status: isOrder ? 202 : 200, contentType: AdminRenderer.json, body: line.bytes())
    }

    private func members(of order: CaptureOrder, into line: inout LineBuffer) {
        line.beginObject()
        line.field("mode", order.mode.rawValue)
        if let session = order.session { line.field("session", session: session) }
        if let client = order.client { line.field("client", client.description) }
        if let user = order.user { line.field("user", redacted: user, redaction) }
        if let route = order.route { line.field("route", route) }
        if let cause = order.cause { line.field("cause", cause) }
        if let sample = order.sample { line.field("sample_millionths", sample) }
        if order.until != .never { line.field("until", time: order.until) }
        line.endObject()
    }

    /// Links to the rest.
    package func index(version: String) -> AdminResponse {
        let links = [
            ("readyz", "whether new sessions are taken"), ("metrics", "for Prometheus"),
            ("api/sessions", "open sessions; ?route= &endpoint= &client= &state= &limit="),
            ("api/causes", "what the verdicts said"), ("api/endpoints", "how endpoints stand, and who waits for one"),
            ("api/drain", "endpoints that are drained; POST drains one"),
            ("api/capture", "what is captured; POST changes it"),
        ]
        let items = links.map { "<li><a href=\"\($0.0)\">\($0.0)</a>: \(AdminRenderer.escaped($0.1))</li>\n" }
        let page = """
            <!doctype html>
            <html lang="en"><meta charset="utf-8"><title>Gatehouse</title>
            <h1>Gatehouse \(AdminRenderer.escaped(version))</h1>
            <ul>
            \(items.joined())</ul>
            </html>

            """
        return AdminResponse(status: 200, contentType: "text/html; charset=utf-8", body: Array(page.utf8))
    }

    // MARK: Refusals

    /// The answer to a request that gets none of the above; nil for those that do.
    package func refusal(_ request: AdminRequest) -> AdminResponse? {
        switch request {
        case .notFound: return error(404, "nothing is here; see / for what there is")
        case .methodNotAllowed:
            var response = error(405, "only GET and HEAD are served here")
            response.further = [.init("Allow", "GET, HEAD")]
            return response
        case .misdirected:
            return error(421, "this Host is not served here; use its address or localhost")
        case .unauthorized:
            var response = error(401, "an Authorization field with the admin token is needed: Bearer TOKEN")
            response.further = [.init("WWW-Authenticate", "Bearer realm=\"gatehouse\"")]
            return response
        case .forbidden: return error(403, "pages of other origins may not ask here")
        case .malformed(let sentence): return error(400, sentence)
        case .healthz, .readyz, .metrics, .sessions, .session, .causes, .endpoints, .drains, .drain, .capture, .captureOrder,
            .index:
            return nil
        }
    }

    private func error(_ status: Int, _ sentence: String) -> AdminResponse {
        var line = LineBuffer()
        line.beginObject()
        line.field("status", status)
        line.field("error", sentence)
        line.finish()
        return AdminResponse(status: status, contentType: AdminRenderer.json, body: line.bytes())
    }

    private func text(_ status: Int, _ text: String) -> AdminResponse {
        AdminResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }

    private func members(of session: SessionSummary, at now: Timestamp, into line: inout LineBuffer) {
        line.field("id", session: session.id)
        line.field("state", session.state.rawValue)
        line.field("client", address: session.client)
        if let forwarded = session.forwardedFor { line.field("forwarded_for", redacted: forwarded, redaction) }
        line.field("route", session.route)
        line.field("cluster", session.cluster)
        if let endpoint = session.endpoint { line.field("endpoint", endpoint) }
        line.field("path", redacted: session.path, redaction, .target)
        if let origin = session.origin { line.field("origin", redacted: origin, redaction) }
        if let name = session.subprotocol { line.field("subprotocol", redacted: name, redaction, .subprotocol) }
        line.field("opened_at", time: session.openedAt)
        line.field("age_ms", milliseconds: now - session.openedAt)
        line.field("last_activity", time: session.lastActivity)
        line.field("idle_ms", milliseconds: now - session.lastActivity)
        for (key, traffic) in [
            ("client_to_server" as StaticString, session.clientToServer), ("server_to_client", session.serverToClient),
        ] {
            line.beginObject(key)
            line.field("messages", traffic.messages)
            line.field("bytes", traffic.bytes)
            line.endObject()
        }
        if let heartbeat = session.downstreamHeartbeat { line.field("downstream_heartbeat", heartbeat) }
        if let heartbeat = session.upstreamHeartbeat { line.field("upstream_heartbeat", heartbeat) }
        line.field("worker", session.worker)
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
