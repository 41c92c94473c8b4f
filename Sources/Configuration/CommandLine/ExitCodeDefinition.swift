/// One exit code of a command, or a few that say the same, for its help.
public struct ExitCodeDefinition: Sendable, Hashable {
    /// As it is shown: `0`, `130, 143`.
    public var code: String
    /// What it says, in one sentence.
    public var about: String

    public init(_ code: String, _ about: String) {
        self.code = code
        self.about = about
    }
}
