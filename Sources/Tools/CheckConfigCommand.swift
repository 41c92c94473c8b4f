public import Configuration
import Glibc
import ProxyCore
import ProxyServer

/// `gatehouse check-config FILE`: every problem of a configuration, with its place and what to write instead.
public enum CheckConfigCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse check-config",
        about: "Reads a configuration as serve would and reports every problem in it. Exit code 0: none; 1: some; 2: no such file.",
        flags: [FlagDefinition("json", "One JSON object instead of text.")],
        positionals: ["FILE"],
        examples: ["gatehouse check-config gatehouse.yaml"])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        guard let file = flags.positionals.first else {
            Terminal.note("gatehouse check-config: no FILE was named.\n\n\(definition.help)")
            return ExitCode.usage.rawValue
        }
        let isJSON = flags.has("json")
        do throws(ConfigurationError) {
            let snapshot = try Snapshot.load(file: file, flags: [:], environment: Terminal.environment)
            if let failure = Server.problem(of: snapshot) {
                Terminal.line(isJSON ? "{\"ok\":false,\"problem\":\"\(failure)\"}" : "\(file): \(failure)")
                return ExitCode.problemFound.rawValue
            }
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
}
