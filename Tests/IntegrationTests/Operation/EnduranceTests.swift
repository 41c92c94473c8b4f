import Foundation
import Glibc
import Testing

/// How often what takes long is repeated: briefly in the suite, at the numbers of the threat model with `make soak`.
enum Endurance {
    static let isFull = getenv("GATEHOUSE_SOAK") != nil

    static func times(_ brief: Int, full: Int) -> Int { isFull ? full : brief }
}

extension Integration {
    /// Threats that need many repetitions, each named by its row in the threat model.
    @Suite struct EnduranceTests {
        // F11: ports.
        @Test(.enabled(if: geteuid() == 0, "makes a network of its own"), arguments: IOBackend.available)
        func `without local ports an upgrade gets 503, nothing spins, and the next one is served`(io: IOBackend) throws {
            let scratch = try ScratchFolder()
            let child = try ChildProcess(
                "unshare",
                [
                    "-n", Repository.python, Repository.peer("scarce_ports.py"), Repository.gatehouse, scratch.file("g.yaml"),
                    io.rawValue,
                ],
                output: scratch.file("out"), errors: scratch.file("errors"))
            let exit = child.waitForExit(within: 60)
            guard exit == .code(0) else {
                // No right to a network of its own: said, not failed.
                if scratch.read("errors").contains("unshare") { return print("not tested here: \(scratch.read("errors"))") }
                throw HarnessFailure("\(String(describing: exit)): \(scratch.read("errors"))")
            }
            let told = try JSON(parsing: scratch.read("out"))
            let statuses = told["statuses"].elements.compactMap(\.integer)
            #expect(statuses.filter { $0 == 101 }.count == 10, "\(statuses)")
            #expect(statuses.filter { $0 == 503 }.count == 10, "\(statuses)")
            #expect(told["retries"].integer == 10)
            #expect((told["spent"].number ?? 9) < 0.2, "\(told["spent"]) s of CPU in a second")
            #expect(told["later"].integer == 101)
            #expect(told["down"].elements.compactMap(\.integer) == [502], "a socket that is connected with itself: \(told["down"])")
        }

