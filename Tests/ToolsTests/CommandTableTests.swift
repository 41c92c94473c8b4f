import Configuration
import Testing

@testable import Tools

struct CommandTableTests {
    private func help(_ arguments: [String]) -> String? {
        if case .help(let text) = CommandTable.request(arguments) { text } else { nil }
    }

    private func misunderstood(_ arguments: [String]) -> String? {
        if case .misunderstood(let text) = CommandTable.request(arguments) { text } else { nil }
    }

    @Test(arguments: CommandTable.names)
    func `help with a command's name is the command's own help`(_ name: String) throws {
        let text = try #require(help(["help", name]))
        #expect(text == help([name, "--help"]) && text == help(["--help", name]) && text.contains("Usage: gatehouse \(name)"))
    }

    @Test func `help alone lists every command`() throws {
        for arguments in [[], ["help"], ["--help"], ["-h"], ["help", "help"]] {
            let text = try #require(help(arguments))
            for name in CommandTable.names { #expect(text.contains("\n  \(name) "), "\(name)") }
        }
    }

    @Test(
        arguments: [
            (["serv"], "did you mean gatehouse serve?"), (["chekc-config", "x"], "did you mean gatehouse check-config?"),
            (["check_cofnig"], "did you mean gatehouse check-config?"), (["--hlep"], "did you mean gatehouse --help?"),
            (["help", "diagnos"], "did you mean gatehouse diagnose?"),
            (["ws://127.0.0.1/ws"], "did you mean gatehouse diagnose URL?"),
            (["--upstream", "http://a"], "flags stand behind the command"),
            (["serve", "--upstraem", "x"], "did you mean --upstream?"),
            (["nonsense"], "Commands: serve, run,"),
        ] as [([String], String)])
    func `what is not understood names the nearest right one, in a few lines`(_ arguments: [String], _ words: String) throws {
        let text = try #require(misunderstood(arguments))
        #expect(text.contains(words), "\(text)")
        #expect(text.split(separator: "\n").count <= 3)
    }

    @Test func `a command's flags go to the command`() throws {
        guard case .run(let command, let flags) = CommandTable.request(["explain", "--stack", "nginx", "idle-timeout"]) else {
            return #expect(Bool(false))
        }
        #expect(command.name == "explain" && flags["stack"] == "nginx" && flags.positionals == ["idle-timeout"])
        guard case .run(let version, _) = CommandTable.request(["--version"]) else { return #expect(Bool(false)) }
        #expect(version.name == "version")
    }

    @Test func `a name's control characters do not reach the terminal`() throws {
        #expect(try #require(misunderstood(["\u{1B}]0;x"])).unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
    }
}
