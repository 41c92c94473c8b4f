import Configuration
import Diagnosis

/// What `gatehouse help` shows, laid out for a width. Usage and examples stay as they are, since they are copied.
enum CommandHelp {
    /// Names that are wider have their text below them.
    private static let widest = 30

    /// The text of one command's `--help`.
    static func text(of command: CommandDefinition, _ width: TextWidth) -> String {
        var usage = "Usage: \(command.name)"
        if !command.flags.isEmpty { usage += " [flags]" }
        for positional in command.positionals { usage += " \(positional)" }
        if let rest = command.rest { usage += " -- \(rest)" }
        var lines: [String] = []
        for paragraph in command.about.split(separator: "\n", omittingEmptySubsequences: false) {
            lines += width.lines(String(paragraph))
        }
        lines += ["", usage, "", "Flags:"]
        lines += rows((command.flags + [FlagDefinition("help", "Shows this text.")]).map { ($0.form, $0.explanation) }, width)
        if !command.exitCodes.isEmpty { lines += ["", "Exit codes:"] + rows(command.exitCodes.map { ($0.code, $0.about) }, width) }
        if !command.examples.isEmpty { lines += ["", "Examples:"] + command.examples.map { "  \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    /// All commands, each with the first sentence of what it does.
    static func overview(of commands: [(name: String, definition: CommandDefinition)], _ width: TextWidth) -> String {
        let sentences = commands.map { command in
            let about = command.definition.about
            return (name: command.name, text: about.split(separator: ".", maxSplits: 1).first.map { $0 + "." } ?? about)
        }
        var lines = width.lines("Gatehouse stands before a backend, forwards HTTP and WebSocket, and says why a WebSocket fails.")
        lines += ["", "Usage: gatehouse COMMAND [flags]", ""] + rows(sentences, width) + [""]
        lines += width.lines(
            "For one of them, with its flags, exit codes and examples: gatehouse help COMMAND. Exit code 2 says of each that the command line wasn't understood."
        )
        lines += ["Try first: gatehouse demo"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Names and their texts beside each other.
    private static func rows(_ rows: [(name: String, text: String)], _ width: TextWidth) -> [String] {
        let column = min(widest, rows.map { $0.name.count }.max() ?? 0) + 4
        return rows.flatMap { row in
            let lines = width.lines(row.text, indent: column)
            let isBelow = row.name.count > widest
            let padding = String(repeating: " ", count: max(column - 2 - row.name.count, 0))
            let first = isBelow ? "  \(row.name)" : "  \(row.name)\(padding)\(lines.first ?? "")"
            return [first] + lines.dropFirst(isBelow ? 0 : 1).map { String(repeating: " ", count: column) + $0 }
        }
    }
}

extension FlagDefinition {
    /// How it is written: `--origin ORIGIN`.
    fileprivate var form: String { "--\(name)" + (value.map { " \($0)" } ?? "") }

    /// What it is for, what it takes, and whether it may be repeated.
    fileprivate var explanation: String {
        var text = about
        if !words.isEmpty { text += " (\(words.joined(separator: ", ")))" }
        if isRepeatable { text += " May be repeated." }
        return text
    }
}
