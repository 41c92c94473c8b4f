public import Configuration
import TLSEngine
import Telemetry

/// `gatehouse diagnose URL`: performs the handshake, says why it fails, and proves it with as few further ones as it takes.
public enum DiagnoseCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse diagnose",
        about: "Performs one WebSocket handshake and says why it fails, with proof and the fix.",
        flags: [
            FlagDefinition(
                "origin", value: "ORIGIN", repeatable: true,
                "The Origin to send; each further one is tried in its place if it is refused."),
            FlagDefinition(
                "header", value: "'NAME: VALUE'", repeatable: true,
                "Sends this field in place of the one of that name; 'NAME:' leaves it out."),
            FlagDefinition("cookie", value: "NAME=VALUE", repeatable: true, "Sends this cookie."),
            FlagDefinition("bearer", value: "TOKEN", "Sends Authorization: Bearer TOKEN."),
            FlagDefinition("subprotocol", value: "NAME", repeatable: true, "Offers this subprotocol."),
            FlagDefinition("method", value: "METHOD", "The method in place of GET."),
            FlagDefinition(
                "browser", "Sends the fields that Chromium sends, with the host's own Origin unless --origin names one."),
            FlagDefinition("resolve", value: "HOST:ADDRESS", repeatable: true, "Connects to this address in place of the host's."),
            FlagDefinition(
                "proxy", value: "URL",
                "Goes through this forward proxy with CONNECT, as a browser behind it does: http://HOST:PORT."),
            FlagDefinition("ca", value: "FILE", "Trusts the certificates in this file (PEM), and only these."),
            FlagDefinition("insecure", "Goes on whatever the certificate says."),
            FlagDefinition(
                "hold", value: "TIME",
                "Keeps the opened session for so long and says when and how it dies; if it does, tries again with pings."),
            FlagDefinition(
                "message", value: "TEXT", repeatable: true,
                "Sends this text on the session that is kept, and shows what comes back."),
            FlagDefinition("no-probes", "Makes the one handshake only."),
            FlagDefinition("max-probes", value: "N", "Makes at most N further handshakes. Default: \(DiagnoseOptions.mostProbes)."),
            FlagDefinition(
                "timeout", value: "TIME", "The longest wait for one answer; all together take at most twice that. Default: 5s."),
            FlagDefinition("curl", "Prints the handshake, and the one that was accepted in its place, as curl commands."),
            FlagDefinition("all", "Shows every other cause that it could be, not the first three only."),
            FlagDefinition("json", "One JSON object instead of text; its verdict is null where all is well."),
        ],
        positionals: ["URL"],
        exitCodes: [
            ExitCodeDefinition("0", "Healthy."), ExitCodeDefinition("1", "A problem was found."),
            ExitCodeDefinition("2", "Wrong usage."), ExitCodeDefinition("3", "Nothing could be reached."),
        ],
        examples: [
            "gatehouse diagnose ws://127.0.0.1:8000/ws --origin https://app.example.com",
            "gatehouse diagnose wss://app.example.com/ws --browser",
            "gatehouse diagnose wss://app.example.com/ws --bearer \"$TOKEN\" --json",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        do throws(DiagnoseOptions.Fault) {
            let options = try DiagnoseOptions(flags)
            var random = SecureRandom()
            let redaction = LogRedaction(key: (random.next(), random.next()))
            let page = ReportPage(hasColour: Terminal.hasColour, width: Terminal.width)
            do throws(TLSContextError) {
                let report = try Diagnoser(options, PathNarrator(page: options.isJSON ? nil : page, redaction: redaction)).run()
                Terminal.write(
                    options.isJSON ? String(decoding: report.json(redaction), as: UTF8.self) : report.text(page, redaction))
                return report.exitCode.rawValue
            } catch {
                Terminal.note("gatehouse diagnose: \(error)")
                return ExitCode.usage.rawValue
            }
        } catch {
            Terminal.note("gatehouse diagnose: \(error.sentence)\nSee gatehouse diagnose --help.")
            return ExitCode.usage.rawValue
        }
    }
}
