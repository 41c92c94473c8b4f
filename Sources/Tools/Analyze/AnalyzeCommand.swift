public import Configuration

/// `gatehouse analyze FILE…`: what a capture shows of its WebSocket sessions, and why those that failed did.
public enum AnalyzeCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse analyze",
        about:
            "Reads captures (pcap, pcapng; - is the standard input), HAR files and Gatehouse's ledger, and says what became of every WebSocket handshake and session in them, and why. Exit code 0: nothing is wrong; 1: a problem was found; 3: a file can't be read.",
        flags: [
            FlagDefinition("json", "One JSON object a line: each session when it is over, and the analysis at the end."),
            FlagDefinition("all", "Lists every session, not only those that went wrong."),
            FlagDefinition("session", value: "N", "Shows this session only: its number in the list, or Gatehouse's name for it."),
            FlagDefinition("messages", "Prints the messages, of every session unless --session names one."),
            FlagDefinition("har", value: "FILE", "Writes handshakes and messages as a HAR file (_webSocketMessages)."),
            FlagDefinition("html", value: "FILE", "Writes the report as one HTML page that needs nothing else."),
            FlagDefinition("force", "Writes over files that exist."),
        ],
        positionals: ["FILE…"],
        examples: [
            "gatehouse analyze trouble.pcapng",
            "gatehouse analyze --session 3 --messages trouble.pcapng",
            "tcpdump -i any -w - port 8000 | gatehouse analyze -",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        CommandFault.told(by: "analyze") { () throws(CommandFault) in try AnalysisRun(AnalyzeOptions(flags)).run() }
    }
}
