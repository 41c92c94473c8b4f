import Configuration
import Diagnosis
import Testing

@testable import Tools

@Suite struct CommandHelpTests {
    private let command = CommandDefinition(
        name: "gatehouse diagnose", about: "Finds out why an upgrade fails.",
        flags: [
            FlagDefinition("origin", value: "ORIGIN", "The Origin to send."),
            FlagDefinition("field", value: "NAME: VALUE", repeatable: true, "A field to send."),
            FlagDefinition("color", value: "WHEN", words: ["auto", "always", "never"], "When to use colour."),
            FlagDefinition("json", "Prints JSON."),
        ], positionals: ["URL"],
        exitCodes: [ExitCodeDefinition("0", "Healthy."), ExitCodeDefinition("130, 143", "Ended by a signal.")],
        examples: ["gatehouse diagnose wss://app.example.com/ws"])

    @Test func `the help is made from the definitions`() {
        #expect(
            CommandHelp.text(of: command, .standard) == """
                Finds out why an upgrade fails.

                Usage: gatehouse diagnose [flags] URL

                Flags:
                  --origin ORIGIN      The Origin to send.
                  --field NAME: VALUE  A field to send. May be repeated.
                  --color WHEN         When to use colour. (auto, always, never)
                  --json               Prints JSON.
                  --help               Shows this text.

                Exit codes:
                  0         Healthy.
                  130, 143  Ended by a signal.

                Examples:
                  gatehouse diagnose wss://app.example.com/ws

                """)
    }

    @Test(arguments: [60, 80, 100, 120])
    func `every help keeps to the width, but for what is copied`(columns: Int) {
        let width = TextWidth(columns)
        for command in CommandTable.commands {
            let copied = ["Usage: "] + command.definition.examples.map { "  \($0)" }
            for line in CommandHelp.text(of: command.definition, width).split(separator: "\n")
            where !copied.contains(where: { line.hasPrefix($0) }) {
                #expect(line.count <= columns, "\(command.name): \(line)")
            }
            for example in command.definition.examples {
                #expect(CommandHelp.text(of: command.definition, width).contains("\n  \(example)\n"))
            }
        }
        let overview = CommandHelp.overview(of: CommandTable.commands.map { ($0.name, $0.definition) }, width)
        for line in overview.split(separator: "\n") { #expect(line.count <= columns, "\(line)") }
    }

    @Test(
        arguments: [
            ("serve", ["0", "2", "130, 143"]), ("run", ["the backend's", "2", "3", "126, 127", "130, 143"]),
            ("demo", ["0", "1", "3"]),
            ("capture", ["0", "1", "2", "3"]), ("analyze", ["0", "1", "2", "3"]), ("replay", ["0", "1", "2", "3"]),
            ("bundle", ["0", "2", "3"]), ("drain", ["0", "1", "2", "3"]), ("restart", ["0", "1", "2", "3"]),
            ("explain", ["0", "2"]), ("diagnose", ["0", "1", "2", "3"]),
            ("check-config", ["0", "1", "2"]), ("version", ["0"]),
        ] as [(String, [String])])
    func `the help names every exit code that the command has`(_ name: String, _ codes: [String]) throws {
        let command = try #require(CommandTable.commands.first { $0.name == name })
        #expect(command.definition.exitCodes.map(\.code) == codes)
        let help = CommandHelp.text(of: command.definition, .standard)
        let section = try #require(help.components(separatedBy: "\nExit codes:\n").dropFirst().first)
        for code in codes { #expect("\n\(section)".contains("\n  \(code)  "), "\(code)") }
    }

    @Test func `no command is without a word on its exit codes`() {
        for command in CommandTable.commands {
            #expect(CommandHelp.text(of: command.definition, .standard).contains("Exit code"), "\(command.name)")
        }
    }
}

extension String {
    /// The pieces between a text.
    fileprivate func components(separatedBy text: String) -> [Substring] {
        var pieces: [Substring] = []
        var rest = self[...]
        while let place = rest.firstRange(of: text) {
            pieces.append(rest[..<place.lowerBound])
            rest = rest[place.upperBound...]
        }
        return pieces + [rest]
    }
}
