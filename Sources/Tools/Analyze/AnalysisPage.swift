import CaptureFile
import Diagnosis
import Telemetry
import Wire

/// The report as one HTML page that needs nothing else: no script, no font, no other file.
///
/// Everything that came out of a capture is text of an element, escaped by `escaped`; attributes are ours. The page's own policy forbids
/// scripts and loads, should something get through all the same.
struct AnalysisPage {
    let report: AnalysisReport
    let redaction: LogRedaction

    var html: String {
        var html = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Gatehouse: analysis</title>
            <style>
            body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1c2430; background: #fff }
            h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem } table { border-collapse: collapse; width: 100% }
            td, th { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #e3e7ec; vertical-align: top }
            th { font-weight: 600; color: #5a6675 } code, .m { font-family: ui-monospace, monospace; font-size: .87em; overflow-wrap: anywhere }
            .bad { color: #b3261e } .good { color: #1b6e3c } .quiet { color: #5a6675 } details { margin: .5rem 0 } summary { cursor: pointer }
            svg { width: 100%; height: 90px } li { margin: .15rem 0 }
            @media (prefers-color-scheme: dark) { body { background: #14181e; color: #dde3ea } td, th { border-color: #2b323c }
            .bad { color: #ff8a80 } .good { color: #7ddba0 } .quiet, th { color: #98a4b3 } }
            </style></head><body>
            <h1>Gatehouse: what became of every WebSocket in this capture</h1>

            """
        html += "<p>\(escaped(report.files.map(\.path).joined(separator: ", ")))</p>\n<ul>"
        html +=
            report.hasPackets
            ? "<li>\(report.counts.packets) packets, \(AnalysisReport.size(report.bytes)), \(report.transport.connections) connections</li>"
            : "<li>\(AnalysisReport.size(report.bytes))</li>"
        let outcomes = AnalysisReport.outcomes.compactMap { outcome, name in
            report.summary.outcomes[outcome].map { "\($0) \(name)" }
        }
        html +=
            "<li>\(report.summary.count) handshakes: \(outcomes.joined(separator: ", ")); \(report.summary.messages) messages</li></ul>\n"
        html += timeLine + causes + timers + sessions + limits
        return html + "</body></html>\n"
    }

    private var timeLine: String {
        let line = report.summary.line
        let most = line.buckets.map { max($0.opened, $0.ended + $0.problems) }.max() ?? 0
        guard line.buckets.count > 1, most > 0 else { return "" }
        var svg = "<h2>Time line</h2><svg viewBox=\"0 0 \(TimeLine.most * 10) 90\" role=\"img\" aria-label=\"sessions over time\">"
        for (index, bucket) in line.buckets.enumerated() {
            var base = 80
            for (count, colour) in [(bucket.problems, "#d64f46"), (bucket.ended, "#8a97a8"), (bucket.opened, "#3f9b62")]
            where count > 0 {
                let height = max(count * 40 / most, 2)
                base -= height
                svg += "<rect x=\"\(index * 10)\" y=\"\(base)\" width=\"8\" height=\"\(height)\" fill=\"\(colour)\"/>"
            }
        }
        svg +=
            "</svg><p class=\"quiet\">from \(AnalysisReport.clock(line.start)) UTC, a column is \(AnalysisReport.shown(line.width)); "
        return svg + "green: opened, grey: ended, red: problems</p>\n"
    }

    private var causes: String {
        guard !report.summary.causes.isEmpty else { return "<p class=\"good\">Nothing is wrong with any of them.</p>\n" }
        var html = "<h2>Causes</h2>\n"
        for row in report.summary.causes {
            let title = escaped(row.confidence.headline(row.title))
            html += "<details open><summary><b class=\"bad\">\(row.count) × \(title)</b> <span class=\"quiet\">"
            html +=
                "\(row.cause.rawValue), \(row.confidence.rawValue); \(AnalysisReport.clock(row.first)) to \(AnalysisReport.clock(row.last))</span></summary><ul>"
            if row.isMixed {
                for (title, count) in row.titles { html += "<li>\(count) × \(escaped(title))</li>" }
                if row.untitled > 0 { html += "<li class=\"quiet\">\(row.untitled) × something else of the kind</li>" }
            }
            if let json = report.summary.reports.first(where: { $0.number == row.sessions.first })?.json,
                let session = LedgerValue(json)
            {
                for piece in session["verdict"]?["evidence"]?.elements ?? [] {
                    html += "<li>\(escaped(piece["what"]?.text ?? "")): <code>\(escaped(piece["observed"]?.text ?? ""))</code></li>"
                }
                for fix in session["verdict"]?["fix"]?.elements ?? [] {
                    html += "<li class=\"good\">\(escaped(fix.text ?? ""))</li>"
                }
            }
            html += "</ul></details>\n"
        }
        return html
    }

    private var timers: String {
        let lines =
            report.summary.timers.sentences
            + report.summary.silences.map {
                "\(AnalysisReport.shown($0.span)) of silence in session #\($0.session), from \(AnalysisReport.clock($0.from))"
            }
        guard !lines.isEmpty else { return "" }
        return "<h2>Times</h2><ul>" + lines.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>\n"
    }

    private var sessions: String {
        guard !report.summary.rows.isEmpty else { return "" }
        var html =
            "<h2>Sessions</h2><table><tr><th>#</th><th>opened</th><th>client</th><th>server</th><th>request</th><th>status</th>"
        html += "<th>lived</th><th>messages</th><th>end</th><th>outcome</th></tr>\n"
        for row in report.summary.rows.sorted(by: { $0.number < $1.number }) {
            let messages = row.messages.map { "↑\($0.client) ↓\($0.server)" } ?? ""
            html +=
                "<tr><td>\(row.number)</td><td class=\"m\">\(AnalysisReport.clock(row.time))</td><td class=\"m\">\(escaped(row.ends.client ?? ""))</td><td class=\"m\">\(escaped(row.ends.server ?? ""))</td>"
            html += "<td class=\"m\">\(escaped(row.request))</td><td>\(row.status.map { "\($0)" } ?? "")</td>"
            html +=
                "<td>\(row.duration.map { AnalysisReport.shown($0) } ?? "")</td><td>\(messages)</td><td>\(escaped(row.end))</td>"
            html +=
                "<td class=\"\(row.cause == nil ? "good" : "bad")\">\(row.outcome.rawValue)\(row.cause.map { ": \($0.rawValue)" } ?? "")</td></tr>\n"
        }
        return html + "</table>\n"
    }

    private var limits: String {
        "<h2>What could not be seen</h2><ul class=\"quiet\">" + report.limits.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>\n"
    }

    /// Text as the content of an element: secrets out, controls shown, markup harmless.
    private func escaped(_ text: String) -> String {
        var result = ""
        for character in ReportPage(hasColour: false).visible(text, redaction).unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
