import CLinux
public import Configuration
import EventLoop
import ProxyCore
import ProxyServer
import Wire

/// `gatehouse demo`: a backend that refuses an Origin, Gatehouse before it, one handshake that succeeds and one that doesn't.
public enum DemoCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse demo",
        about:
            "Shows a refused WebSocket explained. Starts a backend that refuses an Origin and Gatehouse before it; needs nothing else.",
        flags: [FlagDefinition("once", "Ends after the two handshakes.")],
        exitCodes: [
            ExitCodeDefinition("0", "Both handshakes went as they should; without --once, it was told to end."),
            ExitCodeDefinition("1", "With --once: one of them didn't."),
            ExitCodeDefinition("3", "The backend or Gatehouse could not be started."),
        ],
        examples: ["gatehouse demo", "gatehouse demo --once"])

    private static let refusedOrigin = "https://www.app.example"

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        do throws(LoopFailure) {
            let backend = try DemoBackend()
            defer { backend.stop() }
            return serve(backend, once: flags.has("once"))
        } catch {
            Terminal.note("gatehouse demo: no backend could be started: \(error)")
            return ExitCode.unreachable.rawValue
        }
    }

    private static func serve(_ backend: DemoBackend, once: Bool) -> Int32 {
        do throws(ConfigurationError) {
            let snapshot = try configuration(backend.address)
            do throws(Server.StartFailure) {
                let server = try Server(snapshot, version: Version.text) { () throws(ConfigurationError) in snapshot }
                try server.start()
                guard let address = server.addresses.first else { return ExitCode.unreachable.rawValue }
                introduce(backend, address)
                let allowed = DemoClient.handshake(address, origin: DemoBackend.allowedOrigin)
                let refused = DemoClient.handshake(address, origin: refusedOrigin)
                // The ledger is written by a thread of its own; its lines come before the last words.
                clinux_sleep(200_000_000)
                let isRight = allowed == 101 && refused == 403
                if once {
                    server.stop()
                    Terminal.line(
                        isRight
                            ? "\nBoth handshakes went as they should."
                            : "\nUnexpected: \(outcome(allowed)) and \(outcome(refused)).")
                    return (isRight ? ExitCode.success : .problemFound).rawValue
                }
                invite(address)
                return server.run()
            } catch {
                Terminal.note("gatehouse demo: \(error)")
                return ExitCode.unreachable.rawValue
            }
        } catch {
            Terminal.note(error.description)
            return ExitCode.usage.rawValue
        }
    }

    private static func configuration(_ backend: SocketAddress) throws(ConfigurationError) -> Snapshot {
        try Snapshot.decode(
            [], file: nil,
            flags: [
                "listen": "127.0.0.1:0", "upstream": "http://\(backend)", "log-format": "pretty", "workers": "1",
                "admin-listen": "off",
            ])
    }

    private static func outcome(_ status: Int?) -> String { status.map { "status \($0)" } ?? "no answer" }

    private static func introduce(_ backend: DemoBackend, _ address: SocketAddress) {
        Terminal.line(
            """
            Gatehouse demo
              backend    http://\(backend.address)   accepts Origin \(DemoBackend.allowedOrigin) and answers 403 to any other
              Gatehouse  http://\(address)   stands before it
            Two handshakes follow: one from \(DemoBackend.allowedOrigin), one from \(refusedOrigin).

            """)
    }

    private static func invite(_ address: SocketAddress) {
        Terminal.line(
            """

            Try it yourself (Ctrl-C ends the demo):
              curl -i http://\(address)/ws -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \\
                   -H 'Sec-WebSocket-Key: Z2F0ZWhvdXNlIGRlbW8gMQ==' -H 'Origin: \(refusedOrigin)'
              gatehouse explain origin-not-allowed
            """)
    }
}
