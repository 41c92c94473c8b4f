public import Diagnosis

/// The log for people: the same lines, read back and laid out.
///
/// Workers always write JSON; with `pretty` the writer thread turns each line into text, so that the hot path has one form and both looks
/// always say the same. Nothing is unescaped on the way that could harm (`LedgerValue`).
///
/// ```text
/// 12:00:00.123  refused 403   GET /ws                                                    5f3kq0000001a
///     client    203.0.113.7, origin https://www.app.example
///     answered  backend, uvicorn: 403 without server field; content-length: 0
///     cause     The backend does not allow this Origin
///               origin-not-allowed · proven · blame: backend
///     evidence  request field  Origin: https://www.app.example
///     fix       Add https://www.app.example to the list that the WebSocket route checks.
/// ```
public struct PrettyRenderer: Sendable {
    let ink: Ink
    /// How wide the text may be.
    var width: TextWidth

    /// - Parameter colour: Whether escape sequences for colour may be used: only on a terminal.
    public init(colour: Bool, width: TextWidth = .standard) {
        ink = Ink(isOn: colour)
        self.width = width
    }

    /// Lines of the ledger as text.
    public func render(lines: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        for line in lines.split(separator: 0x0A) {
            text += render(line: line).utf8
        }
        return text
    }

    /// One line of the ledger as text, ended by a newline. What isn't JSON is passed on as it is.
    public func render(line: some Sequence<UInt8>) -> String {
        let bytes = Array(line)
        guard let value = LedgerValue(bytes) else { return String(decoding: bytes, as: UTF8.self) + "\n" }
        return record(value)
    }

    /// A verdict alone, as `diagnose` shows it.
    public func render(_ verdict: Verdict, _ redaction: LogRedaction) -> String {
        var page = Page(ink, width)
        if let value = LedgerValue(VerdictJSON.render(verdict, redaction)) {
            if let responder = value["answered_by"] { answered(responder, on: &page) }
            self.verdict(value, on: &page)
        }
        return page.text
    }

    // MARK: Kinds of lines

    private func record(_ line: LedgerValue) -> String {
        var page = Page(ink, width)
        switch line["event"]?.text {
        case "session.opened": opened(line, on: &page)
        case "session.refused": refused(line, on: &page)
        case "session.closed": closed(line, on: &page)
        case "session.verdict": concluded(line, on: &page)
        case "http.request": request(line, on: &page)
        default: plain(line, on: &page)
        }
        return page.text
    }

    private func opened(_ line: LedgerValue, on page: inout Page) {
        let place = line["endpoint"]?.text.map { " → \($0)" } ?? ""
        let time = line["ms"]?["total"]?.text.map { ", \(PrettyRenderer.milliseconds($0))" } ?? ""
        page.head(line, "opened", "101", .good, "\(target(line)), \(client(line, short: true))\(place)\(time)")
        findings(line, on: &page)
    }

    private func refused(_ line: LedgerValue, on page: inout Page) {
        page.head(line, "refused", line["status"]?.text ?? "", .bad, target(line))
        page.row("client", client(line) + (line["origin"]?.text.map { ", origin \($0)" } ?? ""))
        if let responder = line["answered_by"] { answered(responder, on: &page) }
        if let detail = line["detail"]?.text {
            page.row("reason", detail)
        } else if let reason = line["reason"]?.text {
            page.row("reason", reason)
        }
        if let verdict = line["verdict"] {
            self.verdict(verdict, on: &page)
        } else {
            findings(line, on: &page)
            if let body = line["response"]?["body_start"]?.text { page.row("body", PrettyRenderer.shortened(body, 160)) }
        }
    }

    private func closed(_ line: LedgerValue, on page: inout Page) {
        let isBad = line["verdict"] != nil
        let first = line["first"]?.text ?? ""
        let side = line[first == "gatehouse" ? "downstream" : first]
        let code = side?[first == "gatehouse" ? "close_code_sent" : "close_code"]?.text ?? side?["end"]?.text ?? ""
        let party = ["downstream": "client", "upstream": "backend"][first] ?? first
        let duration = line["duration_ms"]?.text.map { PrettyRenderer.duration($0) } ?? ""
        let reason = side?["close_reason"]?.text.map { " \"\($0)\"" } ?? ""
        page.head(
            line, "closed", code, isBad ? .bad : .calm,
            "by \(party)\(reason), \(duration), ↑ \(traffic(line, "downstream")), ↓ \(traffic(line, "upstream"))")
        if isBad {
            page.row("order", line["order"]?.elements.compactMap(\.text).joined(separator: " → ") ?? "")
        }
        if let verdict = line["verdict"] { self.verdict(verdict, on: &page) }
    }

    /// What is known of a refusal or an end by now, in the form in which its own line shows a verdict.
    private func concluded(_ line: LedgerValue, on page: inout Page) {
        let about = line["about"]?.text.map { " (\($0))" } ?? ""
        page.head(line, "verdict", "", .bad, (line["message"]?.text ?? "") + about)
        let endpoint = line["endpoint"]?.text ?? ""
        let place = [line["route"]?.text.map { "route \($0)" }, endpoint.isEmpty ? nil : "endpoint \(endpoint)"]
        page.row("where", place.compactMap(\.self).joined(separator: ", "))
        guard let verdict = line["verdict"] else { return }
        if let responder = verdict["answered_by"] { answered(responder, on: &page) }
        self.verdict(verdict, on: &page)
    }

