import Telemetry

/// The layout of what `diagnose` tells people: a label, and text wrapped beside it.
struct ReportPage {
    /// Whether escape sequences for colour may be used.
    let hasColour: Bool

    private static let width = 100
    private static let indent = 14

    /// How a line looks.
    enum Tone: String {
        case calm = ""
        case strong = "1"
        case quiet = "2"
        case good = "32"
        case bad = "31"
    }

    /// A label and its text; without a label, the row belongs to the one above.
    func row(_ label: String, _ content: String, _ tone: Tone = .calm) -> String {
        guard !content.isEmpty else { return "" }
        var text = ""
        for (index, line) in ReportPage.wrap(content).enumerated() {
            let label = index == 0 ? label : ""
            text +=
                "    \(ink(label, .quiet))\(String(repeating: " ", count: max(ReportPage.indent - 4 - label.count, 1)))\(ink(line, tone))\n"
        }
        return text
    }

    func ink(_ text: String, _ tone: Tone) -> String {
        hasColour && !text.isEmpty && tone != .calm ? "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// `text` as it may be shown on a terminal: what controls or deceives is escaped, secrets are left out.
    func visible(_ text: String, _ redaction: LogRedaction) -> String {
        var line = LineBuffer(capacity: 512)
        line.beginObject()
        line.field("text", redacted: text, redaction)
        line.finish()
        return LedgerValue(line.bytes())?["text"]?.text ?? ""
    }

    /// Breaks text at blanks, and words that are too long anywhere.
    private static func wrap(_ text: String) -> [String] {
        let width = ReportPage.width - ReportPage.indent
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            var word = word
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            } else if !line.isEmpty {
                line += " "
            }
            while word.count > width - line.count {
                let piece = word.prefix(width - line.count)
                word = word.dropFirst(piece.count)
                line += piece
                lines.append(line)
                line = ""
            }
            line += word
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }
}
