// How problems are shown: three lines for people, one object for programs. Both are made of text that is already free of
// secrets; here it is made free of control characters too, for names of files and variables come from elsewhere.

extension ConfigurationSource: CustomStringConvertible {
    /// `gatehouse.yaml:3:5`, `environment variable PORT`, `flag --listen`.
    public var description: String {
        switch self {
        case .file(let name, 0, _): Excerpt.plain(name)
        case .file(let name, let line, let column): "\(Excerpt.plain(name)):\(line):\(column)"
        case .environment(let name): "environment variable \(Excerpt.plain(name))"
        case .flag(let name): "flag --\(Excerpt.plain(name))"
        case .default: "configuration"
        }
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    /// Where, the key and what was found; then what is accepted, and what to do.
    public var description: String {
        var text = "\(source): \(key.isEmpty ? "" : key + ": ")found \(observed)\n    accepted: \(expected)"
        if let remedy { text += "\n    to do: \(remedy)" }
        return text
    }

    /// One line, for a log.
    public var summary: String {
        "\(source): \(key.isEmpty ? "" : key + ": ")found \(observed); accepted: \(expected)"
            + (remedy.map { "; to do: \($0)" } ?? "")
    }

    /// One JSON object: `file`, `line`, `column` or `environment` or `flag`, then `key`, `observed`, `expected`, `remedy`.
    public var json: String {
        var fields: [(String, String)] = []
        switch source {
        case .file(let name, let line, let column):
            fields += [("file", JSONText.quoted(name)), ("line", "\(line)"), ("column", "\(column)")]
        case .environment(let name): fields.append(("environment", JSONText.quoted(name)))
        case .flag(let name): fields.append(("flag", JSONText.quoted(name)))
        case .default: break
        }
        fields += [
            ("key", JSONText.quoted(key)), ("observed", JSONText.quoted(observed)),
            ("expected", JSONText.quoted(expected)),
        ]
        if let remedy { fields.append(("remedy", JSONText.quoted(remedy))) }
        return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// Every problem, for people, and how many there are.
    public var description: String {
        let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
        return problems.map(\.description).joined(separator: "\n") + "\n\(count); nothing was applied"
    }

    /// `{"valid":false,"problems":[…]}`.
    public var json: String {
        "{\"valid\":false,\"problems\":[" + problems.map(\.json).joined(separator: ",") + "]}"
    }
}

extension Snapshot {
    /// What `check-config --json` says of a good file: `{"valid":true,"warnings":[…]}`.
    public var checkJSON: String {
        "{\"valid\":true,\"warnings\":[" + warnings.map(\.json).joined(separator: ",") + "]}"
    }
}

/// Text as a JSON string.
enum JSONText {
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            default:
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                    || (0x2028...0x2029).contains(scalar.value)
                {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
