public import Configuration

/// `gatehouse bundle`: everything that a support ticket needs, in one file, and nothing that it mustn't have.
public enum BundleCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse bundle",
        about:
            "Puts what is known of one session, or of all in a time, into one file for a support ticket: verdicts, ledger lines, redacted heads, the capture, versions, and the configuration without secrets.",
        flags: [
            FlagDefinition(
                "session", value: "ID", repeatable: true, "The session, by the name in its Gatehouse-Verdict and in the ledger."),
            FlagDefinition("since", value: "DURATION", "Everything of the last 10m, for example. This or --session is needed."),
            FlagDefinition("ledger", value: "FILE", repeatable: true, "The ledger. Default: log.output of the configuration."),
            FlagDefinition(
                "captures", value: "DIR",
                "Where the tap writes: the sessions' packets are taken out of its files. Default: capture.directory of the configuration."
            ),
            FlagDefinition(
                "config", value: "FILE", "The configuration; its secrets and comments stay out. Default: GATEHOUSE_CONFIG."),
            FlagDefinition(
                "admin", value: "ADDRESS",
                "Asks the admin endpoints of the running Gatehouse there as well, such as 127.0.0.1:9900. The token is taken from GATEHOUSE_ADMIN_TOKEN."
            ),
            FlagDefinition(
                "payloads", "Keeps the texts of messages (log.frame_bytes), which are else taken out of the ledger's lines."),
            FlagDefinition("write", value: "FILE", "The file to write, such as bundle.tar.gz; always needed."),
            FlagDefinition("force", "Writes over a file that exists."),
        ],
        exitCodes: [
            ExitCodeDefinition("0", "The file was written; what it lacks was told."),
            ExitCodeDefinition("2", "The command line isn't understood, or a file can't be used."),
            ExitCodeDefinition("3", "Nothing is known of the session; no file was written."),
        ],
        examples: [
            "gatehouse bundle --session 5f3kq0000001a --config gatehouse.yaml --captures captures --write ticket.tar.gz",
            "gatehouse bundle --since 10m --ledger ledger.jsonl --admin 127.0.0.1:9900 --write ticket.tar.gz",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        CommandFault.told(by: "bundle") { () throws(CommandFault) in try BundleRun(BundleOptions(flags)).run() }
    }
}
