import CYAML

/// What libyaml's error means for somebody who writes a configuration.
enum YAMLSyntax {
    /// The problem that stopped `parser`, in words, with its place.
    static func problem(of parser: yaml_parser_t, file: String) -> ConfigurationProblem {
        let said = parser.problem.map { String(cString: $0) } ?? "unreadable YAML"
        let context = parser.context.map { String(cString: $0) } ?? ""
        let mark = parser.problem_mark
        // The reader's errors (bytes that are no text) carry no mark.
        let isPlaced = parser.error != YAML_READER_ERROR
        return ConfigurationProblem(
            source: .file(file, line: isPlaced ? Int(mark.line) + 1 : 0, column: isPlaced ? Int(mark.column) + 1 : 0),
            key: "",
            observed: context.isEmpty
                ? "YAML that can't be read: \(said)" : "YAML that can't be read: \(said) \(context)",
            expected: "keys and values, one for each line", remedy: remedy(said, context))
    }

    private static func remedy(_ said: String, _ context: String) -> String? {
        if said.contains("block end") || said.contains("expected key") || said.contains("':'") {
            return "look at this line's indentation and at the colon with a space behind each key; "
                + "an IPv6 address such as \"[::1]:8080\" and text with \": \" in it need quotes"
        }
        if said.contains("node content") {
            return "put quotes around text with brackets, such as the IPv6 address \"[::1]:8080\""
        }
        if said.contains("mapping values are not allowed") {
            return "there is a second colon or a wrong indentation; put quotes around text that contains \": \""
        }
        if said.contains("cannot start any token") {
            return "put quotes around text that begins with @, ` or %"
        }
        if said.contains("end of stream") || said.contains("',' or") {
            return "a quote or a bracket is not closed"
        }
        if said.contains("alias") || context.contains("alias") || context.contains("anchor") {
            return "put quotes around text that begins with * or &"
        }
        if context.contains("tag") { return "put quotes around text that begins with !" }
        return nil
    }
}
