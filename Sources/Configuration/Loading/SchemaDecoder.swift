import ProxyCore
import Wire

/// The tree of nodes against the schema: every key known, every value of its kind.
///
/// Goes on after a problem, so that one run shows them all. What a key may be is asked of its definition alone; this
/// type knows shapes, `ScalarDecoder` knows texts.
struct SchemaDecoder {
    private(set) var problems: [ConfigurationProblem] = []

    /// The whole file.
    mutating func decode(_ root: Node) -> DecodedMap {
        guard case .map(let entries) = root.content else {
            report(root.source, "", shape(of: root), "a map of keys, such as upstream: http://127.0.0.1:8000")
            return DecodedMap()
        }
        return map(entries, Schema.root, key: "")
    }

    // MARK: Shapes

    private mutating func map(_ entries: [Node.Entry], _ definitions: [KeyDefinition], key: String) -> DecodedMap {
        var result = DecodedMap()
        for entry in entries {
            let path =
                key.isEmpty ? Excerpt.plain(entry.key, limit: 64) : "\(key).\(Excerpt.plain(entry.key, limit: 64))"
            guard let definition = definitions.first(where: { $0.name == entry.key }) else {
                unknown(entry, path, definitions)
                continue
            }
            result.entries.append((entry.key, value(entry.value, definition.kind, key: path)))
        }
        return result
    }

    private mutating func value(_ node: Node, _ kind: ValueKind, key: String) -> Decoded {
        let faulty = Decoded(value: .faulty, source: node.source, key: key)
        if node.isNull {
            report(node.source, key, "no value", kind.accepted, "leave the key out for its default")
            return faulty
        }
        switch (kind, node.content) {
        case (.shapes(let kinds), _):
            guard let fitting = kinds.first(where: { $0.shape == shapeKind(of: node) }) else {
                report(node.source, key, shape(of: node), kind.accepted, quotingRemedy(node, kind))
                return faulty
            }
            // A secret's place may be missed by one level: then the text stands where a word was wanted.
            if kind.holdsSecret, case .scalar(let text, let isPlain) = node.content {
                return scalar(text, isPlain, node.source, fitting, key: key, isConcealed: true)
            }
            return value(node, fitting, key: key)
        case (.map(let definitions), .map(let entries)):
            return Decoded(value: .map(map(entries, definitions, key: key)), source: node.source, key: key)
        case (.named(let definitions), .map(let entries)):
            return Decoded(value: .map(named(entries, definitions, key: key)), source: node.source, key: key)
        case (.list(let kind), .list(let items)):
            var values: [Decoded] = []
            for (index, item) in items.enumerated() { values.append(value(item, kind, key: "\(key)[\(index)]")) }
            return Decoded(value: .list(values), source: node.source, key: key)
        case (.map, _), (.named, _):
            report(node.source, key, shape(of: node), kind.accepted)
            return faulty
        case (.list, _):
            report(node.source, key, shape(of: node), kind.accepted, "put it into brackets: [ … ]")
            return faulty
        case (_, .scalar(let text, let isPlain)):
            return scalar(text, isPlain, node.source, kind, key: key)
        default:
            report(node.source, key, shape(of: node), kind.accepted, quotingRemedy(node, kind))
            return faulty
        }
    }

    private mutating func named(_ entries: [Node.Entry], _ definitions: [KeyDefinition], key: String) -> DecodedMap {
        var result = DecodedMap()
        for entry in entries {
            let path = "\(key).\(Excerpt.plain(entry.key, limit: 64))"
            guard ScalarDecoder.isName(entry.key) else {
                report(entry.keySource, path, Excerpt.quoted(entry.key), ValueKind.name.accepted)
                continue
            }
            result.entries.append((entry.key, value(entry.value, .map(definitions), key: path)))
        }
        return result
    }

    private mutating func scalar(
        _ text: String, _ isPlain: Bool, _ source: ConfigurationSource, _ kind: ValueKind, key: String,
        isConcealed: Bool = false
    ) -> Decoded {
        let isSecret = isConcealed || kind.holdsSecret
        let variable = VariableReference(in: text)
        // Of a secret nothing is shown, unless it is a variable's name and nothing else.
        if let variable, variable.isBraced, variable.isWhole || !isSecret {
            report(
                source, key, "\(variable.shown), which nothing replaces: variables are not expanded here", kind.accepted,
                variable.remedy(for: key))
            return Decoded(value: .faulty, source: source, key: key)
        }
        do {
            let value = try ScalarDecoder(text: text, isPlain: isPlain, source: source).decode(kind)
            return Decoded(value: value, source: source, key: key)
        } catch {
            let hint = isSecret ? nil : variable.map { "\($0.shown) is not replaced: \($0.remedy(for: key))" }
            report(
                source, key, isSecret ? Secret.placeholder : error.observed, error.expected,
                hint ?? error.remedy ?? MissingFile.remedy(for: kind, key: key))
            return Decoded(value: .faulty, source: source, key: key)
        }
    }

    // MARK: Messages

    private mutating func unknown(_ entry: Node.Entry, _ path: String, _ definitions: [KeyDefinition]) {
        let names = definitions.map(\.name)
        let accepted = "one of " + names.joined(separator: ", ")
        let remedy: String?
        if entry.key == "<<" {
            remedy = "merge keys are not read; write the keys out"
        } else if let nearest = NearestName.of(entry.key, among: names) {
            remedy = "did you mean \(nearest)?"
        } else if let home = Schema.nearHome(of: entry.key, among: definitions) ?? Schema.likelyHomes(of: entry.key) {
            remedy = "\(entry.key) belongs under \(home)"
        } else {
            remedy = nil
        }
        report(entry.keySource, path, "an unknown key", accepted, remedy)
    }

    private func quotingRemedy(_ node: Node, _ kind: ValueKind) -> String? {
        guard kind.shape == .scalar, case .list = node.content else { return nil }
        return "brackets make a list; put quotes around text that begins with ["
    }

    private func shapeKind(of node: Node) -> ValueKind.Shape {
        switch node.content {
        case .scalar: .scalar
        case .list: .list
        case .map: .map
        }
    }

    /// Without the text itself: it may be a secret in the wrong place.
    private func shape(of node: Node) -> String {
        switch node.content {
        case .scalar: "a single value"
        case .list: "a list"
        case .map: "a map"
        }
    }

    private mutating func report(
        _ source: ConfigurationSource, _ key: String, _ observed: String, _ expected: String, _ remedy: String? = nil
    ) {
        problems.append(
            ConfigurationProblem(source: source, key: key, observed: observed, expected: expected, remedy: remedy))
    }
}
