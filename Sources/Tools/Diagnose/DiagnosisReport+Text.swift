import Diagnosis
import HTTPWire
import Probing
import Telemetry
import Wire

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
            let but = certificateProblem.map { " but for the certificate (\($0)), which a browser refuses" } ?? ""
            let end = held[0].isOpen ? "was still open at the end" : "ended in good order"
            let words = "Healthy\(but): the handshake succeeded, and the session \(end)."
            return page.row("verdict", page.visible(words, redaction), .good)
        }
        // It had its say before it went, so that nothing is wrong; but who expects a session that stays doesn't get one.
        if let closing = first.closing {
            let mask = EchoedSecrets(first.request)
            let said = closing.upstream.messages == 1 ? "one message" : "\(closing.upstream.messages) messages"
            return page.row(
                "verdict",
                page.visible(
                    "The handshake succeeded. After \(said) the session was \(mask(closing.ending(after: closing.endedAfter))), "
                        + "before anything was sent to the server.", redaction), .strong)
        }
        guard status == "101" else { return page.row("verdict", "Nothing is wrong with the answer: \(status).", .good) }
        return page.row("verdict", page.visible(healthyWords, redaction), .good)
    }

    /// What may be said of a 101 depends on what was sent and checked: a browser sends an Origin and checks the certificate.
    private var healthyWords: String {
        if first.observation.response?.isForwardable == false {
            return "The handshake succeeded, but not everybody takes an answer written like this one: see the note."
        }
        let rest = sendsNoOrigin ? " \(DiagnosisReport.noOrigin)" : ""
        if let problem = certificateProblem {
            return "Healthy but for the certificate (\(problem)), which a browser refuses.\(rest)"
        }
        if options.isInsecure, let tls = first.tls, !tls.verified {
            return "Healthy: the handshake succeeded; the certificate was not checked.\(rest)"
        }
        return sendsNoOrigin
            ? "Healthy: the handshake succeeded.\(rest)"
            : "Healthy: the handshake succeeded, with everything that a browser checks."
    }

    private static let noOrigin = "But no Origin was sent, a browser always sends one: try --origin https://YOUR-PAGE."

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
        if verdict["confidence"]?.text == Confidence.proven.rawValue { text += proof(verdict["probes"]?.elements ?? [], page) }
        text += rows("fix", verdict["fix"]?.elements ?? [], page, .good) { $0.text ?? "" }
        let others = verdict["alternatives"]?.elements ?? []
        let excluded = Confidence.excluded.rawValue
        text += alternatives(others.filter { $0["confidence"]?.text != excluded }, page)
        text += rows("ruled out", others.filter { $0["confidence"]?.text == excluded }, page, .quiet) {
            "\($0["cause"]?.text ?? ""): \($0["because"]?.text ?? "")"
        }
        return text
    }

    /// The first of what else it could be, with the title in front, since the id says little to who meets it for the first time.
    private func alternatives(_ others: [LedgerValue], _ page: ReportPage) -> String {
        let shown = options.showsAll ? others.count : DiagnosisReport.shownAlternatives
        var text = ""
        for (index, other) in others.prefix(shown).enumerated() {
            let id = other["cause"]?.text ?? ""
            let title = Cause(rawValue: id).map { CauseCatalogue.entry($0).title } ?? id
            let line = "\(title) (\(id), \(other["confidence"]?.text ?? "")): \(other["because"]?.text ?? "")"
            text += page.row(index == 0 ? "or else" : "", line, .quiet)
        }
        if others.count > shown { text += page.row("", "… and \(others.count - shown) more (--all)", .quiet) }
        return text
    }

    private static let shownAlternatives = 3

    /// The lines that prove: the change that was accepted, and the unchanged request around it. The path above has all the others.
    private func proving(_ probes: [LedgerValue]) -> [LedgerValue] {
        // Held sessions prove together.
        guard held.isEmpty else { return probes }
        let control = ProbeRequest.unchanged.change
        let accepted = probes.lastIndex { $0["outcome"]?.text == "101" && $0["change"]?.text != control }
        guard let flip = accepted else { return [] }
        let before = probes[..<flip].last { $0["change"]?.text == control }
        let after = probes[(flip + 1)...].first { $0["change"]?.text == control }
        return [before, probes[flip], after].compactMap(\.self)
    }

    /// A table: what differed, and what came back.
    private func proof(_ all: [LedgerValue], _ page: ReportPage) -> String {
        let probes = proving(all)
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
