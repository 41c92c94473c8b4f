import Probing
import Telemetry
import Wire

/// What people read: what differs, session by session, and the figures.
extension ReplayReport {
    func text(_ page: ReportPage, _ redaction: LogRedaction) -> String {
        var text = ""
        func visible(_ words: String) -> String { page.visible(words, redaction) }
        for session in sessions where !session.differences.isEmpty {
            let turn = session.repetition > 0 ? ", repetition \(session.repetition + 1)" : ""
            text += page.ink("Session \(session.number)\(turn)", .strong) + "  \(visible(session.request))\n"
            for difference in session.differences {
                text += page.row("differs", visible(difference.sentence), .bad)
            }
            if session.untold > 0 { text += page.row("", "and \(session.untold) more", .quiet) }
            text += "\n"
        }
        for (number, why) in skipped.prefix(20) { text += page.row("not played", "session \(number): \(visible(why))", .quiet) }
        if skipped.count > 20 { text += page.row("", "and \(skipped.count - 20) more", .quiet) }
        if isUnreachable {
            return text + page.row("target", "\(visible(target)) can't be reached: \(visible(figures.reason))", .bad)
        }
        let count = agreed + differing
        text += page.row(
            "replayed",
            "\(count) session\(count == 1 ? "" : "s") to \(visible(target)) in \(figures.span.shown): \(figures.messagesSent) messages sent, \(figures.messagesReceived) received"
        )
        text += page.row("", times("answers took", replyTimes.present, replyTimes.recorded))
        if let late = ReplayReport.quantile(figures.lateness.sorted(), 0.99) {
            text += page.row("", "messages left at most \(late.shown) after they were due (99 %)", .quiet)
        }
        if beyond > 0 {
            text += page.row(
                "", "\(beyond) answers that the recording was cut short of were not compared", .quiet)
        }
        if redacted > 0 {
            text += page.row(
                "",
                "secrets of \(redacted) recorded head\(redacted == 1 ? " is" : "s are") not in the recording: a 401 or 403 may be for that; --rewrite header:NAME=VALUE or query:NAME=VALUE gives others"
            )
        }
        return text + result(page, of: count)
    }

    private func result(_ page: ReportPage, of count: Int) -> String {
        let differ = differing == 0 ? "no difference" : "\(differing) of \(count) sessions differ"
        guard !skipped.isEmpty else { return page.row("result", differ, differing == 0 ? .good : .bad) }
        return page.row(
            "result", "\(differ), but \(skipped.count) could not be played; --sessions chooses others", .bad)
    }

    private func times(_ label: String, _ present: [TimeSpan], _ recorded: [TimeSpan]) -> String {
        func row(_ spans: [TimeSpan]) -> String? {
            let sorted = spans.sorted()
            guard let middle = ReplayReport.quantile(sorted, 0.5), let high = ReplayReport.quantile(sorted, 0.99),
                let most = sorted.last
            else { return nil }
            return "\(middle.shown) (median), \(high.shown) (99 %), \(most.shown) (longest)"
        }
        guard let now = row(present) else { return "" }
        return "\(label) \(now)" + (row(recorded).map { "; in the recording \($0)" } ?? "")
    }
}
