// The command line: finds the command, parses its flags, and hands over. What commands do stands in Tools.
import Configuration
import Glibc
import Tools

let commands: [(name: String, definition: CommandDefinition, run: (FlagParser.Result) -> Int32)] = [
    ("serve", ServeCommand.definition, ServeCommand.run),
    ("run", RunCommand.definition, RunCommand.run),
    ("diagnose", DiagnoseCommand.definition, DiagnoseCommand.run),
    ("demo", DemoCommand.definition, DemoCommand.run),
    ("capture", CaptureCommand.definition, CaptureCommand.run),
    ("analyze", AnalyzeCommand.definition, AnalyzeCommand.run),
    ("replay", ReplayCommand.definition, ReplayCommand.run),
    ("bundle", BundleCommand.definition, BundleCommand.run),
    ("drain", DrainCommand.definition, DrainCommand.run),
    ("restart", RestartCommand.definition, RestartCommand.run),
    ("explain", ExplainCommand.definition, ExplainCommand.run),
    ("check-config", CheckConfigCommand.definition, CheckConfigCommand.run),
    ("version", VersionCommand.definition, VersionCommand.run),
]

let arguments = Array(CommandLine.arguments.dropFirst())

let overview = { () -> String in
    var text = """
        Gatehouse stands before a backend, forwards HTTP and WebSocket, and says why a WebSocket fails.

        Usage: gatehouse COMMAND [flags]


        """
    for command in commands {
        text += "  " + command.name.padded(to: 14) + command.definition.about.firstSentence + "\n"
    }
    return text + "\nEvery command has --help. Try first: gatehouse demo\n"
}

guard let name = arguments.first, !["help", "--help", "-h"].contains(name) else {
    Terminal.write(overview())
    exit(arguments.isEmpty ? ExitCode.usage.rawValue : ExitCode.success.rawValue)
}
let wanted = name == "--version" ? "version" : name
guard let command = commands.first(where: { $0.name == wanted }) else {
    Terminal.note("gatehouse: there is no command \"\(name)\".\n\n\(overview())")
    exit(ExitCode.usage.rawValue)
}
do throws(FlagParser.UsageError) {
    let flags = try FlagParser.parse(Array(arguments.dropFirst()), for: command.definition)
    if flags.wantsHelp {
        Terminal.write(command.definition.help)
        exit(ExitCode.success.rawValue)
    }
    exit(command.run(flags))
} catch {
    Terminal.note(error.description)
    exit(ExitCode.usage.rawValue)
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }

    fileprivate var firstSentence: String { split(separator: ".", maxSplits: 1).first.map { $0 + "." } ?? self }
}
