import Foundation
import Glibc
import Testing

extension Integration {
    /// Hot restart: one process after another behind the same port, and nobody who connects notices.
    @Suite struct RestartTests {
        private func ok(_ gatehouse: GatehouseProcess, port: UInt16) throws -> Bool {
            try gatehouse.exchange("GET /bytes?n=5 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", port: port).text
                == "bbbbb"
        }

        private func folder() throws -> (ScratchFolder, control: String) {
            let scratch = try ScratchFolder()
            return (scratch, scratch.file("control"))
        }

        /// What the peer tells; its errors if it tells nothing.
        private func talk(_ control: String, _ mode: String) throws -> JSON {
            let scratch = try ScratchFolder()
            let child = try ChildProcess(
                Repository.python, [Repository.peer("restart_peer.py"), "talk", control, mode], output: scratch.file("out"),
                errors: scratch.file("errors"))
            _ = child.waitForExit(within: 20)
            let text = scratch.read("out")
            guard !text.isEmpty else { return .text(scratch.read("errors")) }
            return try JSON(parsing: Substring(text.split(separator: "\n")[0]))
        }

        @Test(arguments: IOBackend.available)
        func `five restarts under load refuse and reset nobody`(io: IOBackend) throws {
            // A name, so that the new process has to know it before it serves.
            let line = try RestartLine(
                io: io, upstream: "http://localhost:\(Peer.shared(.node).port)", "drain: {window: 100ms, timeout: 5s}")
            #expect(holds { (try? ok(line.first, port: line.first.port)) == true })
            let crowd = ConnectingCrowd(clients: 4, port: line.first.port)
            for round in 1...5 {
                let before = crowd.count
                #expect(holds(within: 20) { crowd.count > before + 20 }, "round \(round): the crowd stands still")
                try line.restart()
            }
            let before = crowd.count
            #expect(holds(within: 20) { crowd.count > before + 20 })
            let faults = crowd.stop()
            #expect(faults.isEmpty, "\(faults.count) of \(crowd.count): \(faults.prefix(5))")
            #expect(line.first.child.waitForExit(within: 15) == .code(0))
            #expect(try line.ledger.all("restart.taken_over").last?["generation"].integer == 5)
            line.stop()
            #expect(try line.ledger.all("restart.failed").isEmpty)
        }

        @Test(arguments: IOBackend.available)
        func `a new process with the same path takes over, and the old one drains and ends with code 0`(io: IOBackend) throws {
            let (scratch, control) = try folder()
            let origin = try RawBackend()
            let configuration = "restart: {socket: \(control)}\ndrain: {window: 300ms, timeout: 5s}"
            let old = try GatehouseProcess(io: io, upstream: origin.url, configuration, workers: 2)
            var status = stat()
            #expect(lstat(control, &status) == 0 && status.st_mode & 0o777 == 0o600)
            let session = try RawSession(through: old, to: origin)
            let waiting = try old.connect()
            let new = try GatehouseProcess(io: io, upstream: origin.url, configuration, workers: 3)
            #expect(new.port == old.port)
            #expect(try new.adminPort() == old.adminPort())
            #expect(try new.ledger.wait(for: "restart.taken_over")["predecessor"].integer == Int(old.child.pid))
            #expect(try old.ledger.wait(for: "restart.handed_over")["successor"].integer == Int(new.child.pid))
            // Accepted by the old one before: its first request is served still, and by it.
            try waiting.send(Forwarding.get("/waiting"))
            let backend = try origin.accept()
            #expect(try backend.readHead().hasPrefix("GET /waiting "))
            try backend.send(Forwarding.ok)
            let response = try waiting.readResponse()
            #expect(response.text == "ok" && response.lists("close", in: "Connection"))
            #expect(try session.client.readFrame().closeCode == 1001)
            try session.client.send(Frame.close(1001, masked: true))
            #expect(try session.backend.readFrame().closeCode == 1001)
            try session.backend.send(Frame.close(1001))
            session.backend.close()
            session.client.close()
            #expect(old.child.waitForExit(within: 10) == .code(0))
            let later = try RawSession(through: new, to: origin)
            let text = Frame.text("served by the new one", masked: true)
            try later.client.send(text)
            #expect(try later.backend.read(text.count) == text)
            #expect(try new.admin("/metrics").text.contains("gatehouse_restart_generation 1\n"))
            #expect(lstat(control, &status) == 0, "the control socket went with the old process")
            later.client.close()
            later.backend.close()
            #expect(new.stop() == .code(0))
            #expect(lstat(control, &status) != 0, "the last one leaves the control socket behind")
            withExtendedLifetime(scratch) {}
        }

