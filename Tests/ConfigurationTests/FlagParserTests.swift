import Configuration
import Testing

struct FlagParserTests {
    private let command = CommandDefinition(
        name: "gatehouse diagnose", about: "Finds out why an upgrade fails.",
        flags: [
            FlagDefinition("origin", value: "ORIGIN", "The Origin to send."),
            FlagDefinition("field", value: "NAME: VALUE", repeatable: true, "A field to send."),
            FlagDefinition("color", value: "WHEN", words: ["auto", "always", "never"], "When to use colour."),
            FlagDefinition("json", "Print JSON."),
        ], positionals: ["URL"], examples: ["gatehouse diagnose wss://app.example.com/ws"])

    private func faults(_ arguments: [String], _ command: CommandDefinition? = nil) -> [String] {
        do {
            _ = try FlagParser.parse(arguments, for: command ?? self.command)
            return []
        } catch { return error.faults }
    }

    @Test func `values stand behind a space or an equals sign`() throws {
        let result = try FlagParser.parse(
            ["--origin=https://a", "ws://b", "--field", "A: 1", "--field=B: =2", "--json"], for: command)
        #expect(result["origin"] == "https://a")
        #expect(result.all("field") == ["A: 1", "B: =2"])
        #expect(result.has("json") && !result.has("color") && !result.wantsHelp)
        #expect(result.positionals == ["ws://b"] && result.rest == nil)
        #expect(result.settings == ["origin": "https://a", "field": "B: =2", "json": ""])
    }

    @Test(
        arguments: [
            (["--orign", "x", "u"], "unknown flag --orign; did you mean --origin?"),
            (["-json", "u"], "unknown flag -json; did you mean --json?"),
            (["-x", "u"], "unknown flag -x; flags have two dashes"),
            (["u", "--origin"], "--origin needs a value: --origin ORIGIN"),
            (["u", "--origin", "--json"], "--origin needs a value: --origin ORIGIN"),
            (["u", "--origin="], "--origin needs a value: --origin ORIGIN"),
            (["u", "--json=yes"], "--json takes no value, and was given \"yes\""),
            (["--origin", "a", "--origin", "b", "u"], "--origin was given twice"),
            (["u", "--color", "alwys"], "--color is \"alwys\", and accepts auto, always, never; did you mean always?"),
            ([], "needs URL"), (["a", "b"], "does not know what to do with \"b\""),
            (["u", "--\u{1B}[31m"], "unknown flag --\\u{1B}[31m"),
        ] as [([String], String)])
    func `a fault says what was meant`(_ arguments: [String], _ expected: String) {
        #expect(faults(arguments).contains(expected), "\(faults(arguments))")
    }

    @Test func `every fault is collected`() {
        #expect(faults(["--a", "--b", "--json=1"]).count == 4)
    }

    @Test func `the value of a misspelt flag is no fault of its own`() {
        #expect(faults(["--orign", "x", "u"]) == ["unknown flag --orign; did you mean --origin?"])
        #expect(faults(["--jsno", "u"]) == ["unknown flag --jsno; did you mean --json?"])
    }

    @Test func `help asks for nothing else`() throws {
        #expect(try FlagParser.parse(["--unknown", "--help"], for: command).wantsHelp)
        #expect(try FlagParser.parse(["-h"], for: command).wantsHelp)
    }

    @Test func `behind two dashes everything is the rest`() throws {
        let run = CommandDefinition(
            name: "gatehouse run", about: "Wraps a command.", flags: [FlagDefinition("json", "J.")], rest: "COMMAND …")
        let result = try FlagParser.parse(["--json", "--", "uvicorn", "--port", "{port}", "--json"], for: run)
        #expect(result.rest == ["uvicorn", "--port", "{port}", "--json"] && result.positionals.isEmpty)
        #expect(faults([], run) == ["needs -- COMMAND …"] && faults(["--"], run) == ["needs -- COMMAND …"])
        #expect(try FlagParser.parse(["--", "--json"], for: command).positionals == ["--json"])
    }

    @Test func `optional and repeated positionals`() throws {
        let one = CommandDefinition(name: "x", about: "X.", positionals: ["[FILE]"])
        let many = CommandDefinition(name: "x", about: "X.", positionals: ["FILE…"])
        #expect(faults([], one).isEmpty && faults(["a"], one).isEmpty && !faults(["a", "b"], one).isEmpty)
        #expect(!faults([], many).isEmpty && faults(["a", "b", "-"], many).isEmpty)
    }

    @Test func `the configuration's flags are known by name`() throws {
        let names = FlagDefinition.configuration.map(\.name)
        for name in ["config", "listen", "upstream", "io", "workers", "log-format"] { #expect(names.contains(name)) }
        let serve = CommandDefinition(name: "gatehouse serve", about: "Serves.", flags: FlagDefinition.configuration)
        let result = try FlagParser.parse(["--upstream", "http://a", "--workers=2"], for: serve)
        #expect(try Snapshot.load(file: nil, flags: result.settings).workers == 2)
    }
}
