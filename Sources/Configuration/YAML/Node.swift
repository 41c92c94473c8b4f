/// A node of the configuration's tree: a scalar, a list or a map, with the place where it stands.
///
/// The tree is untyped on purpose. YAML's own guesses (`no` is false, `1:30` is 90, `0x10` is 16) are never made; the
/// schema says what a scalar is to be, and the text is read as that or refused.
struct Node: Sendable {
    indirect enum Content: Sendable {
        /// `isPlain`: written without quotes, so that it may be a number or a boolean.
        case scalar(String, isPlain: Bool)
        case list([Node])
        case map([Entry])
    }

    /// A key and its value; keys are unique and in the order of the file.
    struct Entry: Sendable {
        var key: String
        var keySource: ConfigurationSource
        var value: Node
    }

    var content: Content
    var source: ConfigurationSource
    /// How many nodes it is, itself and repeated aliases counted.
    var weight: Int

    init(_ content: Content, at source: ConfigurationSource) {
        self.content = content
        self.source = source
        switch content {
        case .scalar: weight = 1
        case .list(let items): weight = items.reduce(1) { $0 + $1.weight }
        case .map(let entries): weight = entries.reduce(1) { $0 + 1 + $1.value.weight }
        }
    }

    /// Whether it is a plain null: `key:` with nothing behind it, `~` or `null`.
    var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content { return ["", "~", "null", "Null", "NULL"].contains(text) }
        return false
    }

    /// The value of `key`, if it is a map that has it.
    subscript(key: String) -> Node? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// Sets the value at a path of map keys, making the maps on the way.
    mutating func set(_ path: ArraySlice<String>, to value: Node) {
        guard let key = path.first else {
            self = value
            return
        }
        var entries: [Entry] = []
        if case .map(let existing) = content { entries = existing }
        let index = entries.firstIndex { $0.key == key } ?? entries.endIndex
        if index == entries.endIndex {
            entries.append(Entry(key: key, keySource: value.source, value: Node(.map([]), at: value.source)))
        }
        entries[index].value.set(path.dropFirst(), to: value)
        self = Node(.map(entries), at: source)
    }
}
