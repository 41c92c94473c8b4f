import CYAML

/// YAML to a tree of nodes, by libyaml's events.
///
/// One document is read, event by event, by recursion over lists and maps. What YAML offers and a configuration does
/// not need is refused with its reason: further documents, tags, keys that aren't scalars, the same key twice. Aliases
/// are expanded where they stand, and the tree is bounded in depth and in nodes, so a small file can't become a large
/// tree. Problems are collected; only a syntax error ends the reading, because nothing behind it can be trusted, and the
/// result says so.
struct YAMLReader: ~Copyable {
    /// The deepest nesting, and the most nodes with aliases expanded.
    static let deepest = 32
    static let mostNodes = 50_000

    private let file: String
    /// The text, for the words about what the parser stumbled over.
    private let bytes: [UInt8]
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var anchors: [String: Node] = [:]
    private var nodes = 0
    private(set) var problems: [ConfigurationProblem] = []

    /// Thrown when reading can't go on; the problem is recorded already.
    private struct Stopped: Error {}

    private init(_ bytes: [UInt8], file: String) {
        self.file = file
        self.bytes = bytes
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        precondition(yaml_parser_initialize(parser) == 1, "libyaml has no memory for a parser")
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    /// The tree in `bytes`, and what is wrong with it.
    ///
    /// An empty document is an empty map. With problems the tree holds what could be read, for the checks that come after;
    /// they make sense where the end was reached.
    static func read(
        _ bytes: [UInt8], file: String
    ) -> (root: Node, problems: [ConfigurationProblem], reachedEnd: Bool) {
        let nothing = Node(.map([]), at: .file(file, line: 1, column: 1))
        let text = YAMLText(bytes, file: file)
        guard text.problems.isEmpty else { return (nothing, text.problems, false) }
        var reader = YAMLReader(text.bytes, file: file)
        let root = text.bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(reader.parser, buffer.baseAddress, buffer.count)
            yaml_parser_set_encoding(reader.parser, YAML_UTF8_ENCODING)
            // An empty document is read to its end, too.
            return try? reader.document() ?? nothing
        }
        return (root ?? nothing, reader.problems, root != nil)
    }

    // MARK: Events

