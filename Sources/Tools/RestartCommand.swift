public import Configuration
import ProxyCore
import ProxyServer

/// `gatehouse restart`: has the running process start its successor, and waits for how it goes.
public enum RestartCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse restart",
        about: """
            Has the running process start itself anew and hand its listeners over: no connection is refused meanwhile. Waits until the new process \
            accepts.
            """,
        flags: [
            FlagDefinition("socket", value: "PATH", "The control socket of the running process (restart.socket)."),
            FlagDefinition(
                "config", value: "FILE",
                "The configuration's file, for its restart.socket. Without both: GATEHOUSE_CONFIG, then GATEHOUSE_TAKEOVER."),
        ],
        exitCodes: [
            ExitCodeDefinition("0", "The new process accepts, and the old one drains."),
            ExitCodeDefinition("1", "It came to nothing, and the old one goes on."),
            ExitCodeDefinition("2", "The command line isn't understood, or nothing names a control socket."),
            ExitCodeDefinition("3", "Nobody is at the control socket."),
        ],
        examples: ["gatehouse restart --socket /run/gatehouse/control", "gatehouse restart --config gatehouse.yaml"])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        do throws(ConfigurationError) {
            let (place, missing) = try ControlPlace.find(
                socket: flags["socket"], config: flags["config"], environment: Terminal.environment)
            guard let place else {
                Terminal.note("gatehouse restart: \(missing); \(ControlPlace.remedy)")
                return ExitCode.usage.rawValue
            }
            return ask(place)
        } catch {
            Terminal.note("\(error.description)\nThe socket may be named without the file: gatehouse restart --socket PATH")
            return ExitCode.usage.rawValue
        }
    }

    private static func ask(_ place: ControlPlace) -> Int32 {
        let path = place.path
        do throws(Server.StartFailure) {
            guard let channel = try ControlChannel.connect(path) else {
                Terminal.note(
                    """
                    gatehouse restart: found nobody at the control socket \(path) (\(place.source)); expected a running gatehouse serve with it.
                    To do: start one with --takeover \(path), or name the socket of the one that runs with --socket PATH.
                    """)
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
