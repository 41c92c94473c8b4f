/// One flag of a command, from which both the parser and the help are made.
public struct FlagDefinition: Sendable, Hashable {
    /// Without dashes: `log-format`.
    public var name: String
    /// What stands for the value in the help (`URL`); nil for a flag that is only there or not.
    public var value: String?
    /// One sentence.
    public var about: String
    /// Whether it may be given several times.
    public var isRepeatable: Bool
    /// The values that are accepted, if they are few.
    public var words: [String]

    public init(_ name: String, value: String? = nil, repeatable: Bool = false, words: [String] = [], _ about: String) {
        self.name = name
        self.value = value
        self.about = about
        self.isRepeatable = repeatable
        self.words = words
    }
}

/// One command of an executable: its flags, what it takes besides, and what it is for.
public struct CommandDefinition: Sendable, Hashable {
    /// As it is called: `gatehouse serve`.
    public var name: String
    /// One sentence.
    public var about: String
    public var flags: [FlagDefinition]
    /// What stands for positional arguments in the help: `URL`. The last may be `[FILE]` for one that can be left out, or
    /// end in `…` for any number.
    public var positionals: [String]
    /// What stands for the arguments behind `--`; nil if there are none.
    public var rest: String?
    /// Ready-made lines to try.
    public var examples: [String]

    public init(
        name: String, about: String, flags: [FlagDefinition] = [], positionals: [String] = [], rest: String? = nil,
        examples: [String] = []
    ) {
        self.name = name
        self.about = about
        self.flags = flags
        self.positionals = positionals
        self.rest = rest
        self.examples = examples
    }

    /// The text of `--help`.
    public var help: String {
        var usage = "Usage: \(name)"
        if !flags.isEmpty { usage += " [flags]" }
        for positional in positionals { usage += " \(positional)" }
        if let rest { usage += " -- \(rest)" }
        var lines = [about, "", usage]
        let rows = (flags + [FlagDefinition("help", "Show this text.")]).map { flag in
            ("--\(flag.name)" + (flag.value.map { " \($0)" } ?? ""), flag)
        }
        let width = min(28, rows.map(\.0.count).max() ?? 0)
        lines += ["", "Flags:"]
        for (left, flag) in rows {
            let padding = String(repeating: " ", count: max(1, width - left.count + 2))
            var about = flag.about
            if !flag.words.isEmpty { about += " (\(flag.words.joined(separator: ", ")))" }
            if flag.isRepeatable { about += " May be repeated." }
            lines.append("  " + left + padding + about)
        }
        if !examples.isEmpty { lines += ["", "Examples:"] + examples.map { "  \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }
}
