// The catalogue in words: what `gatehouse explain` prints and what Docs/Causes.md is made of.

extension CauseCatalogue {
    /// One cause for a terminal: what it is, who is to blame, how it is recognised, what to change.
    ///
    /// - Parameter stack: whose fix is wanted; nil gives all of them.
    package static func explanation(_ cause: Cause, stack: Stack? = nil) -> String {
        let entry = entry(cause)
        var lines = ["\(cause.rawValue): \(entry.title)", ""]
        lines += wrapped(entry.paragraph)
        lines += ["", "Usually to blame: \(entry.blame.rawValue)"]
        lines.append(
            entry.isDecidableAtOnce
                ? "Decidable from one exchange or session." : "Needs a probe, or the backend's own output, to be certain.")
        if !entry.decides.isEmpty { lines += wrapped("What decides: \(entry.decides).") }
        let fixes = chosen(entry, stack)
        lines += ["", "What to change"]
        for fix in entry.fix { lines += bullet(fix) }
        for fix in fixes { lines += bullet("\(fix.stack.name): \(fix.text)") }
        let signs = telling(entry)
        if !signs.isEmpty {
            lines += ["", "How it is recognised"]
            for clause in signs { lines += bullet(clause.isProof ? "\(clause.text) (proof)" : clause.text) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// All causes by group, a line each.
    package static func list() -> String {
        let width = (entries.map { $0.cause.rawValue.utf8.count }.max() ?? 0) + 2
        var lines: [String] = []
        for group in CauseEntry.Group.allCases {
            let some = entries.filter { $0.group == group }
            guard !some.isEmpty else { continue }
            if !lines.isEmpty { lines.append("") }
            lines.append(group.rawValue)
            for entry in some {
                let id = entry.cause.rawValue
                lines.append("  \(id)\(String(repeating: " ", count: width - id.utf8.count))\(entry.title)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `Docs/Causes.md`.
    package static func document() -> String {
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
        lines += wrapped(entry.paragraph, width: 120)
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

    private static func bullet(_ text: String) -> [String] {
        wrapped(text, width: 96).enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 }
    }

    /// `text` in lines of at most `width` characters, broken at blanks.
    private static func wrapped(_ text: String, width: Int = 100) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }
}
