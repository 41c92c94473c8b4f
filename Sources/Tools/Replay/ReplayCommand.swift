public import Configuration

/// `gatehouse replay FILE --to URL`: recorded clients speak to a real server again, and what it answers is held against the recording.
public enum ReplayCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse replay",
        about:
            "Plays the clients of a recording (pcap, pcapng, HAR, ledger with frames) to a server and compares its answers with the recorded ones.",
        flags: [
            FlagDefinition(
                "to", value: "URL",
                "The server, as ws://HOST:PORT or wss://HOST:PORT; always needed. A path in it stands in the place of the recorded ones."
            ),
            FlagDefinition(
                "speed", value: "FACTOR", "1 keeps the recorded times, 10 is ten times as fast, max leaves no pauses. Default: 1."),
            FlagDefinition(
                "pace", value: "PACE", words: ["time", "reply"],
                "time: each message at its recorded moment; reply: after the reply that preceded it, and the pause between them. Default: time."
            ),
            FlagDefinition(
                "sessions", value: "LIST", repeatable: true,
                "Plays these only: numbers as analyze counts them, ranges (3-7), or Gatehouse's names."),
            FlagDefinition(
                "concurrency", value: "N", "The most sessions that are open at a time. Default: 20000, with --speed max 64."),
            FlagDefinition("repeat", value: "N", "Plays all of it so many times. Default: 1."),
            FlagDefinition("rewrite", value: "RULE", repeatable: true, RewriteRules.help),
            FlagDefinition(
                "compare", value: "HOW", words: ["json", "exact", "type"],
                "json: JSON by its values and all else by its bytes; exact: by bytes; type: text or binary, whatever stands in it. Default: json."
            ),
            FlagDefinition(
                "ignore", value: "PATH", repeatable: true, "What doesn't count in JSON messages: $.time, $.items[*].id, $..at."),
            FlagDefinition("ignore-pattern", value: "REGEX", repeatable: true, "What matches doesn't count in texts."),
            FlagDefinition(
                "order", value: "ORDER", words: ["kept", "free"],
                "kept: the server's messages have to come in the recorded order; free: in any. Default: kept."),
            FlagDefinition(
                "expect", value: "STATUS", "The handshakes' status in the place of the recorded one: a recorded 403 is to be a 101."
            ),
            FlagDefinition("ca", value: "FILE", "Trusts the certificates in this file (PEM), and only these."),
            FlagDefinition("insecure", "Goes on whatever the certificate says."),
            FlagDefinition("plain", "Offers no compression; without it, what the recorded client offered is negotiated anew."),
            FlagDefinition(
                "timeout", value: "TIME", "How long the server may be silent beyond the recording's own pauses. Default: 5s."),
            FlagDefinition("json", "One JSON object a line: each session, and the replay at the end."),
            FlagDefinition("junit", value: "FILE", "Writes a test case for each session as JUnit's XML."),
            FlagDefinition("record", value: "FILE", "Writes the replay itself as pcapng."),
            FlagDefinition("force", "Writes over files that exist."),
        ],
        positionals: ["FILE…"],
        exitCodes: [
            ExitCodeDefinition("0", "All agrees."),
            ExitCodeDefinition("1", "Something differs, or a session can't be played (--sessions leaves it out)."),
            ExitCodeDefinition("2", "The command line isn't understood, or a file can't be used."),
            ExitCodeDefinition("3", "The server can't be reached."),
        ],
        examples: [
            "gatehouse replay trouble.pcapng --to ws://127.0.0.1:8000",
            "gatehouse replay trouble.har --to ws://127.0.0.1:8000 --pace reply --speed max --rewrite 'json:$.session' --ignore '$..at'",
            "gatehouse replay refused.pcapng --to ws://127.0.0.1:8000 --sessions 3 --expect 101 --junit out.xml",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        CommandFault.told(by: "replay") { () throws(CommandFault) in try ReplayRun(ReplayOptions(flags)).run() }
    }
}
