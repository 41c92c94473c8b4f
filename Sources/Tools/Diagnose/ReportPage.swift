import Diagnosis
import Telemetry

/// The layout of what the commands tell people: a label, and text wrapped beside it.
struct ReportPage {
    /// Whether escape sequences for colour may be used.
    let hasColour: Bool
    /// How wide the text may be.
    var width = TextWidth.standard

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
        for (index, line) in width.lines(content, indent: ReportPage.indent).enumerated() {
            let label = index == 0 ? label : ""
            text +=
                "    \(ink(label, .quiet))\(String(repeating: " ", count: max(ReportPage.indent - 4 - label.count, 1)))\(ink(line, tone))\n"
        }
        return text
    }

    /// What stands beside the labels as it is, since it has its own columns and colours.
    func picture(_ content: String) -> String { String(repeating: " ", count: ReportPage.indent) + content + "\n" }

    /// Columns beside the labels.
    var room: Int { width.columns - ReportPage.indent }

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
}
