public import Configuration
import Glibc
import ProxyServer

/// `gatehouse serve`: the proxy before a backend that runs already.
public enum ServeCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse serve",
        about: """
            Stands before a backend: forwards HTTP and WebSocket, and keeps a ledger of every handshake and every close.

            SIGTERM and SIGINT drain, SIGHUP reloads, SIGUSR2 starts this command anew and hands the listeners over to it. With \
            --takeover PATH a new process takes the listeners of the running one that has the same path. Takes sockets of systemd.

            What a flag sets, a variable may set as well: GATEHOUSE_LISTEN for --listen, GATEHOUSE_LOG_FORMAT for --log-format. Flags go \
            before variables, and variables before the file.
            """,
        flags: FlagDefinition.configuration,
        exitCodes: [
            ExitCodeDefinition("0", "It was told to end and drained, or handed its listeners over and drained."),
            ExitCodeDefinition("2", "The command line or the configuration can't be used, or an address can't be listened on."),
            ExitCodeDefinition("130, 143", "A second SIGINT or SIGTERM ended it before it had drained."),
        ],
        examples: [
            "gatehouse serve --upstream http://127.0.0.1:8000",
            "PORT=10000 gatehouse serve --config gatehouse.yaml",
            "gatehouse serve --config gatehouse.yaml --takeover /run/gatehouse/control",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        let file = flags["config"]
        let settings = flags.settings
        let surroundings = ProcessSurroundings(
            command: CommandLine.arguments, executable: executable(CommandLine.arguments.first), environment: Terminal.environment)
        let environment = surroundings.environment
        func load() throws(ConfigurationError) -> Snapshot {
            try Snapshot.load(file: file, flags: settings, environment: environment)
        }
        do throws(ConfigurationError) {
            let snapshot = try load()
            for warning in snapshot.warnings { Terminal.note("warning: \(warning)") }
            do throws(Server.StartFailure) {
                let server = try Server(snapshot, version: Version.text, load: load)
                try server.start(surroundings)
                return server.run()
            } catch {
                surroundings.refuse("\(error)")
                Terminal.note("gatehouse: \(error)")
                return ExitCode.usage.rawValue
            }
        } catch {
            surroundings.refuse(error.description)
            Terminal.note(error.description)
            return ExitCode.usage.rawValue
        }
    }

    /// The path by which this program was called: looked at again when a successor is started, so that a new version there, or a link that
    /// leads to one by then, is what runs.
    private static func executable(_ name: String?) -> String? {
        guard let name, !name.isEmpty else { return nil }
        if name.contains("/") { return name }
        let folders = (Terminal.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        return folders.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