        // F12: memory. What slow peers may hold is bounded, so that a crowd that asks for more than there is finds it slow and not killed.
        @Test(.enabled(if: geteuid() == 0, "makes a control group of its own"), arguments: IOBackend.available)
        func `with 128 MiB a crowd that doesn't read is survived, and whoever comes after is served`(io: IOBackend) throws {
            let isOld = FileManager.default.fileExists(atPath: "/sys/fs/cgroup/memory")
            let group = (isOld ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup") + "/gatehouse-test-\(getpid())-\(io.rawValue)"
            let limit = group + (isOld ? "/memory.limit_in_bytes" : "/memory.max")
            guard mkdir(group, 0o755) == 0 else { return print("not tested here: \(group) can't be made: errno \(errno)") }
            defer { _ = holds(within: 5) { rmdir(group) == 0 } }
            guard (try? "\(128 << 20)".write(toFile: limit, atomically: false, encoding: .utf8)) != nil else {
                return print("not tested here: \(limit) can't be written")
            }
            let scratch = try ScratchFolder()
            let load = URL(fileURLWithPath: Repository.gatehouse).deletingLastPathComponent().appendingPathComponent(
                "gatehouse-load"
            ).path
            let backend = try ChildProcess(
                load, ["serve", "--port", "0"], output: scratch.file("backend"), errors: scratch.file("errors"))
            let address = try eventually {
                try scratch.read("backend").split(separator: "\n").first.map { try JSON(parsing: $0) }?["address"].text
            }
            let ledger = Ledger(path: scratch.file("ledger"))
            try scratch.write(
                "listen: 127.0.0.1:0\nadmin: off\nupstream: http://\(try #require(address))\nlimits: {upgrades_in_flight: 10000}\n",
                to: "g.yaml")
            let child = try ChildProcess(
                "/bin/sh",
                ["-c", "echo $$ > \(group)/cgroup.procs; exec \"$@\"", "sh", Repository.gatehouse, "serve"]
                    + ["--config", scratch.file("g.yaml"), "--io", io.rawValue, "--workers", "2", "--log-format", "json"],
                output: ledger.path, errors: scratch.file("errors"))
            defer {
                child.send(SIGKILL)
                _ = child.waitForExit(within: 5)
            }
            let port = try #require(
                try ledger.wait(for: "listener.ready", within: 20)["address"].text?.split(separator: ":").last.flatMap {
                    UInt16($0)
                })
            // Each asks for 12 MiB (of thousands half a MiB, because the backend has it all in its memory) and reads nothing: more than ten times the
            // limit.
            let crowd = try (0..<Endurance.times(150, full: 3_000)).map { _ in
                let client = try RawConnection(port: port, receiveBuffer: 4096)
                try client.send(Upgrade.request("/stream?n=\(Endurance.times(200, full: 8))&s=65536"))
                try client.send(Frame.text("go", masked: true))
                return client
            }
            #expect(try ledger.wait(forAll: crowd.count, "session.opened", within: 60).count >= crowd.count)
            // And beside them others that do read, through the same process.
            let echo = try ChildProcess(
                load,
                ["run", "-m", "echo", "-c", "\(Endurance.times(100, full: 2_000))", "-s", "65536", "-w", "4"]
                    + ["-d", "\(Endurance.times(2, full: 60))", "ws://127.0.0.1:\(port)/"],
                output: scratch.file("report"), errors: scratch.file("errors"))
            #expect(echo.waitForExit(within: 120) == .code(0), "\(scratch.read("report"))")
            #expect(child.exit == nil, "\(String(describing: child.exit))")
            #expect(try ledger.all("memory.limited").first?["limit_bytes"].integer == 128 << 20)
            let peak = try String(
                contentsOfFile: group + (isOld ? "/memory.max_usage_in_bytes" : "/memory.peak"), encoding: .utf8)
            print(
                "\(io): at most \(peak.dropLast()) bytes of 134217728, \(try ledger.all("session.shed").count) sessions ended for it"
            )
            withExtendedLifetime((crowd, backend)) {}
        }

