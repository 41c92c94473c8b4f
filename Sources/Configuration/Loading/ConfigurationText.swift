/// A configuration as others may see it: the keys and values of the file, without secrets, comments, and whatever the schema doesn't know.
///
/// What is shown is what the schema allows to be shown, and not the file with known secrets taken out: a value at a place where nobody expects
/// one could be anything.
public enum ConfigurationText {
    /// The file's content as YAML; nil where it can't be read as such.
    public static func withoutSecrets(_ bytes: [UInt8]) -> String? {
        let (tree, syntax, _) = YAMLReader.read(bytes, file: "")
        guard syntax.isEmpty, case .map(let entries) = tree.content else { return nil }
        var text = ""
        map(entries, Schema.root, indent: 0, into: &text)
        return text
    }

    /// The same for the file at `path`.
    public static func withoutSecrets(file path: String) throws(ConfigurationError) -> String? {
        withoutSecrets(try ConfigurationFile.read(path))
    }

    private static func map(_ entries: [Node.Entry], _ definitions: [KeyDefinition], indent: Int, into text: inout String) {
        for entry in entries {
            let definition = definitions.first { $0.name == entry.key }
            text += String(repeating: "  ", count: indent)
            guard let definition else {
                // Even the key may be a secret that lost its place.
                text += "# a key that is not known was left out\n"
                continue
            }
            text += "\(entry.key):"
            value(entry.value, definition.kind, indent: indent, into: &text)
        }
    }

    /// What stands behind a key's colon, or behind the dash of a list.
    private static func value(_ node: Node, _ kind: ValueKind, indent: Int, into text: inout String) {
        switch (kind, node.content) {
        case (.shapes(let kinds), _):
            let fitting = kinds.first { fits($0, node) }
            // A secret that was missed by one level would stand in the place of a word.
            if kind.holdsSecret, case .scalar = node.content { return conceal(into: &text) }
            guard let fitting else { return conceal(into: &text) }
            value(node, fitting, indent: indent, into: &text)
        case (.map(let definitions), .map(let entries)):
            text += "\n"
            map(entries, definitions, indent: indent + 1, into: &text)
        case (.named(let definitions), .map(let entries)):
            text += "\n"
            for entry in entries {
                text += String(repeating: "  ", count: indent + 1)
                text += ScalarDecoder.isName(entry.key) ? "\(entry.key):" : "\(quoted(Secret.placeholder)):"
                value(entry.value, .map(definitions), indent: indent + 1, into: &text)
            }
        case (.list(let kind), .list(let items)):
            text += "\n"
            for item in items {
                text += String(repeating: "  ", count: indent + 1) + "-"
                value(item, kind, indent: indent + 1, into: &text)
            }
        case (.map, _), (.named, _), (.list, _): conceal(into: &text)
        case (_, .scalar(let scalar, let isPlain)):
            if kind.holdsSecret { return conceal(into: &text) }
            text += " \(isPlain && isHarmless(scalar) ? scalar : quoted(scalar))\n"
        default: conceal(into: &text)
        }
    }

    private static func conceal(into text: inout String) { text += " \(quoted(Secret.placeholder))\n" }

    private static func fits(_ kind: ValueKind, _ node: Node) -> Bool {
        switch (kind.shape, node.content) {
        case (.scalar, .scalar), (.list, .list), (.map, .map): true
        default: false
        }
    }

    private static func isHarmless(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || [0x2D, 0x2E, 0x2F, 0x5F].contains($0)
        }
    }

    /// A double-quoted scalar.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
