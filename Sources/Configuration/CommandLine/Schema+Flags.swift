extension FlagDefinition {
    /// The flags that set keys of the configuration, and the one that names its file: what `serve` and `run` take.
    ///
    /// Their values are checked with the rest of the configuration, so that a wrong one is reported like a wrong key.
    public static let configuration: [FlagDefinition] =
        [FlagDefinition("config", value: "FILE", "The configuration's file (YAML). Default: GATEHOUSE_CONFIG, or none.")]
        + Schema.settable.compactMap { path, definition in
            guard let flag = definition.flag else { return nil }
            var about = definition.ofFlag ?? definition.about
            if let standard = definition.defaultText, standard != "[]" { about += " Default: \(standard)." }
            return FlagDefinition(flag, value: definition.kind.placeholder, about.withoutMarkup)
        }
}

extension KeyDefinition {
    /// The words for the help, where those for the file speak of what only a file can say.
    fileprivate var ofFlag: String? {
        switch flag {
        case "listen":
            "Where connections are accepted. Without it, and without `listen` in the file, the port is taken from `PORT` if that is set."
        case "upstream": "The backend to stand before, such as `http://127.0.0.1:8000`. ws and wss mean http and https."
        default: nil
        }
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
        case .file: "PATH"
        case .shapes(let kinds): kinds.first?.placeholder ?? "VALUE"
        default: "VALUE"
        }
    }
}

extension String {
    /// Without the backticks of the documentation.
    fileprivate var withoutMarkup: String { String(filter { $0 != "`" }) }
}
