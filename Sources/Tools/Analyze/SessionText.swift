import Telemetry

/// One session for people, laid out from its JSON, so that both say the same.
enum SessionText {
    static func text(_ json: [UInt8], _ page: ReportPage) -> String {
        guard let session = LedgerValue(json) else { return "" }
        func value(_ path: String...) -> String? {
            var value: LedgerValue? = session
            for key in path { value = value?[key] }
            return value?.text
        }
        var text = "\n"
        text += page.row("session", "#\(value("number") ?? "") \(value("session") ?? "")  \(value("outcome") ?? "")", .strong)
        text += page.row("opened", "\(value("time") ?? "")  \(SessionEnds(client: value("client"), server: value("server")).text)")
        text += page.row(
            "request",
            [value("request"), value("host"), value("origin").map { "Origin: \($0)" }].compactMap(\.self).joined(separator: "  "))
        if let status = value("status") {
            let rest = [value("subprotocol").map { "subprotocol \($0)" }, value("extensions")].compactMap(\.self)
            text += page.row(
                "answer", ([status] + rest).joined(separator: ", ") + (value("ms", "response").map { ", after \($0) ms" } ?? ""))
        } else if let failure = value("failure") {
            text += page.row("answer", "none: \(failure)")
        }
        if let duration = value("duration_ms") {
            text += page.row(
                "lived",
                "\(duration) ms; messages: \(value("messages", "client") ?? "0") of the client's, \(value("messages", "server") ?? "0") of the server's"
            )
            text += page.row("ended", (session["order"]?.elements ?? []).compactMap(\.text).joined(separator: ", "))
            for (side, label) in [("downstream", "client"), ("upstream", "server")] {
                let parts = [
                    value(side, "close_code").map { "close code \($0)" }, value(side, "close_reason").map { "“\($0)”" },
                    value(side, "end"), value(side, "idle_ms").map { "silent for \($0) ms at the end" },
                    value(side, "fault", "name").map { "fault: \($0)" },
                ].compactMap(\.self)
                text += page.row(label, parts.joined(separator: ", "))
            }
            for side in ["client", "server"] {
                guard let pings = value("heartbeats", side, "pings"), pings != "0" else { continue }
                var words = "\(pings) of the \(side)'s"
                if let least = value("heartbeats", side, "interval_least_ms"),
                    let most = value("heartbeats", side, "interval_most_ms")
                {
                    words += ", \(least) to \(most) ms apart"
                }
                if let mean = value("heartbeats", side, "round_trip_ms") { words += ", answered after \(mean) ms" }
                text += page.row("pings", words)
            }
            if let silence = value("silence", "longest_ms") {
                text += page.row("silence", "the longest was \(silence) ms\(value("silence", "from").map { ", from \($0)" } ?? "")")
            }
        }
        for finding in (session["findings"]?.elements ?? []).prefix(6) { text += page.row("finding", finding["text"]?.text ?? "") }
        text += verdict(session["verdict"], page)
        for (index, sentence) in (session["unseen"]?.elements ?? []).enumerated() {
            text += page.row(index == 0 ? "unseen" : "", sentence.text ?? "", .quiet)
        }
        return text + "\n"
    }

    private static func verdict(_ verdict: LedgerValue?, _ page: ReportPage) -> String {
        guard let verdict, verdict["title"] != nil else { return page.row("verdict", "nothing is wrong with it", .good) }
        var text = page.row("verdict", verdict.headline, .strong)
        let parts = [verdict["cause"]?.text, verdict["confidence"]?.text, verdict["blame"]?.text.map { "to blame: \($0)" }]
        text += page.row("", parts.compactMap(\.self).joined(separator: " · "), .quiet)
        for (index, piece) in (verdict["evidence"]?.elements ?? []).prefix(6).enumerated() {
            text += page.row(
                index == 0 ? "evidence" : "",
                "\(piece["what"]?.text ?? ""): \(piece["observed"]?.text ?? "")"
                    + (piece["expected"]?.text.map { " (expected: \($0))" } ?? ""))
        }
        for (index, fix) in (verdict["fix"]?.elements ?? []).prefix(4).enumerated() {
            text += page.row(index == 0 ? "fix" : "", fix.text ?? "", .good)
        }
        for (index, other) in (verdict["alternatives"]?.elements ?? []).prefix(4).enumerated() {
            text += page.row(
                index == 0 ? "or else" : "", "\(other["cause"]?.text ?? ""), \(other["confidence"]?.text ?? "")", .quiet)
        }
        return text
    }
}
