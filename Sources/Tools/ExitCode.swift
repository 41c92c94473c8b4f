/// How a command ends, so that scripts can tell.
public enum ExitCode: Int32, Sendable {
    /// All is fine.
    case success = 0
    /// A problem was found: a refused handshake, a faulty configuration.
    case problemFound = 1
    /// The command was not understood, or the configuration can't be used.
    case usage = 2
    /// What was to be looked at could not be reached.
    case unreachable = 3
}
