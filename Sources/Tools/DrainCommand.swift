public import Configuration
import Glibc

/// `gatehouse drain ENDPOINT`: asks a running Gatehouse to send an endpoint's sessions away, or to take that back.
public enum DrainCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse drain",
        about:
            "Drains one endpoint of a running Gatehouse: it gets nothing new, and its sessions are closed over a window. ENDPOINT is its URL as the configuration has it. The admin token is taken from GATEHOUSE_ADMIN_TOKEN.",
        flags: [
            FlagDefinition(
                "admin", value: "ADDRESS", "Where the admin endpoints are. Default: GATEHOUSE_ADMIN_LISTEN, else 127.0.0.1:9900."),
            FlagDefinition("window", value: "TIME", "Over how long the closes are spread, such as 1m, in place of drain.window."),
            FlagDefinition("timeout", value: "TIME", "After which what is left is cut, in place of drain.timeout."),
            FlagDefinition("code", value: "CODE", words: ["1001", "1012"], "The close code for clients, in place of drain.code."),
            FlagDefinition(
                "reason", value: "TEXT",
                "The close reason, in place of drain.reason; {retry} becomes a number of seconds, drawn for each client."),
            FlagDefinition("resume", "Takes a drain back: the endpoint gets new sessions again."),
            FlagDefinition("wait", "Waits until no session is left."),
            FlagDefinition("json", "Prints the answer as JSON."),
        ],
        positionals: ["[ENDPOINT]"],
        exitCodes: [
            ExitCodeDefinition("0", "Done; with --wait, no session is left."),
            ExitCodeDefinition("1", "The running process refused, or the drain was taken back while --wait waited."),
            ExitCodeDefinition("2", "The command line isn't understood, or names no ENDPOINT."),
            ExitCodeDefinition("3", "Nobody answers at the admin address."),
        ],
        examples: [
            "gatehouse drain http://127.0.0.1:8001 --wait",
            "gatehouse drain http://127.0.0.1:8001 --window 1m --code 1012 --reason 'restart; retry-after={retry}'",
            "gatehouse drain http://127.0.0.1:8001 --resume",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        let place = AdminPlace(flag: flags["admin"], environment: Terminal.environment)
        guard let address = AdminClient.address(place.text) else {
            Terminal.note("gatehouse drain: \(place.fault)")
            return ExitCode.usage.rawValue
        }
        let client = AdminClient(address: address)
        guard let endpoint = flags.positionals.first else { return unnamed(client, place) }
        var query = "endpoint=\(encoded(endpoint))"
        for name in ["window", "timeout", "code", "reason"] {
            if let value = flags[name] { query += "&\(name)=\(encoded(value))" }
        }
        if flags.has("resume") { query += "&resume=true" }
        guard let answer = client.ask("POST", "/api/drain?\(query)") else { return unreachable(place) }
        guard answer.status == 200 || answer.status == 202 else {
            Terminal.note("gatehouse drain: \(value("error", in: answer.body) ?? "the answer was \(answer.status)")")
            return (answer.status == 400 ? ExitCode.usage : .problemFound).rawValue
        }
        if flags.has("json") {
            Terminal.write(answer.body + "\n")
        } else if flags.has("resume") {
            Terminal.write("\(endpoint) gets new sessions again.\n")
        } else {
            Terminal.write("\(endpoint) gets nothing new; \(value("left", in: answer.body) ?? "?") sessions are being closed.\n")
        }
        guard flags.has("wait"), !flags.has("resume") else { return ExitCode.success.rawValue }
        return wait(client, place, value("endpoint", in: answer.body) ?? endpoint)
    }

    /// Asks twice a second until nothing is left.
    private static func wait(_ client: AdminClient, _ place: AdminPlace, _ endpoint: String) -> Int32 {
        while true {
            guard let answer = client.ask("GET", "/api/drain") else { return unreachable(place) }
            guard let place = answer.body.firstRange(of: "\"endpoint\":\"\(endpoint)\"") else {
                Terminal.note("gatehouse drain: the drain of \(endpoint) was taken back")
                return ExitCode.problemFound.rawValue
            }
            if value("left", in: String(answer.body[place.lowerBound...])) == "0" {
                Terminal.write("\(endpoint) has no sessions any more.\n")
                return ExitCode.success.rawValue
            }
            usleep(500_000)
        }
    }

    private static func unreachable(_ place: AdminPlace) -> Int32 {
        Terminal.note("gatehouse drain: \(place.silence)")
        return ExitCode.unreachable.rawValue
    }

    /// Without an ENDPOINT: those that the running process has.
    private static func unnamed(_ client: AdminClient, _ place: AdminPlace) -> Int32 {
        guard let answer = client.ask("GET", "/api/endpoints") else {
            Terminal.note("gatehouse drain: needs ENDPOINT, a URL of the configuration; see gatehouse drain --help.")
            return unreachable(place)
        }
        guard answer.status == 200 else {
            let said = value("error", in: answer.body) ?? "the answer was \(answer.status)"
            Terminal.note("gatehouse drain: needs ENDPOINT; asked which there are, the process at \(place.text) said: \(said)")
            return ExitCode.problemFound.rawValue
        }
        var names: [String] = []
        var rest = answer.body[...]
        while let mark = rest.firstRange(of: "\"endpoint\":\"") {
            rest = rest[mark.upperBound...]
            let name = String(rest.prefix { $0 != "\"" })
            if !names.contains(name) { names.append(name) }
        }
        let known = names.isEmpty ? "" : "; the process at \(place.text) has \(names.joined(separator: ", "))"
        Terminal.note("gatehouse drain: needs ENDPOINT\(known). See gatehouse drain --help.")
        return ExitCode.usage.rawValue
    }

    /// The first member of this name in a body of ours, whose values are plain.
    private static func value(_ name: String, in body: String) -> String? {
        guard let place = body.firstRange(of: "\"\(name)\":") else { return nil }
        let rest = body[place.upperBound...]
        return rest.first == "\"" ? String(rest.dropFirst().prefix { $0 != "\"" }) : String(rest.prefix { $0.isNumber })
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: String(UnicodeScalar(byte))
            default: "%" + String(0x100 + Int(byte), radix: 16, uppercase: true).dropFirst()
            }
        }.joined()
    }
}
