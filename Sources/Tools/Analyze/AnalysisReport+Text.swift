import CaptureFile
import Diagnosis
import Telemetry
import Wire

/// The report for people: what there was, the time line, the sessions, the causes, and what could not be seen.
extension AnalysisReport {
    /// - Parameter showsSessions: whether the sessions are listed; a live analysis has told them already.
    func text(_ page: ReportPage, _ redaction: LogRedaction, listsAll: Bool, showsSessions: Bool = true) -> String {
        var text = "\n"
        text += page.row("read", reading)
        if hasPackets { text += page.row("tcp", connections) }
        text += page.row("sessions", sessions, .strong)
        if summary.count > 0 {
            text += timeLine(page)
            if showsSessions { text += list(page, redaction, listsAll: listsAll) }
            text += causes(page, redaction)
        }
        for (index, sentence) in summary.timers.sentences.enumerated() { text += page.row(index == 0 ? "timers" : "", sentence) }
        for (index, silence) in summary.silences.enumerated() {
            text += page.row(
                index == 0 ? "silences" : "",
                "\(AnalysisReport.shown(silence.span)) in session #\(silence.session), from \(AnalysisReport.clock(silence.from))")
        }
        for (index, limit) in limits.enumerated() {
            text += page.row(index == 0 ? "unseen" : "", page.visible(limit, redaction), .quiet)
        }
        return text
    }

    private var reading: String {
        let size = AnalysisReport.size(bytes)
        let rate = seconds > 0.2 ? ", \(AnalysisReport.size(UInt64(Double(bytes) / seconds))) a second" : ""
        let span =
            counts.first == .never || counts.last < counts.first
            ? ""
            : "; \(AnalysisReport.clock(counts.first)) to \(AnalysisReport.clock(counts.last)) UTC, \(AnalysisReport.shown(counts.last - counts.first))"
        let what =
            files.first?.kind == AnalysisReport.live ? AnalysisReport.live : "\(files.count) file\(files.count == 1 ? "" : "s")"
        let packets = hasPackets ? ", \(counts.packets) packets" : ""
        return "\(what), \(size)\(packets)\(rate)\(span)"
    }

    private var connections: String {
        var parts = ["\(transport.connections) connections in all", "\(counts.http) speak HTTP"]
        if counts.tls > 0 { parts.append("\(counts.tls) TLS") }
        if counts.other > 0 { parts.append("\(counts.other) something else") }
        if transport.refused > 0 { parts.append("\(transport.refused) refused (RST to SYN)") }
        if transport.retransmissions > 0 { parts.append("\(transport.retransmissions) retransmissions") }
        return parts.joined(separator: ", ")
    }

    private var sessions: String {
        guard summary.count > 0 else { return "no WebSocket handshake was seen" }
        let parts = AnalysisReport.outcomes.compactMap { outcome, name in
            summary.outcomes[outcome].map { "\($0) \(name)" }
        }
        return
            "\(summary.count) handshake\(summary.count == 1 ? "" : "s"): \(parts.joined(separator: ", ")); \(summary.messages) messages"
    }

    // MARK: Time line

    private func timeLine(_ page: ReportPage) -> String {
        let line = summary.line.narrowed(to: page.room - 9)
        guard line.buckets.count > 1 else { return "" }
        func bars(_ count: (TimeLine.Bucket) -> Int) -> String {
            let most = line.buckets.map(count).max() ?? 0
            guard most > 0 else { return "" }
            return line.buckets.map { bucket in
                let height = (count(bucket) * 8 + most - 1) / most
                return String(AnalysisReport.blocks[min(height, 8)])
            }.joined()
        }
        var text = ""
        let width = AnalysisReport.shown(line.width)
        text += page.row("time line", "from \(AnalysisReport.clock(line.start)), one column is \(width)", .quiet)
        for (label, row, tone) in [
            ("opened", bars(\.opened), ReportPage.Tone.good), ("ended", bars(\.ended), .calm), ("problems", bars(\.problems), .bad),
        ] where !row.isEmpty {
            text += page.picture("\(label.padding(9))\(page.ink(row, tone))")
        }
        return text
    }

