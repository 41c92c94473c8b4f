/// Arguments against a command's definition.
///
/// Long flags only: `--name value`, `--name=value`, `--name` for the ones without a value. A value may begin with a dash only
/// in the form with `=`, so that a forgotten value isn't filled by the next flag. Behind `--` everything is the rest.
/// `--help` is always known, and with it nothing else is a fault.
public struct FlagParser {
    /// What was given.
    public struct Result: Sendable, Hashable {
        /// The values of each flag that was given, in order; one empty text for a flag without value.
        public fileprivate(set) var values: [String: [String]] = [:]
        public fileprivate(set) var positionals: [String] = []
        /// What stood behind `--`; nil if there was none.
        public fileprivate(set) var rest: [String]?

        /// The value of the flag `name`, if it was given.
        public subscript(name: String) -> String? { values[name]?.last }

        /// Every value of a flag that may be repeated.
        public func all(_ name: String) -> [String] { values[name] ?? [] }

        /// Whether the flag `name` was given.
        public func has(_ name: String) -> Bool { values[name] != nil }

        /// Whether `--help` was given.
        public var wantsHelp: Bool { has("help") }

        /// Name and value of every flag that was given: what `Snapshot.load` takes.
        public var settings: [String: String] { values.compactMapValues(\.last) }
    }

    /// Every fault of a command line. Its exit code is 2.
    public struct UsageError: Error, Sendable, Hashable, CustomStringConvertible {
        /// One sentence each; at least one.
        public let faults: [String]
        /// The command, for the hint at its help.
        public let command: String

        public var description: String {
            faults.map { "\(command): \($0)" }.joined(separator: "\n") + "\nSee \(command) --help."
        }
    }

    private let command: CommandDefinition
    private var result = Result()
    private var faults: [String] = []

    private init(_ command: CommandDefinition) { self.command = command }

    /// What `arguments` (without the command's own name) say.
    ///
    /// - Throws: Everything that is wrong with them.
    public static func parse(_ arguments: [String], for command: CommandDefinition) throws(UsageError) -> Result {
        var parser = FlagParser(command)
        parser.read(arguments)
        if parser.result.wantsHelp { return parser.result }
        parser.checkPositionals()
        guard parser.faults.isEmpty else { throw UsageError(faults: parser.faults, command: command.name) }
        return parser.result
    }

    private mutating func read(_ arguments: [String]) {
        var index = arguments.startIndex
        while index < arguments.endIndex {
            let argument = arguments[index]
            index += 1
            if argument == "--" {
                let rest = Array(arguments[index...])
                if command.rest == nil { result.positionals += rest } else { result.rest = rest }
                return
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                result.positionals.append(argument)
                continue
            }
            flag(argument, arguments, &index)
        }
    }

    private mutating func flag(_ argument: String, _ arguments: [String], _ index: inout Int) {
        if argument == "-h" { return add("help", "") }
        let body = argument.drop { $0 == "-" }
        let equals = body.firstIndex(of: "=")
        let name = String(body[..<(equals ?? body.endIndex)])
        let given = equals.map { String(body[body.index(after: $0)...]) }
        if argument.hasPrefix("--"), name == "help" { return add("help", "") }
        guard argument.hasPrefix("--"), let definition = command.flags.first(where: { $0.name == name }) else {
            return unknown(argument, name, hasValue: equals != nil, arguments, &index)
        }
        guard let placeholder = definition.value else {
            if let given { return faults.append("--\(name) takes no value, and was given \(Excerpt.quoted(given))") }
            return add(name, "")
        }
        var value = given
        if value == nil, index < arguments.endIndex, !arguments[index].hasPrefix("-") || arguments[index] == "-" {
            value = arguments[index]
            index += 1
        }
        guard let value, !value.isEmpty else {
            return faults.append("--\(name) needs a value: --\(name) \(placeholder)")
        }
        if !definition.words.isEmpty, !definition.words.contains(value) {
            let nearest = NearestName.of(value, among: definition.words).map { "; did you mean \($0)?" } ?? ""
            let accepted = definition.words.joined(separator: ", ")
            return faults.append("--\(name) is \(Excerpt.quoted(value)), and accepts \(accepted)\(nearest)")
        }
        if result.has(name), !definition.isRepeatable { return faults.append("--\(name) was given twice") }
        add(name, value)
    }

    private mutating func add(_ name: String, _ value: String) { result.values[name, default: []].append(value) }

    private mutating func unknown(
        _ argument: String, _ name: String, hasValue: Bool, _ arguments: [String], _ index: inout Int
    ) {
        let shown = Excerpt.plain(String(argument.prefix { $0 != "=" }), limit: 64)
        let near = NearestName.of(name, among: command.flags.map(\.name) + ["help"])
        let nearest = near.map { "; did you mean --\($0)?" } ?? ""
        let verbatim = argument.hasPrefix("--") ? "" : "; flags have two dashes"
        faults.append("unknown flag \(shown)\(nearest.isEmpty ? verbatim : nearest)")
        // The value of the flag that was meant is no argument of its own: one slip is one fault.
        if !hasValue, let near, command.flags.contains(where: { $0.name == near && $0.value != nil }),
            index < arguments.endIndex, !arguments[index].hasPrefix("-")
        {
            index += 1
        }
    }

    private mutating func checkPositionals() {
        let needed = command.positionals.filter { !$0.hasPrefix("[") }
        let isOpen = command.positionals.last?.contains("…") ?? false
        if result.positionals.count < needed.count {
            faults.append("needs " + needed.dropFirst(result.positionals.count).joined(separator: " and "))
        }
        if !isOpen, result.positionals.count > command.positionals.count {
            let extra = result.positionals[command.positionals.count]
            faults.append("does not know what to do with \(Excerpt.quoted(extra))")
        }
        if let rest = command.rest, result.rest?.isEmpty ?? true { faults.append("needs -- \(rest)") }
    }
}
