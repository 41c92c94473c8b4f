public import Configuration

/// `gatehouse analyze FILE…`: what a capture shows of its WebSocket sessions, and why those that failed did.
public enum AnalyzeCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse analyze",
        about:
            "Reads captures (pcap, pcapng; - is the standard input), HAR files and Gatehouse's ledger, and says what became of every WebSocket handshake and session in them, and why.",
        flags: [
            FlagDefinition("json", "One JSON object a line: each session when it is over, and the analysis at the end."),
            FlagDefinition(
                "all",
                "Lists every session (\(AnalysisSummary.rowLimit) at most). Without it, of more than \(AnalysisReport.listed) only those that went wrong are listed, the first \(AnalysisReport.listed)."
            ),
            FlagDefinition("session", value: "N", "Shows this session only: its number in the list, or Gatehouse's name for it."),
            FlagDefinition("messages", "Prints the messages, of every session unless --session names one."),
            FlagDefinition(
                "har", value: "FILE",
                "Writes handshakes and messages as a HAR file (_webSocketMessages), which replay reads: payloads stand in it as the capture has them."
            ),
            FlagDefinition("html", value: "FILE", "Writes the report as one HTML page that needs nothing else."),
            FlagDefinition("force", "Writes over files that exist."),
        ],
        positionals: ["FILE…"],
        exitCodes: [
            ExitCodeDefinition("0", "Nothing is wrong with any session."),
            ExitCodeDefinition("1", "A problem was found."),
            ExitCodeDefinition("2", "The command line isn't understood, there is no such session, or a report can't be written."),
            ExitCodeDefinition("3", "A file can't be read; what the others show was told."),
        ],
        examples: [
            "gatehouse analyze trouble.pcapng",
            "gatehouse analyze --session 3 --messages trouble.pcapng",
            "tcpdump -i any -w - port 8000 | gatehouse analyze -",
        ])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        CommandFault.told(by: "analyze") { () throws(CommandFault) in try AnalysisRun(AnalyzeOptions(flags)).run() }
    }
}
