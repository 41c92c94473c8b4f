public import Configuration
import Glibc
import ProxyCore

/// `gatehouse check-config FILE`: every problem of a configuration, with its place and what to write instead.
public enum CheckConfigCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse check-config",
        about: """
            Reads a configuration as serve would and reports every problem in it. Also loads the certificates, keys and users that it names, and \
            looks whether the log and captures could be written, as the user that runs it. Nothing is made or changed.
            """,
        flags: [FlagDefinition("json", "One JSON object instead of text.")],
        positionals: ["FILE"],
        exitCodes: [
            ExitCodeDefinition("0", "serve would start with it; warnings are told."),
            ExitCodeDefinition("1", "There are problems, or the file can't be read."),
            ExitCodeDefinition("2", "There is no such file, or the command line isn't understood."),
        ],
        examples: ["gatehouse check-config gatehouse.yaml"])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        // The parser asked for it.
        let file = flags.positionals[0]
        let isJSON = flags.has("json")
        do throws(ConfigurationError) {
            let snapshot = try checked(file, Terminal.environment)
            Terminal.line(isJSON ? snapshot.checkJSON : "\(file): the configuration is good.")
            for warning in snapshot.warnings where !isJSON { Terminal.line("warning: \(warning)") }
            for route in snapshot.routes.routes where !isJSON && route.hold != nil {
                Terminal.line("note: hold on route \(route.name): Sec-WebSocket-Extensions is not offered to its backends.")
            }
            return ExitCode.success.rawValue
        } catch {
            Terminal.line(isJSON ? error.json : error.description)
            return access(file, F_OK) == 0 ? ExitCode.problemFound.rawValue : ExitCode.usage.rawValue
        }
    }

    /// The configuration, if nothing is wrong with it, with the files that it names, and with the places that it writes to.
    static func checked(_ file: String, _ environment: [String: String]) throws(ConfigurationError) -> Snapshot {
        let snapshot = try Snapshot.load(file: file, environment: environment, checksOutputs: true)
        let faults = NamedFiles.faults(of: snapshot)
        guard faults.isEmpty else {
            throw ConfigurationError(
                faults.map { fault in
                    ConfigurationProblem(
                        source: .file(file, line: 0, column: 0), key: "", observed: "what can't be used: \(fault)",
                        expected: "certificates, keys and users that can be loaded")
                })
        }
        return snapshot
    }
}
