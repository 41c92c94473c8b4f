import Foundation
import Testing

extension Integration {
    /// The disk under a capture fills up, stands still, and comes back: that costs captured packets, counted and named, and never traffic.
    @Suite struct TapDiskTests {
        /// A Gatehouse that captures, a backend, and what is said through them.
        private struct Captured {
            let scratch: ScratchFolder
            let origin: RawBackend
            let gatehouse: GatehouseProcess

            var captures: Captures { Captures(directory: scratch.file("captures")) }

            init(_ capture: String = "", launcher: (String) -> [String] = { _ in [] }) throws {
                scratch = try ScratchFolder()
                let folder = scratch.file("captures")
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
                origin = try RawBackend()
                gatehouse = try GatehouseProcess(
                    io: .epoll, upstream: origin.url, "capture: {directory: \(folder), mode: always\(capture)}",
                    launcher: launcher(folder))
            }

            func open() throws -> RawSession { try RawSession(through: gatehouse, to: origin) }

            /// The server says so many messages of that size, and the client gets each of them as it is.
            func say(_ count: Int, of size: Int, on session: RawSession) throws {
                let message = Frame.binary((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                for _ in 0..<count {
                    try session.backend.send(message)
                    #expect(try session.client.read(message.count) == message)
                }
            }

            /// What of `/api/capture` is a number.
            func figure(_ name: String) throws -> Int {
                try JSON(parsing: gatehouse.admin("/api/capture").text)[name].integer ?? -1
            }

            func metric(_ name: String) throws -> Double {
                let line = try gatehouse.admin("/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
                return line.flatMap { Double($0.split(separator: " ")[1]) } ?? -1
            }
        }

        private func close(_ session: RawSession) throws {
            try session.client.send(Frame.close(1000, masked: true))
            _ = try session.backend.readFrame()
            try session.backend.send(Frame.close(1000))
            session.backend.finishSending()
            _ = try session.client.readToEnd()
            session.client.close()
        }

        /// Whether a mount of our own may be made: a small file system that nobody else sees.
        private static let mayMount: Bool = {
            guard getuid() == 0, let unshare = Repository.find("unshare") else { return false }
            return (try? run(unshare, ["-m", "--", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]))?.exit == .code(0)
        }()

        @Test(.enabled(if: mayMount, "a small file system of its own needs root and unshare(1) that may mount"))
        func `a full disk costs packets, counted and named, and no traffic; with room again the capture goes on`() throws {
            let captured = try Captured { folder in
                ["unshare", "-m", "--", "sh", "-c", "mount -t tmpfs -o size=2m,mode=700 tmpfs '\(folder)' && exec \"$0\" \"$@\""]
            }
            // The same directory as the process sees it.
            let inside = "/proc/\(captured.gatehouse.child.pid)/root\(captured.scratch.file("captures"))"
            try Data(count: 1400 << 10).write(to: URL(fileURLWithPath: inside + "/ballast"))
            let session = try captured.open()
            let name = try captured.gatehouse.ledger.wait(for: "session.opened")["session"].text ?? "none"
            // Its beginning is written while there is room: a file that gets nothing at all is taken away again.
            #expect(
                holds {
                    Captures(directory: inside).files.contains { file in
                        ((try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? 0) > 0
                    }
                })
            try captured.say(20, of: 50_000, on: session)
            let failed = try captured.gatehouse.ledger.wait(for: "capture.failed")
            #expect(failed["operation"].text == "write" && failed["errno"].integer == Int(ENOSPC), "\(failed)")
            try captured.say(20, of: 50_000, on: session)
            #expect(holds { (try? captured.figure("dropped") > 0) == true })
            #expect(try captured.figure("errno") == Int(ENOSPC))
            #expect(try captured.metric("gatehouse_capture_packets_dropped_total") > 0)

            try FileManager.default.removeItem(atPath: inside + "/ballast")
            // It tries anew every few seconds, as soon as something is said.
            #expect(
                try holds(within: 30) {
                    try captured.say(1, of: 100, on: session)
                    return try captured.figure("errno") == 0
                })
            let dropped = try captured.gatehouse.ledger.wait(for: "capture.dropped")
            #expect(dropped["because"].text == "disk" && (dropped["packets"].integer ?? 0) > 0, "\(dropped)")
            #expect(
                dropped["sessions"].integer == 1 && dropped["names"].texts == [name], "\(dropped)")
            try close(session)
            let after = try captured.open()
            try captured.say(3, of: 1000, on: after)
            try close(after)
            let closed = try captured.gatehouse.ledger.wait(forAll: 2, "session.closed")

            // Its file system goes with the process, so the files are fetched once everything is in them.
            let fetched = captured.scratch.file("fetched")
            #expect(
                try holds(within: 10) {
                    try? FileManager.default.removeItem(atPath: fetched)
                    try FileManager.default.copyItem(atPath: inside, toPath: fetched)
                    let found = try Captures(directory: fetched).sessions()
                    return found[closed[1]["session"].text ?? ""]?["outcome"].text == "closed"
                })
            let files = Captures(directory: fetched).files
            #expect(files.count == 2, "one that was cut back, and one after it: \(files)")
            for file in files {
                let lines = try Captures.analyze([file])
                #expect(lines.last?["files"].elements.allSatisfy { $0["cut_bytes"].isNull } == true, "\(file): whole blocks alone")
            }
            let whole = try #require(try Captures(directory: fetched).sessions()[closed[1]["session"].text ?? ""])
            #expect(whole["transport"]["missing_bytes"].integer == 0)
            #expect(whole["upstream"]["frames"]["binary"].integer == 3)
        }

