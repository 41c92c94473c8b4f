import Configuration

/// The commands of `gatehouse`, and what becomes of a command line: a command that runs, its help, or what was probably meant.
public enum CommandTable {
    /// One of them.
    struct Command {
        var name: String
        var definition: CommandDefinition
        var run: (FlagParser.Result) -> Int32
    }

    /// In the order of the overview: what a new user needs first stands first.
    static let names = commands.map(\.name)

    static var commands: [Command] {
        [
            Command(name: "serve", definition: ServeCommand.definition, run: ServeCommand.run),
            Command(name: "run", definition: RunCommand.definition, run: RunCommand.run),
            Command(name: "diagnose", definition: DiagnoseCommand.definition, run: DiagnoseCommand.run),
            Command(name: "demo", definition: DemoCommand.definition, run: DemoCommand.run),
            Command(name: "capture", definition: CaptureCommand.definition, run: CaptureCommand.run),
            Command(name: "analyze", definition: AnalyzeCommand.definition, run: AnalyzeCommand.run),
            Command(name: "replay", definition: ReplayCommand.definition, run: ReplayCommand.run),
            Command(name: "bundle", definition: BundleCommand.definition, run: BundleCommand.run),
            Command(name: "drain", definition: DrainCommand.definition, run: DrainCommand.run),
            Command(name: "restart", definition: RestartCommand.definition, run: RestartCommand.run),
            Command(name: "explain", definition: ExplainCommand.definition, run: ExplainCommand.run),
            Command(name: "check-config", definition: CheckConfigCommand.definition, run: CheckConfigCommand.run),
            Command(name: "version", definition: VersionCommand.definition, run: VersionCommand.run),
        ]
    }

    /// What a command line asks for.
    enum Request {
        case run(Command, FlagParser.Result)
        /// A text for the standard output.
        case help(String)
        /// A text for the standard error, and exit code 2.
        case misunderstood(String)
    }

    /// Runs what `arguments` (without the program's name) ask for.
    ///
    /// - Returns: the exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        switch request(arguments) {
        case .run(let command, let flags):
            return command.run(flags)
        case .help(let text):
            Terminal.write(text)
            return (arguments.isEmpty ? ExitCode.usage : .success).rawValue
        case .misunderstood(let text):
            Terminal.note(text)
            return ExitCode.usage.rawValue
        }
    }

    static func request(_ arguments: [String]) -> Request {
        guard let first = arguments.first else { return .help(overview) }
        if ["help", "--help", "-h"].contains(first) {
            guard let topic = arguments.dropFirst().first(where: { !$0.hasPrefix("-") }), topic != "help" else {
                return .help(overview)
            }
            guard let command = commands.first(where: { $0.name == topic }) else { return .misunderstood(unknown(topic)) }
            return .help(CommandHelp.text(of: command.definition, Terminal.width))
        }
        let name = first == "--version" || first == "-V" ? "version" : first
        guard let command = commands.first(where: { $0.name == name }) else { return .misunderstood(unknown(first)) }
        do throws(FlagParser.UsageError) {
            let flags = try FlagParser.parse(Array(arguments.dropFirst()), for: command.definition)
            return flags.wantsHelp ? .help(CommandHelp.text(of: command.definition, Terminal.width)) : .run(command, flags)
        } catch {
            return .misunderstood(error.description)
        }
    }

    /// What is said of a name that is none: short, so that what was probably meant isn't lost above the whole overview.
    private static func unknown(_ name: String) -> String {
        // What somebody typed may be a whole file; control characters are none of the terminal's business.
        let shown = String(name.unicodeScalars.prefix(64).filter { $0.value >= 0x20 && $0.value != 0x7F }.map { Character($0) })
        var text = "gatehouse: there is no command \"\(shown)\""
        let bare = String(name.drop { $0 == "-" })
        if name.hasPrefix("-"), let near = NearestName.of(bare, among: ["help", "version"]) {
            text += "; did you mean gatehouse --\(near)?"
        } else if let near = NearestName.of(bare, among: names) {
            text += "; did you mean gatehouse \(near)?"
        } else if ["ws://", "wss://", "http://", "https://"].contains(where: { name.hasPrefix($0) }) {
            text += "; did you mean gatehouse diagnose URL?"
        } else if name.hasPrefix("-") {
            text += "; flags stand behind the command, such as gatehouse serve \(shown)"
        }
        return text + "\nCommands: \(names.joined(separator: ", ")).\ngatehouse help says what they do."
    }

    static var overview: String { CommandHelp.overview(of: commands.map { ($0.name, $0.definition) }, Terminal.width) }
}