        @Test(arguments: IOBackend.available)
        func `a lone connection right behind a hand-over waits for no other to come`(io: IOBackend) throws {
            let line = try RestartLine(
                io: io, upstream: Peer.shared(.node).url, "drain: {window: 0s, timeout: 2s}")
            for round in 1...12 {
                try line.restart()
                for number in 0..<3 {
                    // Where the kernel had woken the process that goes, nobody else would look into the queue.
                    let connection = try RawConnection(port: line.first.port, timeout: 8)
                    try connection.send("GET /bytes?n=5 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    #expect(try connection.readResponse().text == "bbbbb", "round \(round), connection \(number)")
                }
            }
            line.stop()
        }

        @Test(arguments: IOBackend.available)
        func `a successor that can't start changes nothing, and the ledger says why`(io: IOBackend) throws {
            let line = try RestartLine(io: io, upstream: Peer.shared(.node).url)
            try line.first.rewrite(upstream: Peer.shared(.node).url, "limits: {hed: 1KiB}")
            kill(line.pid, SIGUSR2)
            let failed = try line.ledger.wait(for: "restart.failed")
            #expect(failed["reason"].text?.contains("hed") == true, "\(failed)")
            #expect(failed["level"].text == "error")
            #expect(try ok(line.first, port: line.first.port))
            #expect(try line.first.admin("/metrics").text.contains("gatehouse_restarts_failed_total 1\n"))
            try line.first.rewrite(upstream: Peer.shared(.node).url, "limits: {head: 16KiB}")
            try line.restart()
            #expect(try ok(line.first, port: line.first.port))
            #expect(line.first.child.waitForExit(within: 10) == .code(0))
            line.stop()
        }

        @Test(arguments: IOBackend.available)
        func `whatever comes to the control socket, the running process goes on`(io: IOBackend) throws {
            let (scratch, control) = try folder()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.node).url, "restart: {socket: \(control), timeout: 1s}", workers: 2)
            let descriptors = gatehouse.child.openDescriptors
            for mode in ["garbage", "half", "version", "empty-lines", "large", "ready-first", "verb", "descriptors"] {
                let told = try talk(control, mode)
                #expect(told["text"].text?.hasPrefix("gatehouse-restart 1 refused\n") == true, "\(mode): \(told)")
            }
            for (mode, words) in [
                ("hang", "not ready within 1 s"), ("crash", "ended before it was ready"), ("twice", "out of turn"),
                ("refuse", "no certificate here"),
            ] {
                let before = try gatehouse.ledger.all("restart.failed").count
                _ = try talk(control, mode)
                let line = try gatehouse.ledger.wait(forAll: before + 1, "restart.failed")[before]
                #expect(line["reason"].text?.contains(words) == true, "\(mode): \(line)")
            }
            #expect(try talk(control, "silence")["seconds"].number ?? 0 > 3)
            _ = try gatehouse.ledger.wait(forAll: 9, "restart.refused")
            #expect(try ok(gatehouse, port: gatehouse.port))
            #expect(holds { gatehouse.child.openDescriptors <= descriptors + 1 }, "descriptors leak")
            // And a real one is still served.
            let new = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url, "restart: {socket: \(control)}")
            #expect(gatehouse.child.waitForExit(within: 10) == .code(0))
            #expect(try ok(new, port: gatehouse.port))
            withExtendedLifetime(scratch) {}
        }

        @Test(.enabled(if: geteuid() == 0, "needs to become another user"))
        func `another user is turned away even where the file lets it in`() throws {
            let (scratch, control) = try folder()
            let gatehouse = try GatehouseProcess(io: .epoll, upstream: Peer.shared(.node).url, "restart: {socket: \(control)}")
            #expect(chmod(scratch.path, 0o755) == 0 && chmod(control, 0o666) == 0)
            let told = try talk(control, "other-user")
            #expect(told["text"].text?.contains("a peer of user 65534") == true, "\(told)")
            #expect(told["passed"].integer == 0)
            #expect(try gatehouse.ledger.wait(for: "restart.refused")["observed"].text?.contains("65534") == true)
            #expect(try ok(gatehouse, port: gatehouse.port))
        }

        @Test(arguments: ["garbage", "version", "missing", "more", "no-socket", "end"])
        func `a running process that answers wrongly stops the start with a sentence`(mode: String) throws {
            let (scratch, control) = try folder()
            let peer = try ChildProcess(
                Repository.python, [Repository.peer("restart_peer.py"), "pretend", control, mode], output: scratch.file("out"),
                errors: scratch.file("errors"))
            #expect(holds { scratch.read("out").contains("ready") })
            let error = #expect(throws: HarnessFailure.self) {
                try GatehouseProcess(io: .epoll, upstream: "http://127.0.0.1:1", "restart: {socket: \(control)}")
            }
            let told = error.map { "\($0)" } ?? ""
            #expect(told.contains("exit code 2"), "\(told)")
            #expect(told.contains("can't be taken over") || told.contains("can't be served"), "\(told)")
            #expect(peer.waitForExit(within: 10) == .code(0))
            #expect(scratch.read("out").contains("gatehouse-restart 1 take"))
        }

        @Test func `what a killed process left at the path is replaced, and what isn't ours is not`() throws {
            let (scratch, control) = try folder()
            let old = try GatehouseProcess(io: .epoll, upstream: Peer.shared(.node).url, "restart: {socket: \(control)}")
            old.child.send(SIGKILL)
            _ = old.child.waitForExit(within: 5)
            let new = try GatehouseProcess(io: .epoll, upstream: Peer.shared(.node).url, "restart: {socket: \(control)}")
            #expect(try ok(new, port: new.port))
            #expect(new.stop() == .code(0))
            try scratch.write("somebody's", to: "control")
            #expect(throws: HarnessFailure.self) {
                try GatehouseProcess(io: .epoll, upstream: Peer.shared(.node).url, "restart: {socket: \(control)}")
            }
            #expect(scratch.read("control") == "somebody's")
            #expect(unlink(control) == 0 && chmod(scratch.path, 0o777) == 0)
            let error = #expect(throws: HarnessFailure.self) {
                try GatehouseProcess(io: .epoll, upstream: Peer.shared(.node).url, "restart: {socket: \(control)}")
            }
            #expect(error.map { "\($0)" }?.contains("other users may write") == true)
        }

        @Test func `the command restarts, waits, and says when it came to nothing`() throws {
            let (scratch, control) = try folder()
            let line = try RestartLine(io: .epoll, upstream: Peer.shared(.node).url, "restart: {socket: \(control)}")
            func run() throws -> ChildProcess {
                try ChildProcess(
                    Repository.gatehouse, ["restart", "--config", line.first.scratch.file("gatehouse.yaml")],
                    output: scratch.file("out"), errors: scratch.file("errors"))
            }
            #expect(try run().waitForExit(within: 30) == .code(0))
            try line.followed()
            #expect(scratch.read("out").contains("process \(line.pid) accepts connections"))
            #expect(line.first.child.waitForExit(within: 10) == .code(0))
            // The next one of the line is asked in the same way; its new configuration wants TLS where there is none.
            let authority = try CertificateAuthority()
            let certificate = try authority.issue("localhost")
            try line.first.rewrite(
                upstream: Peer.shared(.node).url,
                """
                restart: {socket: \(control)}
                listen: {address: 127.0.0.1:\(line.first.port), tls: {certificate: \(certificate.certificate), key: \(certificate.key)}}
                """)
            #expect(try run().waitForExit(within: 30) == .code(1))
            #expect(scratch.read("errors").contains("a hot restart can't change that"), "\(scratch.read("errors"))")
            #expect(try ok(line.first, port: line.first.port))
            withExtendedLifetime(authority) {}
            line.stop()
            let nobody = try ChildProcess(
                Repository.gatehouse, ["restart", "--socket", control], output: scratch.file("out"), errors: scratch.file("errors"))
            #expect(nobody.waitForExit(within: 10) == .code(3))
        }

        @Test func `the first of a line stays where it is told to, passes signals on and ends as the last`() throws {
            let line = try RestartLine(
                io: .epoll, upstream: Peer.shared(.node).url, "restart: {stay: always}\ndrain: {window: 0s, timeout: 3s}")
            try line.restart()
            _ = try line.ledger.wait(for: "restart.guarding")
            #expect(line.first.child.exit == nil)
            // Signals go to the first, as a platform sends them: reload, restart, stop.
            line.first.child.send(SIGHUP)
            _ = try line.ledger.wait(for: "config.reloaded")
            line.first.child.send(SIGUSR2)
            try line.followed()
            let third = line.pid
            line.first.child.send(SIGHUP)
            _ = try line.ledger.wait(forAll: 2, "config.reloaded")
            #expect(try ok(line.first, port: line.first.port))
            line.first.child.send(SIGTERM)
            #expect(line.first.child.waitForExit(within: 10) == .code(0))
            #expect(holds { kill(third, 0) != 0 }, "the last of the line outlives the first")
        }

        @Test(.enabled(if: geteuid() == 0, "makes a space of process ids of its own"))
        func `as process 1 of a container it restarts, passes signals on and ends as the last`() throws {
            let scratch = try ScratchFolder()
            let ledger = Ledger(path: scratch.file("ledger.jsonl"))
            try scratch.write(
                "listen: 127.0.0.1:0\nadmin: off\nupstream: \(Peer.shared(.node).url)\ndrain: {window: 0s, timeout: 3s}\n",
                to: "g.yaml")
            let child = try ChildProcess(
                "unshare",
                ["--pid", "--fork", "--kill-child", Repository.gatehouse, "serve", "--config", scratch.file("g.yaml")]
                    + ["--io", "epoll", "--log-format", "json"],
                output: ledger.path, errors: scratch.file("errors"))
            _ = holds { child.exit != nil || (try? ledger.all("listener.ready").isEmpty) == false }
            if scratch.read("errors").contains("unshare failed") { return print("not tested here: \(scratch.read("errors"))") }
            #expect(try ledger.wait(for: "process.started")["pid"].integer == 1)
            let port = try #require(
                try ledger.wait(for: "listener.ready")["address"].text?.split(separator: ":").last.flatMap { UInt16($0) })
            let children = (try? String(contentsOfFile: "/proc/\(child.pid)/task/\(child.pid)/children", encoding: .utf8)) ?? ""
            let first = try #require(children.split(separator: " ").first.flatMap { pid_t($0) })
            for round in 1...2 {
                kill(first, SIGUSR2)
                _ = try ledger.wait(forAll: round, "restart.taken_over", within: 20)
                #expect(try ledger.all("restart.failed").isEmpty)
                let connection = try RawConnection(port: port)
                try connection.send("GET /bytes?n=5 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                #expect(try connection.readResponse().text == "bbbbb")
                _ = try ledger.wait(for: "restart.guarding")
            }
            #expect(child.exit == nil)
            kill(first, SIGTERM)
            #expect(child.waitForExit(within: 10) == .code(0))
        }

        @Test func `gatehouse run says that it has no hot restart`() throws {
            let scratch = try ScratchFolder()
            try scratch.write("listen: 127.0.0.1:0\nadmin: off\nrestart: {socket: \(scratch.file("control"))}\n", to: "g.yaml")
            let child = try ChildProcess(
                Repository.gatehouse, ["run", "--config", scratch.file("g.yaml"), "--", "true"], output: scratch.file("out"),
                errors: scratch.file("errors"))
            #expect(child.waitForExit(within: 10) == .code(2))
            #expect(scratch.read("errors").contains("hot restart is not offered here"))
        }
    }
}
