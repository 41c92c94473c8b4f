import Diagnosis
import Probing
import Telemetry

/// The report for people, laid out from its JSON, so that both say the same.
extension DiagnosisReport {
    /// What follows the path: verdict, proof, fix, what else it could be, and what could not be seen.
    func text(_ page: ReportPage, _ redaction: LogRedaction) -> String {
        guard let report = LedgerValue(json(redaction)) else { return "" }
        var text = "\n"
        if let verdict = report["verdict"], verdict["cause"] != nil {
            text += self.verdict(verdict, page)
        } else {
            text += healthy(report, page, redaction)
        }
        for (index, finding) in (report["findings"]?.elements ?? []).prefix(4).enumerated() where report["verdict"]?["cause"] == nil
        {
            text += page.row(index == 0 ? "note" : "", finding["text"]?.text ?? "")
        }
        text += rows("unseen", report["unseen"]?.elements ?? [], page, .quiet) { $0.text ?? "" }
        for (index, command) in (report["curl"]?.elements ?? []).enumerated() {
            // In one piece, to be copied.
            text += "\n\(index == 0 ? "# as it was asked for" : "# with the one change that was accepted")\n\(command.text ?? "")\n"
        }
        return text
    }

    private func healthy(_ report: LedgerValue, _ page: ReportPage, _ redaction: LogRedaction) -> String {
        let status = report["handshakes"]?.elements.first?["status"]?.text ?? "no status"
        if !held.isEmpty {
            return page.row(
                "verdict",
                "Healthy: the handshake succeeded, and the session \(held[0].isOpen ? "was still open at the end" : "ended in good order").",
                .good)
        }
        // It had its say before it went, so that nothing is wrong; but who expects a session that stays doesn't get one.
        if let closing = first.closing {
            let mask = SecretMask(first.request)
            let said = closing.upstream.messages == 1 ? "one message" : "\(closing.upstream.messages) messages"
            return page.row(
                "verdict",
                page.visible(
                    "The handshake succeeded. After \(said) the session was \(mask(closing.ending(after: closing.endedAfter))), "
                        + "before anything was sent to the server.", redaction), .strong)
        }
        let words =
            status == "101"
            ? "Healthy: the handshake succeeded, with everything that a browser checks."
            : "Nothing is wrong with the answer: \(status)."
        return page.row("verdict", words, .good)
    }

    private func verdict(_ verdict: LedgerValue, _ page: ReportPage) -> String {
        var text = page.row("verdict", verdict.headline, .strong)
        let parts = [verdict["cause"]?.text, verdict["confidence"]?.text, verdict["blame"]?.text.map { "to blame: \($0)" }]
        text += page.row("", parts.compactMap(\.self).joined(separator: " · "), .quiet)
        if let responder = verdict["answered_by"] {
            let perhaps = responder["confidence"]?.text == "possible" ? "perhaps " : ""
            let names = [responder["who"]?.text, responder["stack"]?.text.map { perhaps + $0 }]
            let who = names.compactMap(\.self).joined(separator: ", ")
            let because = responder["because"]?.elements.compactMap(\.text).joined(separator: "; ") ?? ""
            text += page.row("answered", because.isEmpty ? who : "\(who): \(because)")
        }
        text += rows("evidence", verdict["evidence"]?.elements ?? [], page) { piece in
            "\(piece["what"]?.text ?? ""): \(piece["observed"]?.text ?? "")"
                + (piece["expected"]?.text.map { " (expected: \($0))" } ?? "")
        }
        text += proof(verdict["probes"]?.elements ?? [], page)
        text += rows("fix", verdict["fix"]?.elements ?? [], page, .good) { $0.text ?? "" }
        let others = verdict["alternatives"]?.elements ?? []
        let excluded = Confidence.excluded.rawValue
        text += rows("or else", others.filter { $0["confidence"]?.text != excluded }, page, .quiet) {
            "\($0["cause"]?.text ?? ""), \($0["confidence"]?.text ?? ""): \($0["because"]?.text ?? "")"
        }
        text += rows("ruled out", others.filter { $0["confidence"]?.text == excluded }, page, .quiet) {
            "\($0["cause"]?.text ?? ""): \($0["because"]?.text ?? "")"
        }
        return text
    }

    /// A table: what differed, and what came back.
    private func proof(_ probes: [LedgerValue], _ page: ReportPage) -> String {
        let width = min(probes.compactMap { $0["change"]?.text?.count }.max() ?? 0, 60)
        var text = ""
        for (index, probe) in probes.enumerated() {
            let change = probe["change"]?.text ?? ""
            let outcome = probe["outcome"]?.text ?? ""
            let padding = String(repeating: " ", count: max(width - change.count, 0) + 2)
            text += page.row(index == 0 ? "proof" : "", change + padding + outcome, outcome == "101" ? .good : .calm)
        }
        return text
    }

    private func rows(
        _ label: String, _ list: [LedgerValue], _ page: ReportPage, _ tone: ReportPage.Tone = .calm, _ line: (LedgerValue) -> String
    ) -> String {
        list.prefix(6).enumerated().map { page.row($0.offset == 0 ? label : "", line($0.element), tone) }.joined()
    }
}
