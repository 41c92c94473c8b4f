import Foundation
import Glibc
import Testing

extension Integration {
    /// When something runs out: descriptors, the disk under the log, or somebody to read it.
    @Suite struct ScarcityTests {
        @Test(arguments: IOBackend.available)
        func `without descriptors nothing spins, and service comes back`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url, openFiles: 64)
            let crowd = try (0..<200).map { _ in try gatehouse.connect() }
            _ = try gatehouse.ledger.wait(for: "listener.paused")
            let before = gatehouse.child.processorTime
            // A measurement over a time, not a wait: half a second of wanting descriptors.
            usleep(500_000)
            let used = gatehouse.child.processorTime - before
            #expect(used < 0.15, "\(used) s of CPU in half a second")
            crowd.forEach { $0.close() }
            let response = try eventually(within: 10) { try? gatehouse.exchange(Forwarding.get("/bytes?n=5")) }
            #expect(response?.text == "bbbbb")
        }

        @Test(arguments: IOBackend.available)
        func `a full disk under the log stops no request`(io: IOBackend) throws {
            let port = try RawBackend().port
            for destination in ["stdout", "/dev/full"] {
                let gatehouse = try GatehouseProcess(
                    io: io, upstream: Peer.shared(.node).url,
                    "listen: 127.0.0.1:\(port)\nlog: {format: json, output: \(destination)}", listeners: 0,
                    output: destination == "stdout" ? "/dev/full" : nil)
                #expect(holds { (try? RawConnection(port: port)) != nil }, "it did not start")
                for _ in 0..<50 {
                    #expect(try gatehouse.exchange(Forwarding.get("/bytes?n=5"), port: port).text == "bbbbb")
                }
                #expect(gatehouse.child.exit == nil)
                #expect(gatehouse.stop() == .code(0))
            }
        }

        @Test(arguments: IOBackend.available)
        func `a log that nobody reads stops no request, and the lines lost are counted`(io: IOBackend) throws {
            let scratch = try ScratchFolder()
            let pipe = scratch.file("log")
            #expect(mkfifo(pipe, 0o600) == 0)
            // Open for reading so that it can be written to, but not read.
            let reader = open(pipe, O_RDWR | O_CLOEXEC | O_NONBLOCK)
            defer { close(reader) }
            let port = try RawBackend().port
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.node).url, "listen: 127.0.0.1:\(port)", listeners: 0, output: pipe)
            #expect(holds { (try? RawConnection(port: port)) != nil })
            let long = String(repeating: "x", count: 3000)
            let client = try RawConnection(port: port)
            for number in 0..<5000 {
                try client.send(Forwarding.get("/bytes?n=5&\(long)"))
                let response = try client.readResponse()
                if response.status != 200 { Issue.record("request \(number): \(response.status)") }
            }
            var text = ""
            func drain() -> Bool {
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                let count = Glibc.read(reader, &buffer, buffer.count)
                if count > 0 { text += String(decoding: buffer[..<count], as: UTF8.self) }
                return text.contains("\"event\":\"log.lost\"")
            }
            #expect(holds(within: 10, drain), "no line says how many were lost")
            let lost = text.split(separator: "\n").first { $0.contains("\"event\":\"log.lost\"") }
            #expect((try lost.map { try JSON(parsing: $0) }?["lines"].integer ?? 0) > 0)
            gatehouse.child.send(SIGKILL)
        }

        @Test(arguments: IOBackend.available)
        func `connections over the limit are turned away and the rest is served`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url, "limits: {connections: 20}")
            let crowd = try (0..<20).map { _ in try gatehouse.connect() }
            let more = try gatehouse.connect()
            _ = try more.readToEnd()
            #expect(more.end != nil)
            crowd[0].close()
            let response = try eventually(within: 5) { try? gatehouse.exchange(Forwarding.get("/bytes?n=5")) }
            #expect(response?.text == "bbbbb")
        }
    }
}
