extension FlagDefinition {
    /// The flags that set keys of the configuration, and the one that names its file: what `serve` and `run` take.
    ///
    /// Their values are checked with the rest of the configuration, so that a wrong one is reported like a wrong key.
    public static let configuration: [FlagDefinition] =
        [FlagDefinition("config", value: "FILE", "The configuration's file (YAML).")]
        + Schema.settable.compactMap { path, definition in
            guard let flag = definition.flag else { return nil }
            var about = definition.about
            if let standard = definition.defaultText, standard != "[]" { about += " Default: \(standard)." }
            return FlagDefinition(flag, value: definition.kind.placeholder, about.withoutMarkup)
        }
}

extension ValueKind {
    /// What stands for a value in the help.
    fileprivate var placeholder: String {
        switch self {
        case .listenAddress: "ADDRESS:PORT"
        case .endpoint: "URL"
        case .integer, .fraction: "N"
        case .word(let words): words.joined(separator: "|")
        case .list(let kind): kind.placeholder + ",…"
        case .addressBlock: "BLOCK"
        case .shapes(let kinds): kinds.first?.placeholder ?? "VALUE"
        default: "VALUE"
        }
    }
}

extension String {
    /// Without the backticks of the documentation.
    fileprivate var withoutMarkup: String { String(filter { $0 != "`" }) }
}
