import Telemetry
import Wire

/// What programs read: an object a line, `event: replay-session` for each session and `event: replay` at the end; and JUnit's XML.
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

    /// A test suite as JUnit's readers know it: a test case for each session.
    func junit(_ page: ReportPage, _ redaction: LogRedaction) -> String {
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text +=
            "<testsuite name=\"gatehouse replay\" tests=\"\(sessions.count + skipped.count)\" failures=\"\(differing)\" skipped=\"\(skipped.count)\" time=\"\(seconds(figures.span))\">\n"
        for session in sessions {
            let turn = session.repetition > 0 ? " (repetition \(session.repetition + 1))" : ""
            let name = xml(page.visible("session \(session.number) \(session.request)\(turn)", redaction))
            text += "  <testcase classname=\"gatehouse.replay\" name=\"\(name)\""
            guard let first = session.differences.first else {
                text += "/>\n"
                continue
            }
            let all = session.differences.map { xml(page.visible($0.sentence, redaction)) }.joined(separator: "\n")
            text +=
                ">\n    <failure type=\"\(first.kind.rawValue)\" message=\"\(xml(page.visible(first.sentence, redaction)))\">\(all)</failure>\n  </testcase>\n"
        }
        for (number, why) in skipped {
            text +=
                "  <testcase classname=\"gatehouse.replay\" name=\"session \(number)\">\n    <skipped message=\"\(xml(why))\"/>\n  </testcase>\n"
        }
        return text + "</testsuite>\n"
    }

    private func seconds(_ span: TimeSpan) -> String {
        let millis = span.nanoseconds / 1_000_000
        let fraction = "\(millis % 1000)"
        return "\(millis / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }

    private func xml(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // XML 1.0 has no place for other controls, escaped or not.
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
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
