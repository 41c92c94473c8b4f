import Foundation
import Testing

/// `gatehouse run` with a backend of the tests as its command.
final class RunningGatehouse {
    let scratch: ScratchFolder
    let ledger: Ledger
    let child: ChildProcess

    /// - Parameters:
    ///   - behaviours: of `run_backend.py`; nil where `command` says what is run
    ///   - log: where the ledger goes: a file of its own, or the standard output with everything else
    init(
        _ behaviours: [String]? = [], command: [String] = [], flags: [String] = [], listen: String = "127.0.0.1:0",
        configuration: String = "", drain: String = "{window: 100ms, timeout: 5s}", logsToOutput: Bool = false,
        environment: [String: String] = [:], scratch: ScratchFolder? = nil
    ) throws {
        let scratch = try scratch ?? ScratchFolder()
        self.scratch = scratch
        ledger = Ledger(path: scratch.file("ledger.jsonl"))
        try scratch.write(
            """
            listen: \(listen)
            admin: off
            log: {format: json, output: \(logsToOutput ? "stdout" : scratch.file("ledger.jsonl"))}
            drain: \(drain)
            \(configuration)

            """, to: "gatehouse.yaml")
        let run = behaviours.map { [Repository.python, Repository.peer("run_backend.py")] + $0 } ?? command
        child = try ChildProcess(
            Repository.gatehouse, ["run", "--config", scratch.file("gatehouse.yaml"), "--workers", "1"] + flags + ["--"] + run,
            output: scratch.file("out"), errors: scratch.file("err"), environment: environment)
    }

    func port() throws -> UInt16 {
        let address = try ledger.wait(for: "listener.ready", within: 20)["address"].text ?? ""
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw HarnessFailure(address) }
        return port
    }

    func get(_ path: String = "/") throws -> Response {
        let connection = try RawConnection(port: port())
        try connection.send("GET \(path) HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
        return try connection.readResponse()
    }

    func open(_ path: String = "/ws") throws -> RawConnection {
        let connection = try RawConnection(port: port())
        try connection.send(Upgrade.request(path, with: ("Origin", "https://x.example")))
        let head = try connection.readHead()
        guard Response.status(of: head) == 101 else { throw HarnessFailure(head) }
        return connection
    }

    var output: [UInt8] { Array(FileManager.default.contents(atPath: scratch.file("out")) ?? Data()) }

    func backendPID() throws -> pid_t { pid_t(try ledger.wait(for: "backend.ready", within: 20)["pid"].integer ?? 0) }

    /// The verdict on a start that came to nothing.
    func failure(within seconds: Double = 20) throws -> JSON { try ledger.wait(for: "backend.failed", within: seconds)["verdict"] }
}

extension Integration {
    @Suite struct RunTests {
        private func isAlive(_ pid: pid_t) -> Bool {
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
            return stat.split(separator: ")").last?.first(where: { $0 != " " }) != "Z"
        }

        private func freePort() throws -> UInt16 { try RawBackend().port }

        // MARK: In good order

        @Test func `the backend gets a private port, Gatehouse the public one, and SIGTERM ends both with the backend's code`()
            throws
        {
            let run = try RunningGatehouse()
            let text = try run.get().text
            let pid = try run.backendPID()
            let given = try run.ledger.wait(for: "backend.ready")["port"].integer ?? 0
            #expect(text == "PORT=\(given) pid=\(pid)")
            let session = try run.open()
            run.child.send(SIGTERM)
            #expect(try session.readFrame().closeCode == 1001)
            try session.send(Frame.close(1001, masked: true))
            #expect(run.child.waitForExit(within: 20) == .code(143))
            #expect(!isAlive(pid))
            let end = try run.ledger.wait(for: "backend.ended")
            #expect(end["asked"].bool == true && end["signal"].integer == 15 && end["verdict"].isNull)
            #expect(try run.ledger.all("backend.failed").isEmpty)
        }

        @Test func `{port} in the command and --backend-port say where it listens`() throws {
            let port = try freePort()
            let run = try RunningGatehouse(["port={port}"], flags: ["--backend-port", "\(port)"])
            #expect(try run.get().text.hasPrefix("PORT=\(port) "))
        }

        @Test func `the public port opens when the backend listens, not before`() throws {
            let scratch = try ScratchFolder()
            let port = try freePort()
            let run = try RunningGatehouse(["waits=\(scratch.file("go"))"], listen: "127.0.0.1:\(port)")
            _ = try run.ledger.wait(for: "backend.started", within: 20)
            #expect(throws: (any Error).self) { try RawConnection(port: port) }
            #expect(try run.ledger.all("listener.ready").isEmpty)
            try scratch.write("", to: "go")
            #expect(try run.get().status == 200)
        }

        @Test func `SIGHUP reloads and stays with Gatehouse, SIGUSR1 goes to the backend`() throws {
            let run = try RunningGatehouse(["tells-HUP", "tells-USR1"])
            _ = try run.port()
            run.child.send(SIGHUP)
            _ = try run.ledger.wait(for: "config.reloaded")
            #expect(run.output.isEmpty)
            run.child.send(SIGUSR1)
            #expect(holds { String(decoding: run.output, as: UTF8.self) == "got a signal\n" })
        }

