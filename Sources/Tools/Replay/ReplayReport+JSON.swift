import Telemetry
import Wire

/// What programs read: an object a line, `event: replay-session` for each session and `event: replay` at the end.
extension ReplayReport {
    func json(_ redaction: LogRedaction) -> [UInt8] {
        var bytes: [UInt8] = []
        var line = LineBuffer(capacity: 4096, lineLimit: 256 << 10)
        for session in sessions {
            line.clear()
            line.beginObject()
            line.field("event", constant: "replay-session")
            line.field("number", session.number)
            if let name = session.name { line.field("session", session: name) }
            line.field("repetition", session.repetition + 1)
            line.field("request", redacted: session.request, redaction, .target)
            line.beginObject("status")
            if let status = session.recordedStatus { line.field("recorded", status) } else { line.null("recorded") }
            if let status = session.status { line.field("present", status) } else { line.null("present") }
            line.endObject()
            line.field("sent", session.sent)
            line.beginObject("answers")
            line.field("recorded", session.recordedAnswers)
            line.field("present", session.answers)
            if session.beyond > 0 { line.field("beyond", session.beyond) }
            line.endObject()
            line.field("agrees", session.differences.isEmpty)
            line.beginArray("differences")
            for difference in session.differences {
                line.beginObject()
                line.field("kind", difference.kind.rawValue)
                line.field("sentence", redacted: difference.sentence, redaction)
                line.endObject()
            }
            line.endArray()
            if session.untold > 0 { line.field("untold", session.untold) }
            line.finish()
            bytes += line.bytes()
        }
        line.clear()
        line.beginObject()
        line.field("event", constant: "replay")
        line.field("target", redacted: target, redaction)
        line.field("sessions", agreed + differing)
        line.field("agreed", agreed)
        line.field("differing", differing)
        line.field("unreachable", figures.unreachable)
        line.beginArray("not_played")
        for (number, why) in skipped.prefix(1000) {
            line.beginObject()
            line.field("number", number)
            line.field("why", why)
            line.endObject()
        }
        line.endArray()
        if redacted > 0 { line.field("redacted_heads", redacted) }
        line.field("messages_sent", figures.messagesSent)
        line.field("messages_received", figures.messagesReceived)
        line.field("duration_ms", milliseconds: figures.span)
        line.beginObject("reply_ms")
        line.times("recorded", replyTimes.recorded)
        line.times("present", replyTimes.present)
        line.endObject()
        line.times("lateness_ms", figures.lateness)
        line.finish()
        return bytes + line.bytes()
    }
}

extension LineBuffer {
    /// Count and quantiles of times.
    fileprivate mutating func times(_ key: StaticString, _ spans: [TimeSpan]) {
        let sorted = spans.sorted()
        beginObject(key)
        field("count", sorted.count)
        if let span = ReplayReport.quantile(sorted, 0.5) { field("p50", milliseconds: span) }
        if let span = ReplayReport.quantile(sorted, 0.9) { field("p90", milliseconds: span) }
        if let span = ReplayReport.quantile(sorted, 0.99) { field("p99", milliseconds: span) }
        if let span = sorted.last { field("most", milliseconds: span) }
        endObject()
    }
}
