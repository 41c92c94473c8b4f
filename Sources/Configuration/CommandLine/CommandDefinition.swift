/// One command of an executable: its flags, what it takes besides, and what it is for.
public struct CommandDefinition: Sendable, Hashable {
    /// As it is called: `gatehouse serve`.
    public var name: String
    /// What it does. The first sentence stands in the overview of all commands.
    public var about: String
    public var flags: [FlagDefinition]
    /// What stands for positional arguments in the help: `URL`. The last may be `[FILE]` for one that can be left out, or
    /// end in `…` for any number.
    public var positionals: [String]
    /// What stands for the arguments behind `--`; nil if there are none.
    public var rest: String?
    /// In ascending order. 2 is everywhere a command line that isn't understood, whatever else it says of a command.
    public var exitCodes: [ExitCodeDefinition]
    /// Ready-made lines to try.
    public var examples: [String]

    public init(
        name: String, about: String, flags: [FlagDefinition] = [], positionals: [String] = [], rest: String? = nil,
        exitCodes: [ExitCodeDefinition] = [], examples: [String] = []
    ) {
        self.name = name
        self.about = about
        self.flags = flags
        self.positionals = positionals
        self.rest = rest
        self.exitCodes = exitCodes
        self.examples = examples
    }
}