        @Test func `what the backend says of a refusal decides its verdict`() throws {
            let run = try RunningGatehouse()
            let connection = try RawConnection(port: run.port())
            try connection.send(Upgrade.request("/refuse", with: ("Origin", "https://x.example")))
            #expect(Response.status(of: try connection.readHead()) == 403)
            let line = try run.ledger.wait(for: "session.verdict")
            #expect(line["verdict"]["cause"].text == "origin-not-allowed", "\(line)")
            #expect(
                line["verdict"]["evidence"].elements.contains {
                    $0["what"].text == "backend output" && $0["observed"].text == "https://x.example is not an accepted origin."
                }, "\(line)")
        }

        // MARK: Output

        @Test func `a megabyte without a line end, and bytes that are no text, pass untouched and in bounded memory`() throws {
            let run = try RunningGatehouse(["writes"])
            #expect(try run.get().status == 200)
            let expected =
                [0xFF, 0xFE] + Array(" not text\n".utf8) + [UInt8](repeating: 0x78, count: 1 << 20) + Array("\nlast line\n".utf8)
            #expect(holds { run.output.count == expected.count })
            #expect(run.output == expected)
            #expect(run.child.residentMemory < 64 << 20)
        }

        @Test func `lines of the backend and of the ledger do not tear each other on one output`() throws {
            let run = try RunningGatehouse(["chatters"], logsToOutput: true)
            let lines = { String(decoding: run.output, as: UTF8.self).split(separator: "\n") }
            #expect(holds(within: 20) { lines().contains { $0.contains("listener.ready") } })
            let address = try lines().first { $0.contains("listener.ready") }.map { try JSON(parsing: $0) }?["address"].text
            let port = try #require(address?.split(separator: ":").last.flatMap { UInt16($0) })
            for _ in 0..<20 {
                let connection = try RawConnection(port: port)
                try connection.send("GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
                #expect(try connection.readResponse().status == 200)
            }
            #expect(holds(within: 20) { lines().contains("half 399 line") })
            #expect(holds { lines().filter { $0.contains("http.request") }.count == 20 })
            for line in lines() where !line.hasPrefix("half ") { #expect((try? JSON(parsing: line)) != nil, "torn: \(line)") }
            #expect(lines().filter { $0.hasPrefix("half ") && $0.hasSuffix(" line") }.count == 400)
        }

        @Test func `a backend that closes its output goes on serving`() throws {
            let run = try RunningGatehouse(["closes-output"])
            #expect(try run.get().status == 200)
            #expect(run.child.exit == nil)
        }

        // MARK: Endings

        @Test func `what the backend forked ends with it, even if it ignores SIGTERM`() throws {
            let run = try RunningGatehouse(["forks"])
            _ = try run.get()
            let word = String(decoding: run.output, as: UTF8.self).split(whereSeparator: \.isWhitespace).dropFirst().first
            let grandchild = try #require(word.flatMap { pid_t($0) })
            #expect(isAlive(grandchild))
            run.child.send(SIGTERM)
            #expect(run.child.waitForExit(within: 20) == .code(143))
            #expect(holds { !isAlive(grandchild) })
        }

        @Test func `a backend that ignores SIGTERM is killed when the drain's time is over`() throws {
            let run = try RunningGatehouse(["ignores-term"], drain: "{window: 100ms, timeout: 1s}")
            _ = try run.get()
            run.child.send(SIGTERM)
            #expect(run.child.waitForExit(within: 15) == .code(137))
            #expect(try run.ledger.all("backend.killed").count == 1)
            #expect(try run.ledger.all("process.stopped").count == 1)
        }

        @Test func `a second signal ends everything at once`() throws {
            let run = try RunningGatehouse(["ignores-term"], drain: "{window: 30s, timeout: 60s}")
            let pid = try run.backendPID()
            let session = try run.open()
            run.child.send(SIGTERM)
            _ = try run.ledger.wait(for: "process.draining")
            run.child.send(SIGINT)
            #expect(run.child.waitForExit(within: 10) == .code(130))
            #expect(holds { !isAlive(pid) })
            withExtendedLifetime(session) {}
        }

        @Test func `a backend that dies takes its sessions along, and the ledger says why`() throws {
            let run = try RunningGatehouse()
            let other = try run.open()
            let session = try run.open("/die")
            try session.send(Frame.text("now", masked: true))
            for connection in [session, other] {
                _ = try connection.readToEnd()
                connection.close()
            }
            #expect(run.child.waitForExit(within: 20) == .code(3))
            let end = try run.ledger.wait(for: "backend.ended")
            #expect(end["exit"].integer == 3 && end["asked"].bool == false)
            #expect(end["last_output"].texts == ["Error: the database is gone"])
            let verdicts = try run.ledger.all("session.verdict").map { $0["verdict"] }
            #expect(
                verdicts.contains { $0["cause"].text == "server-crashed" && "\($0["evidence"])".contains("exit code 3") },
                "\(verdicts)")
            #expect(try run.ledger.all("session.closed").count == 2)
        }

        @Test func `--restart on-failure starts it again behind the open port`() throws {
            let run = try RunningGatehouse(flags: ["--restart", "on-failure"])
            let first = try run.backendPID()
            let session = try run.open("/die")
            try session.send(Frame.text("now", masked: true))
            let lines = try run.ledger.wait(forAll: 2, "backend.ready", within: 20)
            #expect(lines[1]["pid"].integer != Int(first) && lines[1]["port"] == lines[0]["port"])
            #expect(try run.ledger.wait(for: "backend.restarts")["in_ms"].number == 500)
            #expect(try run.get().status == 200)
            run.child.send(SIGTERM)
            #expect(run.child.waitForExit(within: 20) == .code(143))
        }

        // MARK: Starts that come to nothing

        @Test func `a command that isn't there ends with 127, a file that can't be executed with 126`() throws {
            let run = try RunningGatehouse(nil, command: ["no-such-command-here"])
            #expect(run.child.waitForExit(within: 20) == .code(127))
            #expect(try run.failure()["title"].text == "The command was not found")
            #expect(run.scratch.read("err").contains("PATH"))
            let file = try run.scratch.write("text", to: "plain.txt")
            let other = try RunningGatehouse(nil, command: [file])
            #expect(other.child.waitForExit(within: 20) == .code(126))
            #expect(try other.failure()["title"].text == "The command can't be executed")
        }

        @Test func `a backend that ends at once is a verdict with its last lines, and its code is ours`() throws {
            let run = try RunningGatehouse(nil, command: ["/bin/sh", "-c", "echo no module named app >&2; exit 5"])
            #expect(run.child.waitForExit(within: 20) == .code(5))
            let verdict = try run.failure()
            #expect(verdict["cause"].text == "upstream-refused" && verdict["confidence"].text == "proven")
            #expect(verdict["evidence"].elements.contains { $0["observed"].text == "no module named app" }, "\(verdict)")
            #expect(verdict["title"].text == "The backend ended before it accepted a connection")
            #expect(run.scratch.read("err").contains("no module named app\n"))
            #expect(run.scratch.read("err").contains("process: "), "what was seen isn't told: \(run.scratch.read("err"))")
            #expect(try run.ledger.all("listener.ready").isEmpty)
        }

        @Test func `an address in use is named as such`() throws {
            let taken = try RawBackend()
            let run = try RunningGatehouse(["port=\(taken.port)"])
            #expect(run.child.waitForExit(within: 20) == .code(1))
            let verdict = try run.failure()
            #expect(verdict["title"].text == "The backend ended: the address that it wants is in use", "\(verdict)")
            #expect("\(verdict["evidence"])".contains("Address already in use"))
        }

        @Test func `another port, another address, the public port or none: each is said, and the exit code is 3`() throws {
            let elsewhere = try freePort()
            let open = try freePort()
            for (behaviours, listen, words) in [
                (["port=\(elsewhere)"], "127.0.0.1:0", "listens on 127.0.0.1:\(elsewhere), not on port"),
                (["address=::1"], "127.0.0.1:0", "another address than 127.0.0.1"),
                (["port=\(open)"], "127.0.0.1:\(open)", "the public port that is Gatehouse's"),
                (["listens-nowhere"], "127.0.0.1:0", "listens on nothing"),
            ] {
                let run = try RunningGatehouse(
                    behaviours, flags: ["--start-timeout", words.hasSuffix("nothing") ? "1s" : "6s"], listen: listen)
                let verdict = try run.failure()
                #expect(verdict["title"].text?.contains(words) == true, "\(verdict)")
                #expect(verdict["cause"].text == "upstream-refused" && !verdict["fix"].texts.isEmpty)
                #expect(run.child.waitForExit(within: 20) == .code(3))
            }
        }

        @Test func `a configuration without a way to the command, and a port that is taken, end with 2 before anything starts`()
            throws
        {
            let taken = try RawBackend()
            for (flags, listen, configuration, words) in [
                ([], "127.0.0.1:0", "upstream: http://127.0.0.1:1", "gatehouse run starts"),
                (["--backend-port", "\(taken.port)"], "127.0.0.1:0", "", "another process listens there"),
                (["--backend-port", "0"], "127.0.0.1:0", "", "1 to 65535"),
                ([], "127.0.0.1:\(taken.port)", "", "another process uses"),
                (["--start-timeout", "5"], "127.0.0.1:0", "", "unit"),
                (["--upstream", "http://127.0.0.1:1"], "127.0.0.1:0", "", "--upstream"),
            ] as [([String], String, String, String)] {
                let run = try RunningGatehouse(flags: flags, listen: listen, configuration: configuration)
                #expect(run.child.waitForExit(within: 20) == .code(2))
                #expect(run.scratch.read("err").contains(words), "\(run.scratch.read("err"))")
                #expect(try run.ledger.all("backend.started").isEmpty)
            }
        }
    }
}