        // F13: what a session takes is given back.
        @Test(arguments: IOBackend.available)
        func `after many upgrades descriptors, threads and memory are where they were`(io: IOBackend) throws {
            let scratch = try ScratchFolder()
            let load = URL(fileURLWithPath: Repository.gatehouse).deletingLastPathComponent().appendingPathComponent(
                "gatehouse-load"
            ).path
            let backend = try ChildProcess(
                load, ["serve", "--port", "0"], output: scratch.file("backend"), errors: scratch.file("errors"))
            let address = try eventually {
                try scratch.read("backend").split(separator: "\n").first.map { try JSON(parsing: $0) }?["address"].text
            }
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://\(try #require(address))", "log: {format: json, output: \(scratch.file("log"))}",
                listeners: 0,
                workers: 2, output: "/dev/null")
            func listening() throws -> UInt16? {
                try scratch.read("log").split(separator: "\n").first { $0.contains("listener.ready") }
                    .map { try JSON(parsing: $0) }?["address"].text?.split(separator: ":").last.flatMap { UInt16($0) }
            }
            let port = try #require(try eventually { try listening() })
            /// Upgrades and ends sessions, most by a reset; how many.
            func upgrades(_ seconds: Double) throws -> Int {
                _ = unlink(scratch.file("report"))
                let child = try ChildProcess(
                    load, ["run", "-m", "connect", "-c", "64", "-d", "\(seconds)", "ws://127.0.0.1:\(port)/"],
                    output: scratch.file("report"), errors: scratch.file("errors"))
                _ = child.waitForExit(within: seconds + 60)
                return try JSON(parsing: scratch.read("report"))["units"].integer ?? 0
            }
            func threads() -> Int {
                (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(gatehouse.child.pid)/task").count) ?? 0
            }
            _ = try upgrades(1)
            let rested = { gatehouse.child.openDescriptors }
            var (descriptors, memory) = (0, 0)
            // Kept until nothing moves any more: the base to come back to.
            #expect(
                holds(within: 10) {
                    defer { descriptors = rested() }; return rested() == descriptors && descriptors < 100
                })
            memory = gatehouse.child.residentMemory
            let base = threads()
            var done = 0
            let wanted = Endurance.times(1_500, full: 100_000)
            let deadline = ContinuousClock.now + .seconds(Endurance.times(30, full: 900))
            while done < wanted, ContinuousClock.now < deadline { done += try upgrades(Double(Endurance.times(1, full: 10))) }
            #expect(done >= wanted, "only \(done) upgrades in time")
            #expect(holds(within: 15) { rested() <= descriptors }, "\(rested()) descriptors, \(descriptors) before")
            #expect(threads() == base)
            #expect(
                holds(within: 15) { gatehouse.child.residentMemory < memory + (8 << 20) },
                "\(gatehouse.child.residentMemory >> 10) KiB, \(memory >> 10) KiB before \(done) upgrades")
            withExtendedLifetime(backend) {}
        }

        // E11: both ends at once, and in the middle of something large.
        @Test(arguments: IOBackend.available)
        func `ends that cross each other end a session once, and nobody gets another one's bytes`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url, "timeouts: {closing: 1s}", workers: 2)
            var random = SystemRandomNumberGenerator()
            let rounds = Endurance.times(60, full: 10_000)
            for round in 0..<rounds {
                let session = try RawSession(through: gatehouse, to: origin)
                let canary = { (side: String) in String(repeating: "<\(side) \(round)>", count: 1_500) }
                let (up, down) = (Frame.text(canary("up"), masked: true), Frame.text(canary("down")))
                let (whole, cut) = (Bool.random(using: &random), Int.random(in: 1..<up.count, using: &random))
                _ = try session.client.sendWhatFits(whole ? up : Array(up[..<cut]), within: 1)
                _ = try session.backend.sendWhatFits(whole ? down : Array(down[..<min(cut, down.count - 1)]), within: 1)
                let ends: [() throws -> Void] = [
                    { _ = try session.client.sendWhatFits(Frame.close(1000, masked: true), within: 1) },
                    { _ = try session.backend.sendWhatFits(Frame.close(1000), within: 1) },
                    { session.client.finishSending() }, { session.backend.finishSending() },
                ]
                for end in ends.shuffled(using: &random).prefix(Int.random(in: 1...4, using: &random)) { try? end() }
                for (connection, own) in [(session.client, "<down \(round)>"), (session.backend, "<up \(round)>")] {
                    // Not all of it has come by now, and need not: what is there is this session's.
                    if try connection.isSilent(for: 0.005) { continue }
                    _ = try connection.receive()
                    let text = String(decoding: connection.pending, as: UTF8.self)
                    for piece in text.split(separator: "<").dropFirst() where piece.contains(">") {
                        guard "<\(piece)".hasPrefix(own) else {
                            Issue.record("round \(round): <\(piece.prefix(40)) in place of \(own)")
                            break
                        }
                    }
                }
                session.client.close()
                session.backend.close()
            }
            // Exactly one end each, and the process lives.
            let lines = try gatehouse.ledger.wait(forAll: rounds, "session.closed", within: 30)
            #expect(Set(lines.compactMap { $0["session"].text }).count == rounds)
            #expect(try gatehouse.ledger.all("session.closed").count == rounds)
            let last = try RawSession(through: gatehouse, to: origin)
            let text = Frame.text("alive", masked: true)
            try last.client.send(text)
            #expect(try last.backend.read(text.count) == text)
        }

        // F16: a backend that is killed over and over.
        @Test(arguments: IOBackend.available)
        func `a backend killed in a loop under load crosses no messages, and every end has its cause`(io: IOBackend) throws {
            // Below the range of local ports, so that no client's end takes it while the backend is down.
            let port = try #require((20_000..<30_000).shuffled().first { (try? RawConnection(port: $0)) == nil })
            let load = URL(fileURLWithPath: Repository.gatehouse).deletingLastPathComponent().appendingPathComponent(
                "gatehouse-load"
            ).path
            let scratch = try ScratchFolder()
            func start() throws -> ChildProcess {
                // The kernel gives a killed ring's sockets back a moment after the process: the port may be taken still.
                let started = try eventually(within: 20) { () -> ChildProcess? in
                    _ = unlink(scratch.file("backend"))
                    let child = try ChildProcess(
                        load, ["serve", "--port", "\(port)"], output: scratch.file("backend"), errors: scratch.file("errors"))
                    _ = holds { scratch.read("backend").contains("listener.ready") || child.exit != nil }
                    return child.exit == nil ? child : nil
                }
                guard let started else { throw HarnessFailure("the backend did not start: \(scratch.read("errors"))") }
                return started
            }
            var backend = try start()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://127.0.0.1:\(port)", "timeouts: {connect: 1s}", workers: 2)
            let crowd = EchoingCrowd(clients: 4, port: gatehouse.port)
            for round in 0..<Endurance.times(6, full: 200) {
                let before = crowd.echoes
                #expect(holds(within: 20) { crowd.echoes > before + 40 }, "round \(round): nothing comes back")
                backend.send(SIGKILL)
                _ = backend.waitForExit(within: 5)
                backend = try start()
            }
            let told = crowd.stop()
            #expect(told.crossed.isEmpty, "\(told.crossed.prefix(3))")
            #expect(told.codes.keys.allSatisfy { [1001, 1011, 1012, 1013, 1014].contains($0) }, "\(told.codes)")
            #expect(told.statuses.keys.allSatisfy { [101, 502, 503, 504].contains($0) }, "\(told.statuses)")
            #expect(gatehouse.child.exit == nil)
            let ends = try gatehouse.ledger.all("session.closed")
            #expect(!ends.isEmpty && ends.allSatisfy { $0["first"].text != nil })
        }

        // F19: reload upon reload, and at the wrong moments.
        @Test(arguments: IOBackend.available)
        func `a reload every 100 ms under load fails nobody`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url, workers: 2)
            let crowd = ConnectingCrowd(clients: 4, port: gatehouse.port)
            let rounds = Endurance.times(30, full: 600)
            let began = ContinuousClock.now
            for round in 0..<rounds {
                gatehouse.child.send(SIGHUP)
                // Two at once now and then: they are taken one after the other.
                if round % 5 == 0 { gatehouse.child.send(SIGHUP) }
                if round % 10 == 9 {
                    try gatehouse.rewrite(upstream: Peer.shared(.node).url, "limits: {head: \(16 + round % 7)KiB}")
                }
                _ = holds(within: 0.2) { ContinuousClock.now >= began + .milliseconds(100 * (round + 1)) }
            }
            let faults = crowd.stop()
            #expect(faults.isEmpty, "\(faults.count) of \(crowd.count): \(faults.prefix(3))")
            #expect(crowd.count > rounds)
            #expect(try gatehouse.ledger.all("config.reloaded").count >= rounds / 2)
            #expect(try gatehouse.ledger.all("config.rejected").isEmpty)
            // A listener that moves is refused and the old one stays; a reload in a drain changes nothing.
            try gatehouse.rewrite(upstream: Peer.shared(.node).url, "listen: 127.0.0.1:\(try RawBackend().port)")
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(for: "config.rejected")
            #expect(try gatehouse.exchange(Forwarding.get("/bytes?n=5")).text == "bbbbb")
            gatehouse.child.send(SIGTERM)
            gatehouse.child.send(SIGHUP)
            #expect(gatehouse.child.waitForExit(within: 10) == .code(0))
        }

        // A drain of many; `Tests/Scripts/drain` is the one of 9,000.
        @Test(arguments: IOBackend.available)
        func `a drain of 200 sessions gives each its close inside the window`(io: IOBackend) throws {
            let scratch = try ScratchFolder()
            let load = URL(fileURLWithPath: Repository.gatehouse).deletingLastPathComponent().appendingPathComponent(
                "gatehouse-load"
            ).path
            let backend = try ChildProcess(
                load, ["serve", "--port", "0"], output: scratch.file("backend"), errors: scratch.file("errors"))
            let address = try eventually {
                try scratch.read("backend").split(separator: "\n").first.map { try JSON(parsing: $0) }?["address"].text
            }
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://\(try #require(address))", "drain: {window: 2s, timeout: 4s}", workers: 2)
            let client = try ChildProcess(
                load, ["run", "-m", "drain", "-c", "200", "-d", "30", "ws://127.0.0.1:\(gatehouse.port)/"],
                output: scratch.file("report"), errors: scratch.file("errors"))
            #expect(
                try eventually(within: 20) {
                    try gatehouse.admin("/metrics").text.contains("gatehouse_sessions_live 200\n") ? true : nil
                } == true)
            let took = seconds {
                gatehouse.child.send(SIGTERM)
                #expect(gatehouse.child.waitForExit(within: 10) == .code(0))
            }
            #expect(took > 1.5 && took < 4, "\(took) s")
            #expect(client.waitForExit(within: 20) == .code(0))
            let report = try JSON(parsing: scratch.read("report"))
            #expect(report["close_codes"]["1001"].integer == 200, "\(report)")
            #expect(report["errors"].integer == 0)
            #expect((report["close_span_s"].number ?? 0) > 1, "not spread: \(report["close_span_s"])")
            withExtendedLifetime(backend) {}
        }
    }
}

