package import Configuration

/// `gatehouse version`.
package enum VersionCommand {
    package static let definition = CommandDefinition(name: "gatehouse version", about: "Says which version this is.")

    package static func run(_ flags: FlagParser.Result) -> Int32 {
        Terminal.line("gatehouse \(Version.text)")
        return ExitCode.success.rawValue
    }
}
