/// The lines of a text that YAML could not be read from, for the words about it: where a quote was opened that ended too late.
struct YAMLLines {
    private let lines: [ArraySlice<UInt8>]

    init(_ bytes: [UInt8]) {
        lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    }

    /// The line of that number, from 0; empty behind the last.
    func text(_ number: Int) -> String {
        lines.indices.contains(number) ? String(decoding: lines[number], as: UTF8.self) : ""
    }

    /// The byte in a line; nil where there is none. `column` counts characters, as libyaml does, which are bytes where nothing but
    /// ASCII stands before.
    func byte(_ number: Int, _ column: Int) -> UInt8? {
        guard lines.indices.contains(number) else { return nil }
        return lines[number].dropFirst(column).first
    }

    /// Where a value's quote was opened in an earlier line whose next quote is the one in line `end` in front of `column`: the usual trace
    /// of a quote that was forgotten, since the text then ends at the beginning of the next one, in the middle of a line.
    func quote(closedInLine end: Int, before column: Int) -> (line: Int, column: Int)? {
        guard lines.indices.contains(end), end > 0 else { return nil }
        for number in stride(from: end - 1, through: max(0, end - 200), by: -1) {
            guard let opened = openQuote(lines[number]) else { continue }
            // Other quotes of the same kind between them would have ended it before.
            guard !lines[(number + 1)..<end].contains(where: { $0.contains(opened.quote) }),
                lines[end].prefix(max(0, column)).contains(opened.quote)
            else { return nil }
            return (number, opened.column)
        }
        return nil
    }

    /// The quote that begins this line's value and isn't closed in it.
    private func openQuote(_ line: ArraySlice<UInt8>) -> (quote: UInt8, column: Int)? {
        var previous: UInt8 = 0x20
        var open: (quote: UInt8, column: Int)?
        for (column, byte) in line.enumerated() {
            if let quote = open?.quote {
                if byte == quote, quote == 0x27 || previous != 0x5C { open = nil }
            } else if byte == 0x22 || byte == 0x27, [0x20, 0x09, 0x5B, 0x7B, 0x2C].contains(previous) {
                open = (byte, column)
            } else if byte == 0x23, previous == 0x20 || previous == 0x09 {
                // A comment.
                return nil
            }
            previous = byte
        }
        return open
    }
}
