public import Configuration
import ProxyCore
import ProxyServer

/// `gatehouse restart`: has the running process start its successor, and waits for how it goes.
public enum RestartCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse restart",
        about: """
            Has the running process start itself anew and hand its listeners over: no connection is refused meanwhile. Waits until the new process \
            accepts. Exit code 0: it does; 1: it came to nothing, and the old one goes on; 2: usage; 3: nobody runs there.
            """,
        flags: [
            FlagDefinition("socket", value: "PATH", "The control socket of the running process (restart.socket)."),
            FlagDefinition("config", value: "FILE", "The configuration's file, from which restart.socket is taken."),
        ],
        examples: ["gatehouse restart --socket /run/gatehouse/control", "gatehouse restart --config gatehouse.yaml"])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        do throws(ConfigurationError) {
            let path: String?
            if let named = flags["socket"] { path = named } else { path = try configured(flags["config"]) }
            guard let path else {
                Terminal.note(
                    "gatehouse restart: no control socket is named; give --socket PATH, or set restart.socket in the configuration."
                )
                return ExitCode.usage.rawValue
            }
            return ask(path)
        } catch {
            Terminal.note(error.description)
            return ExitCode.usage.rawValue
        }
    }

    private static func configured(_ file: String?) throws(ConfigurationError) -> String? {
        try Snapshot.load(file: file, flags: [:], environment: Terminal.environment).restart.socket
    }

    private static func ask(_ path: String) -> Int32 {
        do throws(Server.StartFailure) {
            guard let channel = try ControlChannel.connect(path) else {
                Terminal.note("gatehouse restart: nobody listens on \(path); is a process with this restart.socket running?")
                return ExitCode.unreachable.rawValue
            }
            channel.send(.restart)
            // The running process bounds the wait by restart.timeout, and its end is seen here.
            while channel.wait(milliseconds: -1) {
                switch channel.receive() {
                case .packet(let bytes, _):
                    switch try? RestartMessage(parsing: bytes) {
                    case .done(let pid)?:
                        Terminal.line("process \(pid) accepts connections; the one before drains.")
                        return ExitCode.success.rawValue
                    case .refused(let why)?:
                        Terminal.note("gatehouse restart: it came to nothing: \(why)")
                        return ExitCode.problemFound.rawValue
                    default:
                        Terminal.note(
                            "gatehouse restart: \(path) answers something else than \"done\" or \"refused\"; is it of another version?"
                        )
                        return ExitCode.problemFound.rawValue
                    }
                case .nothing: continue
                case .ended, .oversized:
                    Terminal.note("gatehouse restart: the running process ended the conversation; see its ledger.")
                    return ExitCode.problemFound.rawValue
                }
            }
            return ExitCode.problemFound.rawValue
        } catch {
            Terminal.note("gatehouse restart: \(error)")
            return ExitCode.unreachable.rawValue
        }
    }
}
