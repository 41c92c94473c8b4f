import Diagnosis
public import Telemetry
public import Wire

/// What the verdicts said, and what the casebook made of them.
extension AdminRenderer {
    /// How often each cause was the verdict, the most frequent first, and what the casebook knows: the same refusals as one group with examples, and
    /// what many ends have in common.
    public func causes(_ workers: [WorkerMetrics], _ book: CausesReport, at time: Timestamp) -> AdminResponse {
        object(limit: AdminRenderer.large) { line in
            line.field("time", time: time)
            line.objects("causes", CauseCount.all(workers)) { count, line in
                line.field("cause", count.cause.rawValue)
                line.field("refusals", count.refusals)
                line.field("bad_ends", count.badEnds)
            }
            line.objects("groups", book.groups) { group, line in members(of: group, into: &line) }
            line.objects("patterns", book.patterns) { pattern, line in members(of: pattern, into: &line) }
            line.beginObject("casebook")
            line.field("investigations", book.investigations)
            line.field("forgotten", book.forgotten)
            line.field("lost", book.lost)
            line.endObject()
        }
    }

    private func members(of group: CauseGroup, into line: inout LineBuffer) {
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
    }

    private func members(of pattern: EndPattern, into line: inout LineBuffer) {
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
    }
}
