/// One flag of a command, from which both the parser and the help are made.
public struct FlagDefinition: Sendable, Hashable {
    /// Without dashes: `log-format`.
    public var name: String
    /// What stands for the value in the help (`URL`); nil for a flag that is only there or not.
    public var value: String?
    /// One sentence.
    public var about: String
    /// Whether it may be given several times.
    public var isRepeatable: Bool
    /// The values that are accepted, if they are few.
    public var words: [String]

    public init(_ name: String, value: String? = nil, repeatable: Bool = false, words: [String] = [], _ about: String) {
        self.name = name
        self.value = value
        self.about = about
        self.isRepeatable = repeatable
        self.words = words
    }
}
