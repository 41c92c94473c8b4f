import Configuration
import ProxyCore
import Testing
import Wire

@testable import Tools

@Suite struct `What the command line of run says` {
    private func options(_ arguments: String...) throws -> RunOptions {
        try RunOptions(FlagParser.parse(arguments, for: RunCommand.definition))
    }

    @Test func `the command stands behind the dashes, flags and all`() throws {
        let options = try options(
            "--backend-port", "8001", "--restart", "on-failure", "--start-timeout", "2m", "--", "uvicorn", "--port", "{port}")
        #expect(options.command == ["uvicorn", "--port", "{port}"])
        #expect(options.port == 8001 && options.restart == .onFailure && options.startTimeout == .seconds(120))
        let plain = try self.options("--", "x")
        #expect(plain.port == nil && plain.restart == .never && plain.startTimeout == .seconds(60))
    }

    @Test(arguments: [["x"], ["--"], ["--upstream", "http://a:1", "--", "x"], ["--restart", "always", "--", "x"]])
    func `what can't be meant is a fault of usage`(_ arguments: [String]) {
        #expect(throws: FlagParser.UsageError.self) { try FlagParser.parse(arguments, for: RunCommand.definition) }
    }

    @Test(arguments: [
        ("--backend-port", "0"), ("--backend-port", "65536"), ("--backend-port", "http"), ("--start-timeout", "5"),
        ("--start-timeout", "0s"),
    ])
    func `a value that can't be used is said with what can`(_ flag: String, _ value: String) throws {
        let error = #expect(throws: RunOptions.Problem.self) { try options("\(flag)=\(value)", "--", "x") }
        #expect(error?.description.contains(value) == true)
    }

    @Test func `the back-off doubles from half a second to thirty`() {
        #expect(
            [1, 2, 3, 6, 7, 8, 99].map { RunOptions.backOff($0).nanoseconds / 1_000_000 } == [
                500, 1000, 2000, 16000, 30000, 30000, 30000,
            ])
    }

    @Test(arguments: [
        ("{port}", "81"), ("127.0.0.1:{port}", "127.0.0.1:81"), ("{port}{port}", "8181"), ("{prt}", "{prt}"), ("", ""),
    ])
    func `{port} in a word is replaced wherever it stands`(_ word: String, _ filled: String) {
        #expect(BackendProcess.filled(word, 81) == filled)
    }

    @Test(arguments: [
        "", "match: {path: /ws}", "routes: [{match: {path: /api}, upstream: http://127.0.0.1:1}, {match: {path: /}}]",
    ])
    func `a route that names no upstream goes to the command`(_ text: String) throws {
        let backend = Endpoint(scheme: .http, host: "127.0.0.1", port: 81)
        let snapshot = try Snapshot.decode(Array(text.utf8), file: "a.yaml", backend: backend)
        #expect(snapshot.routes.routes.contains { snapshot.clusters[$0.clusterIndex].endpoints == [backend] })
    }

    @Test(arguments: [
        "upstream: http://127.0.0.1:1", "{clusters: {a: {endpoints: [http://127.0.0.1:1]}}, cluster: a}",
        "routes: [{match: {path: /}, upstream: http://127.0.0.1:1}]",
    ])
    func `a configuration in which nothing goes to the command is refused with what to remove`(_ text: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try Snapshot.decode(Array(text.utf8), file: "a.yaml", backend: Endpoint(scheme: .http, host: "127.0.0.1", port: 81))
        }
        #expect(error?.problems.count == 1 && "\(error?.problems.first as Any)".contains("remove"))
    }
}
