public import Configuration
import Diagnosis

/// `gatehouse explain [CAUSE]`: what a cause means, and what to change.
public enum ExplainCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse explain",
        about:
            "Says what a cause means, who is usually to blame, and what to change. Without CAUSE it lists all; a close code (1006), a group (origin) or a word lists those that it may be.",
        flags: [FlagDefinition("stack", value: "NAME", "Only what to change in this stack, such as fastapi, nginx or render.")],
        positionals: ["[CAUSE]"],
        exitCodes: [
            ExitCodeDefinition("0", "It was told."),
            ExitCodeDefinition("2", "There is no such cause, close code, group, word or stack."),
        ],
        examples: [
            "gatehouse explain origin-not-allowed", "gatehouse explain idle-timeout --stack nginx", "gatehouse explain 1006",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        guard let id = flags.positionals.first else {
            Terminal.write(CauseCatalogue.list(Terminal.width))
            return ExitCode.success.rawValue
        }
        guard let cause = Cause(rawValue: id) else {
            if let candidates = CauseCatalogue.candidates(id) {
                Terminal.write(CauseCatalogue.list(candidates, Terminal.width))
                return ExitCode.success.rawValue
            }
            let near = NearestName.of(id, among: Cause.allCases.map(\.rawValue)).map { " Did you mean \"\($0)\"?" } ?? ""
            Terminal.note("gatehouse explain: there is no cause \"\(id)\".\(near) `gatehouse explain` lists all.")
            return ExitCode.usage.rawValue
        }
        var stack: Stack?
        if let name = flags["stack"] {
            guard let known = Stack(name) else {
                let near = NearestName.of(name, among: Stack.allCases.map(\.name)).map { " Did you mean \"\($0)\"?" } ?? ""
                Terminal.note(
                    "gatehouse explain: there is no stack \"\(name)\".\(near) There are: \(Stack.allCases.map(\.name).joined(separator: ", "))."
                )
                return ExitCode.usage.rawValue
            }
            stack = known
        }
        Terminal.write(CauseCatalogue.explanation(cause, stack: stack, Terminal.width))
        return ExitCode.success.rawValue
    }
}