    private func request(_ line: LedgerValue, on page: inout Page) {
        let status = line["status"]?.text ?? "none"
        let time = line["ms"]?["total"]?.text.map { ", \(PrettyRenderer.milliseconds($0))" } ?? ""
        let reason = line["reason"]?.text.map { ", \($0)" } ?? ""
        let tone: Ink.Tone = status.first == "5" || status == "none" ? .bad : .calm
        page.head(
            line, "request", status, tone,
            "\(target(line)), \(client(line, short: true)), \(line["answered_by"]?.text ?? "nobody")\(time)\(reason)")
    }

    /// Every other line: its message, then its fields.
    private func plain(_ line: LedgerValue, on page: inout Page) {
        let known: Set<String> = ["time", "level", "event", "session", "message"]
        let fields = line.members.filter { !known.contains($0.key) }
        let short = fields.compactMap { member in member.value.text.map { "\(member.key)=\($0)" } }
        let tone: Ink.Tone = line["level"]?.text == "info" ? .calm : .bad
        let message = ([line["message"]?.text ?? ""] + short).joined(separator: "  ")
        page.head(line, line["event"]?.text ?? "", "", tone, message)
        for member in fields where member.value.text == nil {
            for element in member.value.elements { page.row(member.key, element.text ?? "") }
        }
    }

    // MARK: Parts

    private func answered(_ responder: LedgerValue, on page: inout Page) {
        var text = responder["who"]?.text ?? "unknown"
        // A shape that others have as well is no name.
        let perhaps = responder["confidence"]?.text == "possible" ? "perhaps " : ""
        if let stack = responder["stack"]?.text { text += ", \(perhaps)\(stack)" }
        let because = responder["because"]?.elements.compactMap(\.text) ?? []
        page.row("answered", because.isEmpty ? text : "\(text): \(because.joined(separator: "; "))")
    }

    private func verdict(_ verdict: LedgerValue, on page: inout Page) {
        page.row("cause", verdict.headline, tone: .strong)
        let parts = [verdict["cause"]?.text, verdict["confidence"]?.text, verdict["blame"]?.text.map { "blame: \($0)" }]
        page.row("", parts.compactMap(\.self).joined(separator: " · "), tone: .quiet)
        for (index, piece) in (verdict["evidence"]?.elements ?? []).prefix(3).enumerated() {
            var text = "\(piece["what"]?.text ?? "")  \(PrettyRenderer.shortened(piece["observed"]?.text ?? "", 240))"
            if let expected = piece["expected"]?.text { text += "  (expected: \(expected))" }
            page.row(index == 0 ? "evidence" : "", text)
        }
        let probes = (verdict["probes"]?.elements ?? []).map { "\($0["change"]?.text ?? "") → \($0["outcome"]?.text ?? "")" }
        page.row("tried", probes.joined(separator: " · "))
        for (index, step) in (verdict["fix"]?.elements ?? []).prefix(3).enumerated() {
            page.row(index == 0 ? "fix" : "", step.text ?? "", tone: .good)
        }
        // Beside a proof, what the first look left open would only take room; the JSON line keeps it. What was ruled out belongs to the proof.
        let isProven = verdict["confidence"]?.text == "proven"
        let others = (verdict["alternatives"]?.elements ?? []).filter { !isProven || $0["confidence"]?.text == "excluded" }
        for (index, other) in others.prefix(3).enumerated() {
            let text = "\(other["cause"]?.text ?? ""), \(other["confidence"]?.text ?? ""): \(other["because"]?.text ?? "")"
            page.row(index == 0 ? "or" : "", text, tone: .quiet)
        }
    }

    private func findings(_ line: LedgerValue, on page: inout Page) {
        for (index, finding) in (line["findings"]?.elements ?? []).prefix(3).enumerated() {
            page.row(index == 0 ? "finding" : "", finding["text"]?.text ?? "")
        }
    }

    /// Method and target; the version says nothing to a person.
    private func target(_ line: LedgerValue) -> String {
        var text = line["request"]?["line"]?.text ?? "a connection"
        for version in [" HTTP/1.1", " HTTP/1.0"] where text.hasSuffix(version) { text.removeLast(version.count) }
        return PrettyRenderer.shortened(text, 200)
    }

    /// Who asked, without a port: behind a trusted proxy the one that it names.
    private func client(_ line: LedgerValue, short: Bool = false) -> String {
        let address = line["client"]?["address"]?.text ?? "unknown"
        let host = address.lastIndex(of: ":").map { String(address[..<$0]) } ?? address
        guard line["client"]?["forwarded_trusted"]?.text == "true", let behind = line["client"]?["forwarded_for"]?.text
        else { return host }
        return short ? behind : "\(behind) via \(host)"
    }

    private func traffic(_ line: LedgerValue, _ side: String) -> String {
        let messages = line[side]?["messages"]?.members.compactMap { $0.value.text.flatMap { UInt64($0) } } ?? []
        let bytes = line[side]?["bytes"]?.text.flatMap { UInt64($0) } ?? 0
        return "\(messages.reduce(0) { $0 &+ $1 }) (\(PrettyRenderer.size(bytes)))"
    }
}
