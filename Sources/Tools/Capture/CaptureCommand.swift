public import Configuration

/// `gatehouse capture`: traffic that doesn't pass Gatehouse, captured with libpcap and analysed as it comes.
public enum CaptureCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse capture",
        about:
            "Captures the traffic of an interface with libpcap, says what becomes of every WebSocket as it happens, and writes pcapng for Wireshark, analyze and replay. Needs CAP_NET_RAW and says how to get it.",
        flags: [
            FlagDefinition("interface", value: "NAME", "Where to listen, such as lo or eth0. Default: any, which is all of them."),
            FlagDefinition("port", value: "PORT", repeatable: true, "Takes only TCP of this port."),
            FlagDefinition(
                "filter", value: "BPF", "Takes only what this expression of libpcap's language matches, besides --port."),
            FlagDefinition("write", value: "FILE", "Writes what was captured as pcapng; without it, it is only analysed."),
            FlagDefinition(
                "keylog", value: "FILE",
                "Takes a TLS key log (SSLKEYLOGFILE, tls.key_log) into the file, also what is added to it meanwhile, so that Wireshark decrypts."
            ),
            FlagDefinition("for", value: "DURATION", "Ends after this time, such as 10m. Without it, Ctrl-C ends it."),
            FlagDefinition("packets", value: "N", "Ends after so many packets."),
            FlagDefinition(
                "user", value: "NAME",
                "Becomes this user once the interface is open. Default under sudo: the user who called it."),
            FlagDefinition(
                "json", "One JSON object a line: each session when it opens and when it is over, and the analysis at the end."),
            FlagDefinition("force", "Writes over a file that exists."),
        ],
        exitCodes: [
            ExitCodeDefinition("0", "Nothing is wrong with any session."),
            ExitCodeDefinition("1", "A problem was found."),
            ExitCodeDefinition("2", "The command line isn't understood, or a file or the filter can't be used."),
            ExitCodeDefinition("3", "The interface can't be captured."),
        ],
        examples: [
            "sudo gatehouse capture --port 8000 --write trouble.pcapng",
            "gatehouse capture --interface lo --port 8000 --for 10m --json",
            "gatehouse capture --port 8443 --keylog keys.log --write trouble.pcapng",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        CommandFault.told(by: "capture") { () throws(CommandFault) in try CaptureRun(CaptureOptions(flags)).run() }
    }
}
