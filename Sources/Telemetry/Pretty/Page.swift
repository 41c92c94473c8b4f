import Diagnosis

/// Lines of text under construction: a head and rows with a label, in at most `width` columns.
struct Page {
    private(set) var text = ""
    private let ink: Ink
    private let width: TextWidth

    /// Where the text of a row begins: four blanks, the label, and room.
    private static let indent = 14
    /// A session's id at the end of the first line, with two blanks before it.
    private static let sessionRoom = 15

    init(_ ink: Ink, _ width: TextWidth) {
        self.ink = ink
        self.width = width
    }

    /// The first line: time, what happened, to what, and the session's id.
    mutating func head(_ line: LedgerValue, _ what: String, _ code: String, _ tone: Ink.Tone, _ message: String) {
        let time = String((line["time"]?.text ?? "").dropFirst(11).prefix(12))
        let title = code.isEmpty ? what : "\(what) \(code)"
        let padding = String(repeating: " ", count: max(14 - title.count, 2))
        let session = line["session"]?.text
        let start = time.count + 2 + title.count + padding.count
        // A long title on a narrow terminal leaves no room beside it: then the message begins below.
        let used = start + (session == nil ? 0 : Page.sessionRoom)
        let lines =
            width.columns - used < 16
            ? [""] + width.lines(message, indent: Page.indent) : width.lines(message, indent: Page.indent, used: used)
        text += "\(ink(time, .quiet))  \(ink(title, tone))\(padding)\(lines.first ?? "")"
        if let session {
            let used = start + (lines.first?.count ?? 0)
            text += String(repeating: " ", count: max(width.columns - (Page.sessionRoom - 2) - used, 2)) + ink(session, .quiet)
        }
        text += "\n"
        for line in lines.dropFirst() { text += String(repeating: " ", count: Page.indent) + line + "\n" }
    }

    /// A label and its text, wrapped; without a label, the row belongs to the one above.
    mutating func row(_ label: String, _ content: String, tone: Ink.Tone = .calm) {
        guard !content.isEmpty else { return }
        for (index, line) in width.lines(content, indent: Page.indent).enumerated() {
            let label = index == 0 ? label : ""
            let padding = String(repeating: " ", count: max(Page.indent - 4 - label.count, 1))
            text += "    \(ink(label, .quiet))\(padding)\(ink(line, tone))\n"
        }
    }
}

/// Colour, where it is wanted.
struct Ink: Sendable {
    let isOn: Bool

    enum Tone: Sendable {
        case calm, strong, quiet, good, bad

        var code: String? {
            switch self {
            case .calm: nil
            case .strong: "1"
            case .quiet: "2"
            case .good: "32"
            case .bad: "31"
            }
        }
    }

    func callAsFunction(_ text: String, _ tone: Tone) -> String {
        guard isOn, !text.isEmpty, let code = tone.code else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

extension PrettyRenderer {
    /// Milliseconds as a line has them, with as many digits as matter: `3.2 ms`, `1.20 s`.
    static func milliseconds(_ text: String) -> String {
        guard let value = Double(text) else { return text }
        return value < 1000 ? "\(rounded(value, 1)) ms" : "\(rounded(value / 1000, 2)) s"
    }

    /// How long a session lasted: `12.3 s`, `4 min 5 s`, `2 h 3 min`.
    static func duration(_ text: String) -> String {
        guard let value = Double(text), value >= 0, value < 1e15 else { return text }
        let seconds = UInt64(value / 1000)
        switch seconds {
        case 0..<60: return value < 1000 ? "\(rounded(value, 0)) ms" : "\(rounded(value / 1000, 1)) s"
        case 60..<3600: return "\(seconds / 60) min \(seconds % 60) s"
        default: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
        }
    }

    /// `512 B`, `3.4 KB`, `1.2 MB`.
    static func size(_ bytes: UInt64) -> String {
        switch bytes {
        case 0..<1000: "\(bytes) B"
        case 1000..<1_000_000: "\(rounded(Double(bytes) / 1000, 1)) KB"
        case 1_000_000..<1_000_000_000: "\(rounded(Double(bytes) / 1_000_000, 1)) MB"
        default: "\(rounded(Double(bytes) / 1_000_000_000, 1)) GB"
        }
    }

    /// At most `count` characters, with a mark if some are missing.
    static func shortened(_ text: String, _ count: Int) -> String {
        text.count <= count ? text : text.prefix(count - 1) + "…"
    }

    private static func rounded(_ value: Double, _ places: Int) -> String {
        let scale = [1.0, 10, 100][places]
        let whole = (value * scale).rounded()
        guard whole < 1e15 else { return String(value) }
        let number = UInt64(whole)
        let unit = UInt64(scale)
        guard places > 0 else { return String(number) }
        let fraction = String(number % unit + unit).dropFirst()
        return "\(number / unit).\(fraction)"
    }
}
