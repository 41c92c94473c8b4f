// The catalogue in words: what `gatehouse explain` prints and what Docs/Causes.md is made of.

extension CauseCatalogue {
    /// One cause for a terminal: what it is, who is to blame, how it is recognised, what to change.
    ///
    /// - Parameter stack: whose fix is wanted; nil gives all of them.
    public static func explanation(_ cause: Cause, stack: Stack? = nil, _ width: TextWidth = .standard) -> String {
        let entry = entry(cause)
        var lines = width.lines("\(cause.rawValue): \(entry.title)") + [""]
        lines += width.lines(entry.paragraph)
        lines += ["", "Usually to blame: \(entry.blame.rawValue)"]
        lines.append(
            entry.isDecidableAtOnce
                ? "Decidable from one exchange or session." : "Needs a probe, or the backend's own output, to be certain.")
        if !entry.decides.isEmpty { lines += width.lines("What decides: \(entry.decides).") }
        let fixes = chosen(entry, stack)
        lines += ["", "What to change"]
        for fix in entry.fix { lines += bullet(fix, width) }
        for fix in fixes { lines += bullet("\(fix.stack.name): \(fix.text)", width) }
        let signs = telling(entry)
        if !signs.isEmpty {
            lines += ["", "How it is recognised"]
            for clause in signs { lines += bullet(clause.isProof ? "\(clause.text) (proof)" : clause.text, width) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// All causes by group, a line each.
    public static func list(_ width: TextWidth = .standard) -> String {
        let column = (entries.map { $0.cause.rawValue.utf8.count }.max() ?? 0) + 2
        var lines: [String] = []
        for group in CauseEntry.Group.allCases {
            let some = entries.filter { $0.group == group }
            guard !some.isEmpty else { continue }
            if !lines.isEmpty { lines.append("") }
            lines.append(group.rawValue)
            for entry in some {
                let id = entry.cause.rawValue
                let indent = 2 + column
                for (index, line) in width.lines(entry.title, indent: indent).enumerated() {
                    let start = index == 0 ? "  \(id)" : ""
                    lines.append(start + String(repeating: " ", count: indent - start.utf8.count) + line)
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `Docs/Causes.md`.
    public static func document() -> String {
        var lines = [
            "# Causes", "",
            "Generated from the catalogue (`Sources/Diagnosis/Catalogue`); a test compares, and `GATEHOUSE_REGENERATE=1 swift test --filter Catalogue`",
            "writes it anew. An id never changes its meaning. *At once* means: decidable from one exchange or session, without a probe.",
            "",
        ]
        for group in CauseEntry.Group.allCases {
            let some = entries.filter { $0.group == group }
            guard !some.isEmpty else { continue }
            lines += ["## \(group.rawValue)", ""]
            for entry in some { lines += section(entry) }
        }
        while lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func section(_ entry: CauseEntry) -> [String] {
        var lines = [
            "### `\(entry.cause.rawValue)`", "",
            "**\(entry.title).** Usually to blame: \(entry.blame.rawValue)\(entry.isDecidableAtOnce ? "; at once" : "").", "",
        ]
        lines += TextWidth(120).lines(entry.paragraph)
        lines.append("")
        let clauses = telling(entry)
        if !clauses.isEmpty {
            lines += ["Recognised by:", ""]
            for clause in clauses {
                lines.append(
                    "- \(clause.isProof ? "**proof:** " : "")\(clause.text) (\(clause.weight > 0 ? "+" : "")\(clause.weight))")
            }
            lines.append("")
        }
        if !entry.probes.isEmpty { lines += ["Probes: \(entry.probes.map { "`\($0.rawValue)`" }.joined(separator: ", ")).", ""] }
        if !entry.decides.isEmpty { lines += ["What decides: \(entry.decides).", ""] }
        lines += ["Fix:", ""]
        for fix in entry.fix { lines.append("- \(fix)") }
        for fix in entry.stackFixes { lines.append("- *\(fix.stack.name)*: \(fix.text)") }
        lines.append("")
        return lines
    }

    /// The clauses that speak for a cause strongly, proofs first; probes are listed apart.
    private static func telling(_ entry: CauseEntry) -> [Clause] {
        let strong = entry.clauses.filter { $0.weight >= 40 && !$0.signs.isEmpty }
        return Array(strong.sorted { ($0.isProof ? 1 : 0, $0.weight) > ($1.isProof ? 1 : 0, $1.weight) }.prefix(8))
    }

    /// The fixes of one stack and of those that stand beside it; all where none is named.
    private static func chosen(_ entry: CauseEntry, _ stack: Stack?) -> [CauseEntry.StackFix] {
        guard let stack else { return entry.stackFixes }
        let wanted = [stack] + stack.fixesFrom
        return entry.stackFixes.filter { wanted.contains($0.stack) }
    }

    private static func bullet(_ text: String, _ width: TextWidth) -> [String] {
        width.lines(text, indent: 4).enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
    }
}
