public import Configuration

/// `gatehouse replay FILE --to URL`: recorded clients speak to a real server again, and what it answers is held against the recording.
public enum ReplayCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse replay",
        about:
            "Plays the clients of a recording (pcap, pcapng, HAR, ledger with frames) to a server and compares its answers with the recorded ones. Exit code 0: all agrees; 1: something differs; 2: usage, or a file that can't be used; 3: the server can't be reached.",
        flags: [
            FlagDefinition(
                "to", value: "URL",
                "The server, as ws://HOST:PORT or wss://HOST:PORT; a path in it stands in the place of the recorded ones."),
            FlagDefinition("speed", value: "FACTOR", "1 keeps the recorded times, 10 is ten times as fast, max leaves no pauses."),
            FlagDefinition(
                "pace", value: "PACE", words: ["time", "reply"],
                "time: each message at its recorded moment; reply: after the reply that preceded it, and the pause between them."),
            FlagDefinition(
                "sessions", value: "LIST", repeatable: true,
                "Plays these only: numbers as analyze counts them, ranges (3-7), or Gatehouse's names."),
            FlagDefinition("concurrency", value: "N", "Sessions that are open at a time; 64 with --speed max, else 20000."),
            FlagDefinition("repeat", value: "N", "Plays all of it so many times."),
            FlagDefinition("rewrite", value: "RULE", repeatable: true, RewriteRules.help),
            FlagDefinition(
                "compare", value: "HOW", words: ["json", "exact", "type"],
                "json: JSON by its values and all else by its bytes; exact: by bytes; type: text or binary, whatever stands in it."),
            FlagDefinition(
                "ignore", value: "PATH", repeatable: true, "What doesn't count in JSON messages: $.time, $.items[*].id, $..at."),
            FlagDefinition("ignore-pattern", value: "REGEX", repeatable: true, "What matches doesn't count in texts."),
            FlagDefinition(
                "order", value: "ORDER", words: ["kept", "free"],
                "Whether the server's messages have to come in the recorded order."),
            FlagDefinition(
                "expect", value: "STATUS", "The handshakes' status in the place of the recorded one: a recorded 403 is to be a 101."
            ),
            FlagDefinition("ca", value: "FILE", "Trusts the certificates in this file (PEM), and only these."),
            FlagDefinition("insecure", "Goes on whatever the certificate says."),
            FlagDefinition("plain", "Offers no compression; without it, what the recorded client offered is negotiated anew."),
            FlagDefinition("timeout", value: "TIME", "How long the server may be silent beyond the recording's own pauses; 5s."),
            FlagDefinition("json", "One JSON object a line: each session, and the replay at the end."),
            FlagDefinition("junit", value: "FILE", "Writes a test case for each session as JUnit's XML."),
            FlagDefinition("record", value: "FILE", "Writes the replay itself as pcapng."),
            FlagDefinition("force", "Writes over files that exist."),
        ],
        positionals: ["FILE…"],
        examples: [
            "gatehouse replay trouble.pcapng --to ws://127.0.0.1:8000",
            "gatehouse replay trouble.har --to ws://127.0.0.1:8000 --pace reply --speed max --rewrite 'json:$.session' --ignore '$..at'",
            "gatehouse replay refused.pcapng --to ws://127.0.0.1:8000 --sessions 3 --expect 101 --junit out.xml",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        CommandFault.told(by: "replay") { () throws(CommandFault) in try ReplayRun(ReplayOptions(flags)).run() }
    }
}
