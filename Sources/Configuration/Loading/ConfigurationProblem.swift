/// One thing that is wrong with a configuration: where, what was found, what is accepted, and what was probably meant.
public struct ConfigurationProblem: Sendable, Hashable {
    /// Where the value stands.
    public var source: ConfigurationSource
    /// The key, as `routes[0].timeouts.idle`; empty for the file as a whole.
    public var key: String
    /// What was found there. Never the value of a secret.
    public var observed: String
    /// What is accepted.
    public var expected: String
    /// What to do, or the nearest right key or value; nil if there is nothing to add.
    public var remedy: String?

    public init(
        source: ConfigurationSource, key: String, observed: String, expected: String, remedy: String? = nil
    ) {
        self.source = source
        self.key = key
        self.observed = observed
        self.expected = expected
        self.remedy = remedy
    }
}

/// Where a value of the configuration came from.
public enum ConfigurationSource: Sendable, Hashable {
    /// A place in a file; line and column count from 1, and are 0 for the file as a whole.
    case file(String, line: Int, column: Int)
    /// A variable of the environment, by name.
    case environment(String)
    /// A flag, by name without its dashes.
    case flag(String)
    /// Nothing was said; the default stands.
    case `default`
}

/// Every problem of a configuration, in the order of the file. Nothing of it was applied.
public struct ConfigurationError: Error, Sendable {
    /// At least one.
    public let problems: [ConfigurationProblem]

    public init(_ problems: [ConfigurationProblem]) { self.problems = problems }
}
