import Foundation
import Testing

extension Integration {
    /// The commands as a shell sees them: what they print, and their exit codes.
    @Suite struct CommandTests {
        private func run(
            _ arguments: [String], environment: [String: String] = [:], within seconds: Double = 20
        ) throws -> (exit: ChildProcess.Exit?, output: String, errors: String) {
            let scratch = try ScratchFolder()
            let child = try ChildProcess(
                Repository.gatehouse, arguments, output: scratch.file("out"), errors: scratch.file("errors"),
                environment: environment)
            let exit = child.waitForExit(within: seconds)
            return (exit, scratch.read("out"), scratch.read("errors"))
        }

        @Test func `demo --once shows a session, a refusal and its verdict, and ends with 0`() throws {
            let (exit, output, errors) = try run(["demo", "--once"])
            #expect(exit == .code(0), "\(output)\(errors)")
            for words in ["403", "101", "origin", "https://"] {
                #expect(output.contains(words), "no \(words) in: \(output)")
            }
            #expect(
                output.contains("origin-not-allowed") || output.contains("origin-not-same-host")
                    || output.contains("Origin"))
            #expect(!output.contains("\u{1B}"), "colour where there is no terminal")
        }

        @Test func `demo stays up until it is told to stop`() throws {
            let scratch = try ScratchFolder()
            let child = try ChildProcess(
                Repository.gatehouse, ["demo"], output: scratch.file("out"), errors: scratch.file("errors"))
            #expect(holds(within: 20) { scratch.read("out").contains("Ctrl-C") }, "\(scratch.read("out"))")
            #expect(child.exit == nil)
            child.send(SIGINT)
            #expect(child.waitForExit(within: 10) == .code(0))
        }

        @Test func `version and help go to standard output with 0, nonsense to standard error with 2`() throws {
            let version = try run(["version"])
            #expect(version.exit == .code(0))
            #expect(version.output.contains(/\d+\.\d+/))
            for command in ["serve", "demo", "check-config", "version"] {
                let help = try run([command, "--help"])
                #expect(help.exit == .code(0), "\(command)")
                #expect(help.output.contains("gatehouse \(command)"), "\(command)")
            }
            for nonsense in [
                ["nonsense"], ["serve", "--nonsense"], ["serve", "--io", "magic", "--upstream", "http://127.0.0.1:1"],
            ] {
                let told = try run(nonsense)
                #expect(told.exit == .code(2), "\(nonsense): \(told)")
                #expect(!told.errors.isEmpty && told.output.isEmpty, "\(nonsense): \(told)")
            }
        }

        @Test func `check-config tells each error with its place, the key and the nearest right one`() throws {
            let scratch = try ScratchFolder()
            let bad = try scratch.write(
                "upstream: http://127.0.0.1:1\ntimeouts:\n  hed: 10s\nlimits: {fields: many}\n", to: "bad.yaml")
            let told = try run(["check-config", bad])
            #expect(told.exit == .code(1))
            #expect(told.output.contains("bad.yaml:3:3"))
            #expect(told.output.contains("head"))
            #expect(told.output.contains("bad.yaml:4:"))
            #expect(told.output.contains("many"))
            let json = try JSON(parsing: try run(["check-config", "--json", bad]).output)
            #expect(json["problems"].elements.count == 2)
            let good = try scratch.write("upstream: http://127.0.0.1:1\n", to: "good.yaml")
            #expect(try run(["check-config", good]).exit == .code(0))
            #expect(try run(["check-config", scratch.file("absent.yaml")]).exit == .code(2))
        }

        @Test func `serve without a place to forward to says what to do`() throws {
            let told = try run(["serve"])
            #expect(told.exit == .code(2))
            #expect(told.errors.contains("upstream"))
        }

        @Test func `a port that is taken and an admin listener open to all are refused at the start`() throws {
            let taken = try RawBackend()
            let told = try run([
                "serve", "--listen", "127.0.0.1:\(taken.port)", "--upstream", "http://127.0.0.1:1", "--admin-listen",
                "127.0.0.1:0",
            ])
            #expect(told.exit != .code(0) && told.exit != nil)
            #expect(told.errors.contains("\(taken.port)"))
            #expect(told.errors.contains("with --listen"))
            let admin = try run([
                "serve", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1", "--admin-listen",
                "127.0.0.1:\(taken.port)",
            ])
            #expect(admin.exit != .code(0) && admin.exit != nil)
            #expect(admin.errors.contains("\(taken.port)") && admin.errors.contains("with --admin-listen"), "\(admin.errors)")
            let open = try run([
                "serve", "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1", "--admin-listen", "0.0.0.0:0",
            ])
            #expect(open.exit == .code(2))
            #expect(open.errors.contains("token"))
        }

        @Test func `a second Gatehouse doesn't take half of the first one's clients`() throws {
            let first = try GatehouseProcess(io: .epoll, "upstream: http://127.0.0.1:1")
            let told = try run([
                "serve", "--listen", "127.0.0.1:\(first.port)", "--upstream", "http://127.0.0.1:1", "--admin-listen", "off",
            ])
            #expect(told.exit != .code(0) && told.exit != nil)
            #expect(told.errors.contains("\(first.port)") && told.errors.contains("another process"), "\(told.errors)")
        }

        @Test(arguments: IOBackend.available)
        func `a platform's PORT is where it listens, and a flag beats it`(io: IOBackend) throws {
            let port = try RawBackend().port
            let other = try RawBackend().port
            for (arguments, expected) in [([], port), (["--listen", "127.0.0.1:\(other)"], other)] {
                let scratch = try ScratchFolder()
                let child = try ChildProcess(
                    Repository.gatehouse,
                    ["serve", "--upstream", "http://127.0.0.1:1", "--io", io.rawValue, "--admin-listen", "127.0.0.1:0"]
                        + arguments,
                    output: scratch.file("out"), errors: scratch.file("errors"), environment: ["PORT": "\(port)"])
                // Whoever had the port before may still take a connection: its own word is what counts.
                #expect(holds(within: 20) { scratch.read("out").contains("listener.ready") }, "\(scratch.read("errors"))")
                #expect((try? RawConnection(port: expected)) != nil)
                child.send(SIGTERM)
                #expect(child.waitForExit(within: 10) == .code(0))
            }
        }
    }
}
