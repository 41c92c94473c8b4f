/// What is wrong with a command line, or with a file that it names, in one sentence.
///
/// Values of flags are not repeated in it where they may be secrets.
struct CommandFault: Error, Equatable {
    var sentence: String

    /// Runs a command, and tells people about the fault that ends it.
    ///
    /// - Returns: the exit code of `body`, or `usage`.
    static func told(by command: String, _ body: () throws(CommandFault) -> ExitCode) -> Int32 {
        do throws(CommandFault) {
            return try body().rawValue
        } catch {
            Terminal.note("gatehouse \(command): \(error.sentence)\nSee gatehouse \(command) --help.")
            return ExitCode.usage.rawValue
        }
    }
}