    /// The next event; the caller deletes it.
    private mutating func next() throws(Stopped) -> yaml_event_t {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
            problems.append(YAMLSyntax.problem(of: parser.pointee, in: bytes, file: file))
            throw Stopped()
        }
        return event
    }

    private func place(_ event: yaml_event_t) -> ConfigurationSource {
        .file(file, line: Int(event.start_mark.line) + 1, column: Int(event.start_mark.column) + 1)
    }

    private mutating func report(
        _ source: ConfigurationSource, _ key: String, _ observed: String, _ expected: String, _ remedy: String? = nil
    ) {
        guard problems.count < 100 else { return }
        problems.append(
            ConfigurationProblem(source: source, key: key, observed: observed, expected: expected, remedy: remedy))
    }

    // MARK: Tree

    private mutating func document() throws(Stopped) -> Node? {
        var root: Node?
        var documents = 0
        while true {
            var event = try next()
            defer { yaml_event_delete(&event) }
            switch event.type {
            case YAML_STREAM_END_EVENT:
                return root
            case YAML_DOCUMENT_START_EVENT:
                documents += 1
                if documents > 1 {
                    report(
                        place(event), "", "a second document", "one document",
                        "the line --- begins a new document; join them, or keep one file for each")
                    throw Stopped()
                }
            case YAML_STREAM_START_EVENT, YAML_DOCUMENT_END_EVENT:
                continue
            default:
                let node = try self.node(event, key: "", depth: 1)
                root = node.isNull ? nil : node
            }
        }
    }

    private mutating func node(_ event: yaml_event_t, key: String, depth: Int) throws(Stopped) -> Node {
        let source = place(event)
        guard depth <= YAMLReader.deepest else {
            report(
                source, key, "more than \(YAMLReader.deepest) levels", "at most \(YAMLReader.deepest) levels of nesting"
            )
            throw Stopped()
        }
        let node: Node
        let anchor: UnsafeMutablePointer<yaml_char_t>?
        let tag: UnsafeMutablePointer<yaml_char_t>?
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = YAMLReader.text(scalar.value, scalar.length)
            node = Node(.scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), at: source)
            (anchor, tag) = (scalar.anchor, scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            (anchor, tag) = (event.data.sequence_start.anchor, event.data.sequence_start.tag)
            node = Node(.list(try list(key: key, depth: depth)), at: source)
        case YAML_MAPPING_START_EVENT:
            (anchor, tag) = (event.data.mapping_start.anchor, event.data.mapping_start.tag)
            node = Node(.map(try map(key: key, depth: depth)), at: source)
        case YAML_ALIAS_EVENT:
            return try alias(event, key: key)
        default:
            report(source, key, "an unexpected part of YAML", "a value, a list or a map")
            throw Stopped()
        }
        try count(1, source, key)
        if tag != nil {
            report(source, key, "a tag (!…)", "a value without a tag", "remove the tag; the key says what its value is")
        }
        if let anchor { anchors[YAMLReader.text(anchor)] = node }
        return node
    }

    private mutating func list(key: String, depth: Int) throws(Stopped) -> [Node] {
        var items: [Node] = []
        while true {
            var event = try next()
            defer { yaml_event_delete(&event) }
            if event.type == YAML_SEQUENCE_END_EVENT { return items }
            items.append(try node(event, key: "\(key)[\(items.count)]", depth: depth + 1))
        }
    }

    private mutating func map(key: String, depth: Int) throws(Stopped) -> [Node.Entry] {
        var entries: [Node.Entry] = []
        var known: [String: ConfigurationSource] = [:]
        while true {
            var event = try next()
            defer { yaml_event_delete(&event) }
            if event.type == YAML_MAPPING_END_EVENT { return entries }
            let source = place(event)
            let name = try node(event, key: key, depth: depth + 1)
            var valueEvent = try next()
            defer { yaml_event_delete(&valueEvent) }
            guard case .scalar(let text, _) = name.content else {
                report(
                    source, key, "a list or map as a key", "text as a key",
                    "put quotes around it if it is meant as text")
                _ = try node(valueEvent, key: key, depth: depth + 1)
                continue
            }
            let path = key.isEmpty ? text : "\(key).\(text)"
            let value = try node(valueEvent, key: path, depth: depth + 1)
            if let first = known[text] {
                var line = ""
                if case .file(_, let number, _) = first { line = " (the first is in line \(number))" }
                report(
                    source, path, "the same key a second time\(line)", "each key once",
                    "YAML does not say which one holds; remove one of them")
                continue
            }
            known[text] = source
            entries.append(Node.Entry(key: text, keySource: source, value: value))
        }
    }

    private mutating func alias(_ event: yaml_event_t, key: String) throws(Stopped) -> Node {
        let source = place(event)
        guard let node = anchors[YAMLReader.text(event.data.alias.anchor)] else {
            report(
                source, key, "an alias (*…) without an anchor (&…) before it", "a value",
                "put quotes around a value that begins with *; an anchor can't contain its own alias")
            return Node(.scalar("", isPlain: false), at: source)
        }
        try count(node.weight, source, key)
        var copy = node
        copy.source = source
        return copy
    }

    private mutating func count(_ more: Int, _ source: ConfigurationSource, _ key: String) throws(Stopped) {
        nodes += more
        guard nodes > YAMLReader.mostNodes else { return }
        report(
            source, key, "more than \(YAMLReader.mostNodes) values, aliases expanded",
            "at most \(YAMLReader.mostNodes) values", "write out what is needed instead of nesting aliases")
        throw Stopped()
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?, _ length: Int? = nil) -> String {
        guard let pointer else { return "" }
        if let length { return String(decoding: UnsafeBufferPointer(start: pointer, count: length), as: UTF8.self) }
        return String(cString: pointer)
    }
}
