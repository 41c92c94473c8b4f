import CLinux
public import Configuration
import ProxyCore
import ProxyServer
import Telemetry
import Wire

/// `gatehouse run -- COMMAND…`: starts the backend itself, on a private port, and stands before it.
public enum RunCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse run",
        about: """
            Starts a backend on a private port and stands before it: one command for one port. Reads the backend's output along, so that its words join the \
            verdicts.

            {port} in the command and PORT in its environment say where it must listen (on 127.0.0.1). The public port is opened when it does. SIGTERM \
            and SIGINT drain, then go to the backend; it is killed when drain.timeout is over. SIGHUP reloads Gatehouse's configuration.
            """,
        flags: RunOptions.flags, rest: "COMMAND…",
        exitCodes: [
            ExitCodeDefinition(
                "the backend's",
                "It ended by itself, or when Gatehouse was told to end: its own code, or 128 and the signal's number."),
            ExitCodeDefinition("2", "The command line or the configuration can't be used, or an address can't be listened on."),
            ExitCodeDefinition("3", "The backend never listened where it should."),
            ExitCodeDefinition("126, 127", "The backend can't be executed; there is no such command."),
            ExitCodeDefinition("130, 143", "A second SIGINT or SIGTERM ended both at once."),
        ],
        examples: [
            "gatehouse run -- uvicorn main:app --port {port}",
            "gatehouse run --listen 0.0.0.0:8080 --restart on-failure -- node server.js",
            "PORT=10000 gatehouse run --config gatehouse.yaml -- gunicorn -k uvicorn.workers.UvicornWorker -b 127.0.0.1:{port} main:app",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        // Before any thread, so that all of them leave the signals to this one.
        clinux_fill_standard_descriptors()
        clinux_block_passed_signals()
        clinux_adopt_orphans()
        do throws(RunOptions.Problem) {
            let options = try RunOptions(flags)
            if let port = options.port, !PrivatePort.isFree(port) {
                throw RunOptions.Problem(
                    description:
                        "--backend-port \(port): another process listens there; stop it, or leave the flag out for a free port")
            }
            guard let port = options.port ?? PrivatePort.free() else {
                throw RunOptions.Problem(description: "no port is free for the backend")
            }
            return run(flags, options, port)
        } catch {
            Terminal.note("gatehouse run: \(error)")
            return ExitCode.usage.rawValue
        }
    }

    private static func run(_ flags: FlagParser.Result, _ options: RunOptions, _ port: UInt16) -> Int32 {
        let file = flags["config"]
        let settings = flags.settings
        let environment = Terminal.environment
        let endpoint = Endpoint(scheme: .http, host: "127.0.0.1", port: port)
        func load() throws(ConfigurationError) -> Snapshot {
            try Snapshot.load(file: file, flags: settings, environment: environment, backend: endpoint)
        }
        do throws(ConfigurationError) {
            let snapshot = try load()
            if snapshot.restart.socket != nil {
                Terminal.note(
                    "gatehouse run: restart.socket is set, and a hot restart is not offered here: the backend is this process's child and would end with it. "
                        + "Remove the key, or start the backend by itself and use gatehouse serve.")
                return ExitCode.usage.rawValue
            }
            for warning in snapshot.warnings { Terminal.note("warning: \(warning)") }
            do throws(Server.StartFailure) {
                let shared = SharedOutput()
                let server = try Server(snapshot, version: Version.text, output: shared, load: load)
                try server.checkListeners()
                return Supervisor(
                    options, port: port, snapshot: snapshot, server: server, shared: shared, environment: environment
                ).run()
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
