import Diagnosis
import Telemetry
public import Wire

/// Open sessions, and the verdicts on those that are over.
extension AdminRenderer {
    /// The sessions that `filter` lets through, in the order given; `total` counts those past the limit too.
    public func sessions(_ sessions: [SessionSummary], _ filter: SessionFilter, at time: Timestamp) -> AdminResponse {
        let matching = sessions.filter { filter.includes($0) }
        return object(limit: 16 << 20) { line in
            line.field("time", time: time)
            line.field("total", matching.count)
            line.objects("sessions", matching.prefix(filter.limit)) { session, line in members(of: session, at: time, into: &line) }
        }
    }

    /// One session; 404 if it is not (or no longer) there.
    public func session(_ session: SessionSummary?, at time: Timestamp) -> AdminResponse {
        guard let session else { return error(404, "no such session is open; its end is in the ledger") }
        return object { line in members(of: session, at: time, into: &line) }
    }

    /// The verdict on a session that was refused or ended badly.
    public func verdict(_ filed: FiledVerdict) -> AdminResponse {
        object { line in
            line.field("id", session: filed.session)
            line.field("state", constant: filed.kind == .refusal ? "refused" : "ended")
            line.field("time", time: filed.at)
            line.field("route", filed.route)
            line.field("endpoint", filed.endpoint)
            line.field("verdict", filed.verdict, redaction)
        }
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
        if let held = session.held { members(of: held, at: now, into: &line) }
        line.field("worker", session.worker)
    }

    private func members(of held: SessionSummary.Held, at now: Timestamp, into line: inout LineBuffer) {
        line.beginObject("held")
        line.field("since", time: held.since)
        line.field("for_ms", milliseconds: now >= held.since ? now - held.since : .zero)
        if let why = held.why { line.field("why", why) }
        line.field("attempts", held.attempts)
        if let failure = held.lastFailure { line.field("last_failure", redacted: failure, redaction) }
        line.field("queued_messages", held.queuedMessages)
        line.field("queued_bytes", held.queuedBytes)
        line.endObject()
    }
}
