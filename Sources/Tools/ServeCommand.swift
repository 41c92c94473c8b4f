package import Configuration
import ProxyServer

/// `gatehouse serve`: the proxy before a backend that runs already.
package enum ServeCommand {
    package static let definition = CommandDefinition(
        name: "gatehouse serve",
        about: "Stands before a backend: forwards HTTP and WebSocket, and keeps a ledger of every handshake and every close.",
        flags: FlagDefinition.configuration,
        examples: [
            "gatehouse serve --upstream http://127.0.0.1:8000",
            "PORT=10000 gatehouse serve --config gatehouse.yaml",
        ])

    package static func run(_ flags: FlagParser.Result) -> Int32 {
        let file = flags["config"]
        let settings = flags.settings
        let environment = Terminal.environment
        func load() throws(ConfigurationError) -> Snapshot {
            try Snapshot.load(file: file, flags: settings, environment: environment)
        }
        do throws(ConfigurationError) {
            let snapshot = try load()
            for warning in snapshot.warnings { Terminal.note("warning: \(warning)") }
            do throws(Server.StartFailure) {
                let server = try Server(snapshot, version: Version.text, load: load)
                try server.start()
                return server.run()
            } catch {
                Terminal.note("gatehouse: \(error)")
                return ExitCode.usage.rawValue
            }
        } catch {
            Terminal.note(error.description)
            return ExitCode.usage.rawValue
        }
    }
}