        /// Whether another process's thread may be made to stand still: some containers let nobody trace.
        private static let mayStall: Bool = {
            guard let scratch = try? ScratchFolder(), let sleep = Repository.find("sleep"),
                let idle = try? ChildProcess(sleep, ["60"], output: scratch.file("idle"), errors: scratch.file("idle.errors"))
            else { return false }
            defer {
                idle.send(SIGKILL)
                _ = idle.waitForExit(within: 5)
            }
            guard
                let stall = try? ChildProcess(
                    Repository.python, [Repository.peer("stall_thread.py"), "\(idle.pid)", "sleep"], output: scratch.file("stall"),
                    errors: scratch.file("stall.errors"))
            else { return false }
            _ = holds { scratch.read("stall").contains("\n") || stall.exit != nil }
            let isStalled = scratch.read("stall") == "stalled\n"
            stall.send(SIGTERM)
            _ = stall.waitForExit(within: 5)
            return isStalled
        }()

        @Test(.enabled(if: mayStall, "a thread of another process can't be traced here"))
        func `a writer that stands still costs packets, counted and named, and no traffic; then the capture goes on`() throws {
            let captured = try Captured()
            let session = try captured.open()
            let name = try captured.gatehouse.ledger.wait(for: "session.opened")["session"].text ?? "none"
            try captured.say(1, of: 100, on: session)
            #expect(holds { (try? captured.figure("packets") > 0) == true })

            let stall = try ChildProcess(
                Repository.python, [Repository.peer("stall_thread.py"), "\(captured.gatehouse.child.pid)", "gh-capture"],
                output: captured.scratch.file("stall"), errors: captured.scratch.file("stall.errors"))
            #expect(holds { captured.scratch.read("stall").contains("\n") || stall.exit != nil })
            try #require(captured.scratch.read("stall") == "stalled\n")
            // Twice of what may wait for the disk.
            let seconds = try seconds { try captured.say(720, of: 100_000, on: session) }
            #expect(seconds < 60, "72 MB took \(seconds) s")
            #expect(holds { (try? captured.figure("dropped") > 0) == true })
            let dropped = try captured.gatehouse.ledger.wait(for: "capture.dropped")
            #expect(dropped["because"].text == "queue" && (dropped["bytes"].integer ?? 0) > 1 << 20, "\(dropped)")
            #expect(dropped["names"].texts == [name], "\(dropped)")
            #expect(try captured.metric("gatehouse_capture_packets_dropped_total") > 0)

            stall.send(SIGTERM)
            _ = stall.waitForExit(within: 10)
            let before = try captured.figure("packets")
            #expect(holds { (try? captured.figure("packets") > before) == true }, "what waited is written")
            try captured.say(1, of: 100, on: session)
            try close(session)
            let after = try captured.open()
            try captured.say(3, of: 1000, on: after)
            try close(after)
            let closed = try captured.gatehouse.ledger.wait(forAll: 2, "session.closed")
            captured.gatehouse.stop()
            let found = try captured.captures.sessions()
            let holed = try #require(found[closed[0]["session"].text ?? ""])
            #expect((holed["transport"]["missing_bytes"].integer ?? 0) > 1 << 20, "\(holed["transport"])")
            #expect(holed["verdict"].isNull || holed["verdict"]["cause"].text == closed[0]["verdict"]["cause"].text)
            let whole = try #require(found[closed[1]["session"].text ?? ""])
            #expect(whole["outcome"].text == "closed" && whole["transport"]["missing_bytes"].integer == 0)
            if Captures.tshark != nil {
                let port = captured.gatehouse.port
                // What is missing is told as that, and nothing else is odd.
                let odd = try captured.captures.files.flatMap { try Captures.oddities($0, ports: [port, captured.origin.port]) }
                #expect(odd.allSatisfy { $0.last?.contains("captured (common at capture start)") == true }, "\(odd)")
            }
        }

        @Test func `a file that is old enough is whole, whether anybody speaks or not, and the session goes on in the next`() throws
        {
            let captured = try Captured(", rotate: {time: 1s}")
            let session = try captured.open()
            try captured.say(1, of: 100, on: session)
            let first = try captured.gatehouse.ledger.wait(for: "capture.file")
            // The packets' counts are a file's last blocks: with them it is over.
            let path = captured.scratch.file("captures") + "/" + (first["file"].text ?? "")
            #expect(
                holds(within: 10) {
                    let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
                    return bytes.count > 100 && bytes[(bytes.count - 52)...].starts(with: [5, 0, 0, 0])
                }, "no Interface Statistics at the end of \(path) though a second is over")
            try captured.say(1, of: 100, on: session)
            let lines = try captured.gatehouse.ledger.wait(forAll: 2, "capture.file")
            #expect(lines[1]["file"].text != first["file"].text)
            try close(session)
            captured.gatehouse.stop()
            #expect(captured.captures.files.count >= 2)
            let found = try #require(try captured.captures.sessions().values.first)
            #expect(found["outcome"].text == "closed" && found["transport"]["missing_bytes"].integer == 0, "\(found)")
            #expect(found["upstream"]["frames"]["binary"].integer == 2)
        }
    }
}
