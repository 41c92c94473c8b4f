import Foundation
import Glibc
import Testing

extension Integration {
    /// F12: memory that runs short. The limit is the configured one, so that no control group is needed.
    @Suite struct MemoryTests {
        /// What Gatehouse says it takes.
        private func used(_ gatehouse: GatehouseProcess) throws -> Int {
            try figure("memory_used_bytes", gatehouse)
        }

        private func figure(_ name: String, _ gatehouse: GatehouseProcess) throws -> Int {
            let line = try gatehouse.admin("/metrics").text.split(separator: "\n").first { $0.hasPrefix("gatehouse_\(name) ") }
            return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
        }

        private func limit(_ gatehouse: GatehouseProcess, _ origin: RawBackend, to bytes: Int) throws {
            let reloads = try gatehouse.ledger.all("config.reloaded").count
            try gatehouse.rewrite(upstream: origin.url, "limits: {memory: \(bytes)}")
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(forAll: reloads + 1, "config.reloaded")
        }

        /// Sends frames until the other end takes no more; the session's both ends hold what they got.
        private func fill(_ connection: RawConnection, masked: Bool) throws {
            let frame = Frame.binary([UInt8](repeating: 7, count: 60_000), masked: masked)
            while try connection.sendWhatFits(frame, within: 0.3) == frame.count {}
        }

        @Test func `a reload says that the buffers keep their size until a restart, as long as they do`() throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: .epoll, upstream: origin.url)
            try limit(gatehouse, origin, to: 1 << 40)
            let line = try gatehouse.ledger.wait(for: "config.needs_restart")
            #expect(line["keys"].description.contains("limits.memory: the watch goes by the new limit at once"))
            #expect(line["level"].text == "warning")
            try gatehouse.rewrite(upstream: origin.url, "")
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(forAll: 2, "config.reloaded")
            #expect(try gatehouse.ledger.all("config.needs_restart").count == 1, "it is as it was at the start again")
        }

        @Test(arguments: IOBackend.available)
        func `at 95 percent nobody is let in, at 98 those who don't read are let go, and then all goes on`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url, workers: 2)
            func open(receiveBuffer: Int32? = nil) throws -> (client: RawConnection, backend: RawConnection) {
                let client = try RawConnection(port: gatehouse.port, receiveBuffer: receiveBuffer)
                try client.send(Upgrade.request())
                let backend = try origin.accept()
                _ = try backend.readHead()
                try backend.send(Upgrade.response())
                _ = try client.readHead()
                return (client, backend)
            }
            func talk(_ session: (client: RawConnection, backend: RawConnection)) throws {
                let (up, down) = (Frame.text("up", masked: true), Frame.text("down"))
                try session.client.send(up)
                #expect(try session.backend.read(up.count) == up)
                try session.backend.send(down)
                #expect(try session.client.read(down.count) == down)
            }
            let steady = try open()
            let slowClient = try open(receiveBuffer: 4096)
            let slowBackend = try open()
            try fill(slowClient.backend, masked: false)
            try fill(slowBackend.client, masked: true)
            // What a reload and a look at the metrics take is taken before it is measured; a reading is up to a second old.
            try limit(gatehouse, origin, to: 1 << 40)
            let base = try eventually(within: 5) { () -> Int? in
                let first = try used(gatehouse)
                usleep(1_100_000)
                let second = try used(gatehouse)
                return abs(first - second) < first / 100 ? second : nil
            }
            let taken = try #require(base)
            #expect(taken > 4 << 20)

            // A little more than 95 percent: who is there is served, who comes waits.
            try limit(gatehouse, origin, to: taken * 1000 / 955)
            let short = try gatehouse.ledger.wait(for: "memory.short")
            #expect(short["limit_bytes"].integer == taken * 1000 / 955)
            #expect((short["used_bytes"].integer ?? 0) > taken / 100 * 94)
            #expect((short["unsent_bytes"].integer ?? -1) >= 0)
            #expect(try gatehouse.admin("/readyz").status == 503)
            #expect(try gatehouse.admin("/readyz").text == "memory\n")
            #expect(try figure("accepting", gatehouse) == 0)
            let late = try gatehouse.connect()
            try late.send(Upgrade.request())
            #expect(!origin.waits(for: 0.5))
            try talk(steady)
            #expect(try gatehouse.ledger.all("session.shed").isEmpty)

            // Plenty: who waited is served.
            try limit(gatehouse, origin, to: taken * 4)
            _ = try gatehouse.ledger.wait(for: "memory.recovered")
            let lateBackend = try origin.accept()
            _ = try lateBackend.readHead()
            try lateBackend.send(Upgrade.response())
            _ = try late.readHead()
            try talk((late, lateBackend))
            #expect(try gatehouse.admin("/readyz").status == 200)

            // Nothing left: those end that hold what their peers don't take, and only those.
            try limit(gatehouse, origin, to: taken)
            let lines = try gatehouse.ledger.wait(forAll: 2, "session.shed")
            #expect(Set(lines.compactMap { $0["side"].text }) == ["downstream", "upstream"])
            #expect(lines.allSatisfy { ($0["unsent_bytes"].integer ?? 0) > 0 && $0["client"].text != nil })
            let ends = try gatehouse.ledger.wait(forAll: 2, "session.closed")
            #expect(Set(ends.compactMap { $0["session"].text }) == Set(lines.compactMap { $0["session"].text }))
            for end in ends {
                let side = try #require(lines.first { $0["session"].text == end["session"].text }?["side"].text)
                #expect(end[side]["end"].text?.contains("overload") == true, "\(end)")
            }
            // The side that reads is told where a frame ends: try again later.
            #expect(try slowBackend.client.readFrame().closeCode == 1013)
            #expect(try slowClient.backend.readFrame().closeCode == 1001)
            try talk(steady)
            try talk((late, lateBackend))
            #expect(try figure("sessions_shed_total", gatehouse) == 2)

            try limit(gatehouse, origin, to: taken * 4)
            _ = try gatehouse.ledger.wait(forAll: 2, "memory.recovered")
            try talk(try open())
            #expect(gatehouse.stop() == .code(0))
        }

        @Test(arguments: IOBackend.available)
        func `a small limit makes small buffers, and megabytes pass all the same`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url, "limits: {memory: 96MiB}", workers: 2)
            // A quarter of 48 MiB for each worker: 128 buffers of 64 KiB and 4 of 512.
            #expect(try figure("buffers", gatehouse) == 2 * 132)
            #expect(try figure("memory_limit_bytes", gatehouse) <= 96 << 20)
            let session = try RawSession(through: gatehouse, to: origin)
            let message = Frame.binary([UInt8](repeating: 5, count: 4 << 20))
            var sent = 0
            var received: [UInt8] = []
            // By turns, on one thread: what fits goes, what has come is read.
            while received.count < message.count {
                if sent < message.count { sent += try session.backend.sendWhatFits(Array(message[sent...]), within: 0.01) }
                received += try session.client.read(min(256 << 10, sent - received.count))
            }
            #expect(received == message)
        }
    }
}
