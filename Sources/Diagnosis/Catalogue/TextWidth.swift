/// How many columns text for people is laid out for, and how it is broken: the one mechanism for the log, the commands' reports and the catalogue.
///
/// A value that is handed on; whoever owns a terminal finds out how wide it is.
public struct TextWidth: Sendable, Hashable {
    /// Between 60 and 120: below, a label and a sentence find no room beside each other; above, lines are hard to read.
    public let columns: Int

    public static let range = 60...120

    /// Where nobody looks on: the same for every script, file and test.
    public static var standard: TextWidth { TextWidth(100) }

    /// The nearest that is taken.
    public init(_ columns: Int) {
        self.columns = min(max(columns, TextWidth.range.lowerBound), TextWidth.range.upperBound)
    }

    /// The width for output on a terminal: what the user says, or else what the terminal says, or else the standard.
    ///
    /// - Parameters:
    ///   - variable: `COLUMNS`; what is no number above zero counts as none.
    ///   - terminal: the terminal's columns; nil or 0 where it doesn't say.
    public init(variable: String?, terminal: Int?) {
        if let given = variable.flatMap({ Int($0) }), given > 0 {
            self.init(given)
        } else if let terminal, terminal > 0 {
            self.init(terminal)
        } else {
            self = .standard
        }
    }

    /// Breaks text at blanks, and words that are too long anywhere.
    ///
    /// - Parameters:
    ///   - indent: columns that stand before every line but the first.
    ///   - used: columns that stand before the first; like `indent` where nil.
    public func lines(_ text: String, indent: Int = 0, used: Int? = nil) -> [String] {
        let rest = max(columns - indent, 16)
        var width = max(columns - (used ?? indent), 16)
        var lines: [String] = []
        var line = ""
        var count = 0
        func flush() {
            lines.append(line)
            line = ""
            count = 0
            width = rest
        }
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            var word = word
            var length = word.count
            if count > 0 {
                if count + 1 + length <= width {
                    line += " "
                    count += 1
                } else {
                    flush()
                }
            }
            while count + length > width {
                let piece = word.prefix(width - count)
                line += piece
                word = word.dropFirst(piece.count)
                length -= piece.count
                flush()
            }
            line += word
            count += length
        }
        if !line.isEmpty || lines.isEmpty { lines.append(line) }
        return lines
    }
}