    private static let blocks: [Character] = ["·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    // MARK: Sessions

    /// The most sessions that are listed without `--all`.
    static let listed = 40

    private func list(_ page: ReportPage, _ redaction: LogRedaction, listsAll: Bool) -> String {
        let ordered = summary.rows.sorted { $0.number < $1.number }
        // What went wrong is what is looked for, where not all have room.
        let isShort = !listsAll && ordered.count > AnalysisReport.listed
        let rows = isShort ? Array(ordered.filter { $0.cause != nil }.prefix(AnalysisReport.listed)) : ordered
        var text = "\n"
        for row in rows { text += AnalysisReport.line(row, page, redaction, at: row.time) }
        let left = ordered.count - rows.count
        if left > 0 {
            let bad = ordered.count { $0.cause != nil } - rows.count
            let what = bad > 0 ? "\(bad) that went wrong, \(left - bad) that didn't" : "\(left), with which nothing is wrong"
            text += page.row("", "not listed: \(what); --all lists them", .quiet)
        }
        if summary.count > summary.rows.count {
            text += page.row("", "no row was kept of \(summary.count - summary.rows.count) more", .quiet)
        }
        return text + "\n"
    }

    /// One session in one line.
    ///
    /// - Parameter time: the moment that stands in front.
    static func line(_ row: AnalysisSummary.Row, _ page: ReportPage, _ redaction: LogRedaction, at time: Timestamp) -> String {
        let number = "#\(row.number)"
        var parts = [
            number.padding(4), row.name == number ? "" : page.visible(row.name, redaction),
            time == .zero ? "" : AnalysisReport.clock(time), page.visible(row.ends.text, redaction),
            page.visible(row.request, redaction), row.status.map { "\($0)" } ?? "–",
        ].filter { !$0.isEmpty }
        if let duration = row.duration { parts.append(AnalysisReport.shown(duration)) }
        if let messages = row.messages { parts.append("↑\(messages.client) ↓\(messages.server)") }
        if !row.end.isEmpty { parts.append(page.visible(row.end, redaction)) }
        let tone: ReportPage.Tone = row.cause != nil ? .bad : row.outcome == .closed ? .good : .calm
        parts.append(page.ink(row.cause.map { "\(row.outcome.rawValue): \($0.rawValue)" } ?? row.outcome.rawValue, tone))
        return "    " + parts.joined(separator: "  ") + "\n"
    }

    // MARK: Causes

    private func causes(_ page: ReportPage, _ redaction: LogRedaction) -> String {
        guard !summary.causes.isEmpty else {
            return page.row("verdict", "nothing is wrong with any of them", .good)
        }
        var text = ""
        for row in summary.causes {
            let sessions = row.sessions.map { "#\($0)" }.joined(separator: " ")
            text += page.row("cause", "\(row.count) × \(page.visible(row.confidence.headline(row.title), redaction))", .strong)
            text += page.row(
                "",
                "\(row.cause.rawValue), \(row.confidence.rawValue); \(AnalysisReport.clock(row.first)) to \(AnalysisReport.clock(row.last)); \(sessions)\(row.count > row.sessions.count ? " …" : "")",
                .quiet)
            if row.isMixed { text += titles(of: row, page, redaction) }
            guard let report = summary.reports.first(where: { $0.number == row.sessions.first }).flatMap({ LedgerValue($0.json) })
            else { continue }
            let whose = row.isMixed ? "#\(row.sessions.first ?? 0) " : ""
            for piece in (report["verdict"]?["evidence"]?.elements ?? []).prefix(4) {
                text += page.row("", "\(whose)\(piece["what"]?.text ?? ""): \(piece["observed"]?.text ?? "")")
            }
            for fix in (report["verdict"]?["fix"]?.elements ?? []).prefix(2) { text += page.row("", fix.text ?? "", .good) }
        }
        return text
    }

    /// How many sessions of a cause had which title, where they differ.
    private func titles(of row: CauseRow, _ page: ReportPage, _ redaction: LogRedaction) -> String {
        var text = ""
        for (title, count) in row.titles { text += page.row("", "\(count) × \(page.visible(title, redaction))") }
        if row.untitled > 0 { text += page.row("", "\(row.untitled) × something else of the kind", .quiet) }
        return text
    }

    // MARK: Words

    /// `14:02:31.250`, in UTC.
    static func clock(_ time: Timestamp) -> String {
        let milliseconds = time.nanoseconds / 1_000_000
        let seconds = milliseconds / 1000 % 86_400
        func two(_ number: UInt64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let rest = "\(milliseconds % 1000)"
        return
            "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    /// `250 ms`, `12.5 s`, `3 min 4 s`.
    static func shown(_ span: TimeSpan) -> String {
        let milliseconds = span.nanoseconds / 1_000_000
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 120_000 { return "\(milliseconds / 1000).\(milliseconds / 100 % 10) s" }
        let seconds = milliseconds / 1000
        return seconds < 7200 ? "\(seconds / 60) min \(seconds % 60) s" : "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }

    /// `1.2 GB`.
    static func size(_ bytes: UInt64) -> String {
        for (unit, name) in [(UInt64(1_000_000_000), "GB"), (1_000_000, "MB"), (1000, "kB")] where bytes >= unit {
            return "\(bytes / unit).\(bytes / (unit / 10) % 10) \(name)"
        }
        return "\(bytes) bytes"
    }
}

extension String {
    /// At least `width` characters.
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(width - count, 0)) }
}
