public import Configuration

/// `gatehouse version`.
public enum VersionCommand {
    public static let definition = CommandDefinition(
        name: "gatehouse version", about: "Says which version this is.",
        exitCodes: [ExitCodeDefinition("0", "Always.")])

    public static func run(_ flags: FlagParser.Result) -> Int32 {
        Terminal.line("gatehouse \(Version.text)")
        return ExitCode.success.rawValue
    }
}