/// Clients that open sessions, send numbered messages of their own and hold each echo against them, and begin anew when a session ends.
final class EchoingCrowd: @unchecked Sendable {
    struct Told {
        var echoes = 0
        var crossed: [String] = []
        var codes: [Int: Int] = [:]
        var statuses: [Int: Int] = [:]
        var cuts = 0
    }

    private let lock = NSLock()
    private var isOver = false
    private var told = Told()
    private let clients: Int
    private let done = DispatchSemaphore(value: 0)

    init(clients: Int, port: UInt16) {
        self.clients = clients
        for client in 0..<clients {
            Thread { [self] in
                var session = 0
                while !lock.withLock({ isOver }) {
                    session += 1
                    do { try talk(port, "client \(client) session \(session)") } catch { lock.withLock { told.cuts += 1 } }
                }
                done.signal()
            }.start()
        }
    }

    var echoes: Int { lock.withLock { told.echoes } }

    private func talk(_ port: UInt16, _ name: String) throws {
        let connection = try RawConnection(port: port, timeout: 10)
        try connection.send(Upgrade.request())
        let status = Response.status(of: try connection.readHead())
        lock.withLock { told.statuses[status ?? 0, default: 0] += 1 }
        guard status == 101 else { return }
        for number in 0..<200 where !lock.withLock({ isOver }) {
            let text = "\(name) message \(number) " + String(repeating: "x", count: number * 7 % 500)
            try connection.send(Frame.text(text, masked: true))
            let frame = try connection.readFrame()
            if let code = frame.closeCode { return lock.withLock { told.codes[Int(code), default: 0] += 1 } }
            lock.withLock {
                told.echoes += 1
                if frame.text != text { told.crossed.append("\(frame.text) in place of \(text)") }
            }
        }
    }

    func stop() -> Told {
        lock.withLock { isOver = true }
        for _ in 0..<clients { done.wait() }
        return lock.withLock { told }
    }
}
