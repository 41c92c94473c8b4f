/// The definition of one key: everything that the decoder, the messages, the documentation and the flags know of it.
struct KeyDefinition: Sendable {
    var name: String
    var kind: ValueKind
    /// As it would be written; nil: nothing, and the documentation says what that means.
    var defaultText: String?
    /// One sentence, or two.
    var about: String
    /// As it would be written behind the key, on one line.
    var example: String?
    /// The flag that sets it, without dashes, and the environment's variable.
    var flag: String?
    var environment: String?

    init(
        _ name: String, _ kind: ValueKind, default defaultText: String? = nil, _ about: String, example: String? = nil,
        flag: String? = nil, environment: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.defaultText = defaultText
        self.about = about
        self.example = example
        self.flag = flag
        self.environment = environment
    }
}
