import CYAML

/// What libyaml's error means for somebody who writes a configuration.
enum YAMLSyntax {
    /// The problem that stopped `parser` in `bytes`, in words, with its place.
    ///
    /// Of what was opened and not closed libyaml tells where it noticed, often the end of the file; what has to be mended stands
    /// where it was opened.
    static func problem(of parser: yaml_parser_t, in bytes: [UInt8], file: String) -> ConfigurationProblem {
        let said = parser.problem.map { String(cString: $0) } ?? "unreadable YAML"
        let context = parser.context.map { String(cString: $0) } ?? ""
        let mark = parser.problem_mark
        func source(_ line: Int, _ column: Int) -> ConfigurationSource { .file(file, line: line + 1, column: column + 1) }
        func unclosed(_ what: String, _ line: Int, _ column: Int, _ remedy: String) -> ConfigurationProblem {
            ConfigurationProblem(
                source: source(line, column), key: "",
                observed: "YAML that can't be read: \(what) that is opened here and not closed", expected: "both of a pair",
                remedy: remedy)
        }
        if context.contains("quoted scalar"), said.contains("end of stream") {
            return unclosed(
                "a quote", Int(parser.context_mark.line), Int(parser.context_mark.column),
                "close it in the same line, or remove it")
        }
        let lines = YAMLLines(bytes)
        if let opened = lines.quote(closedInLine: Int(mark.line), before: Int(mark.column)) {
            return unclosed(
                "a quote", opened.line, opened.column,
                "close it in the same line, or remove it; as it is, the text goes on to line \(mark.line + 1)")
        }
        let line = lines.text(Int(mark.line))
        if said.contains("',' or"), parser.context_mark.line < mark.line {
            return unclosed(
                "a bracket", Int(parser.context_mark.line), Int(parser.context_mark.column),
                "close it before line \(mark.line + 1), which can't be a part of it")
        }
        // The reader's errors (bytes that are no text) carry no mark.
        let isPlaced = parser.error != YAML_READER_ERROR
        return ConfigurationProblem(
            source: isPlaced ? source(Int(mark.line), Int(mark.column)) : .file(file, line: 0, column: 0),
            key: "",
            observed: context.isEmpty
                ? "YAML that can't be read: \(said)" : "YAML that can't be read: \(said) \(context)",
            expected: "keys and values, one for each line",
            remedy: remedy(said, context, line, isTab: lines.byte(Int(mark.line), Int(mark.column)) == 0x09))
    }

    private static func remedy(_ said: String, _ context: String, _ line: String, isTab: Bool) -> String? {
        if isTab { return "a tab stands here; YAML wants spaces, two for each level" }
        if let variable = VariableReference(in: line), variable.isBraced {
            return "${\(variable.name)} has brackets that mean something to YAML; put quotes around the text. "
                + "But nothing would replace it: \(variable.remedy(for: ""))"
        }
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
