import Glibc
import Testing

extension Integration {
    /// What becomes of who is above a limit: refused, kept waiting, or closed.
    @Suite struct LimitsTests {
        private static func routed(_ backend: RawBackend, _ limits: String, _ more: String = "") -> String {
            "routes:\n  - {match: {path: /}, upstream: '\(backend.url)', limits: {\(limits)}}\n\(more)"
        }

        @Test(arguments: IOBackend.available)
        func `an upgrade that waits gets in when there is room, and is refused when its time is over`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, Self.routed(backend, "sessions: 1, on_limit: queue", "limits: {queue_length: 2, queue_wait: 3s}"))
            let first = try RawSession(through: gatehouse, to: backend)
            let second = try gatehouse.connect()
            try second.send(Upgrade.request())
            #expect(try second.isSilent(for: 0.2))
            let third = try gatehouse.connect()
            try third.send(Upgrade.request())
            #expect(try third.isSilent(for: 0.1))
            // The line is full: who comes now is told at once.
            let full = try gatehouse.exchange(Upgrade.request())
            #expect(full.status == 503 && full.head.contains("Retry-After: 10\r\n"))
            #expect(!backend.waits())
            first.client.close()
            first.backend.close()
            let upstream = try backend.accept()
            _ = try upstream.readHead()
            try upstream.send(Upgrade.response())
            #expect(Response.status(of: try second.readHead()) == 101, "first come, first served")
            #expect(try third.readResponse().status == 503)
            let line = try gatehouse.ledger.wait(for: "session.refused") { $0["detail"].text?.contains(", for 3") == true }
            #expect(line["reason"].text == "sessions_per_route", "\(line)")
            // One who waits and goes leaves its place.
            for _ in 0..<2 {
                let waiting = try gatehouse.connect()
                try waiting.send(Upgrade.request())
                #expect(try waiting.isSilent(for: 0.1))
                waiting.reset()
            }
            let fourth = try gatehouse.connect()
            _ = try gatehouse.ledger.wait(forAll: 4, "session.refused")
            try fourth.send(Upgrade.request())
            #expect(try fourth.isSilent(for: 0.2))
            second.close()
            upstream.close()
            let next = try backend.accept()
            _ = try next.readHead()
            try next.send(Upgrade.response())
            #expect(Response.status(of: try fourth.readHead()) == 101)
        }

        @Test(arguments: IOBackend.available)
        func `a rate of upgrades with a line costs waiting, not errors`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: backend.url, "limits: {upgrades_per_second: 10, on_limit: queue, queue_wait: 10s}")
            let began = ContinuousClock.now
            let clients = try (0..<25).map { _ in
                let client = try gatehouse.connect()
                try client.send(Upgrade.request())
                return client
            }
            for _ in clients {
                let upstream = try backend.accept()
                _ = try upstream.readHead()
                try upstream.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            }
            for client in clients { #expect(try client.readResponse().status == 403) }
            let took = began.duration(to: .now)
            #expect(took > .milliseconds(1_300) && took < .seconds(8), "ten at once, the others at ten a second: \(took)")
        }

        @Test(arguments: IOBackend.available)
        func `an upgrade above a limit can be told by a close frame, which pages see`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, Self.routed(backend, "sessions: 1", "limits: {sessions_per_address: 2, on_limit: close}"))
            let session = try RawSession(through: gatehouse, to: backend)
            let told = try gatehouse.connect()
            try told.send(Upgrade.request())
            #expect(Response.status(of: try told.readHead()) == 101)
            #expect(try told.readFrame().closeCode == 1013)
            let line = try gatehouse.ledger.wait(for: "session.refused")
            #expect(line["reason"].text == "sessions_per_route" && line["explained_with"].integer == 1013, "\(line)")
            #expect(!backend.waits())
            withExtendedLifetime(session) {}
        }

        @Test(arguments: IOBackend.available)
        func `a client that sends too many messages is closed with 1008, at a frame's end`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, Self.routed(backend, "messages_per_second: 5"))
            let session = try RawSession(through: gatehouse, to: backend)
            for number in 0..<5 { try session.client.send(Frame.text("m\(number)", masked: true)) }
            for number in 0..<5 { #expect(try session.backend.readFrame().text == "m\(number)") }
            // Pings count too. Behind the one that is too much, half of a message is under way.
            let long = Frame.text("0123456789", masked: true)
            try session.client.send(Frame.ping("p", masked: true) + long[..<8])
            #expect(try session.client.readFrame().closeCode == 1008)
            try session.client.send(Array(long[8...]) + Frame.text("late", masked: true))
            #expect(try session.backend.readFrame().opcode == 9)
            #expect(try session.backend.readFrame().text == "0123456789")
            #expect(try session.backend.readFrame().closeCode == 1001, "and nothing behind it")
            let finding = try gatehouse.ledger.wait(for: "session.finding")
            #expect("\(finding)".contains("gate.message_rate"))
        }

        @Test(arguments: IOBackend.available)
        func `or read more slowly, and loses nothing`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io,
                Self.routed(
                    backend, "messages_per_second: 20, on_limit: queue", "heartbeat: {interval: 1s, timeout: 1s, sides: [upstream]}"
                ))
            let session = try RawSession(through: gatehouse, to: backend)
            let began = ContinuousClock.now
            for number in 0..<90 {
                try session.client.send(Frame.text("m\(number)", masked: true))
                usleep(1_000)
            }
            var received: [String] = []
            while received.count < 90 {
                let frame = try session.backend.readFrame()
                if frame.opcode == 1 { received.append(frame.text) }
                if frame.opcode == 9 { try session.backend.send(Frame.frame(0xA, frame.payload)) }
            }
            let took = began.duration(to: .now)
            #expect(received == (0..<90).map { "m\($0)" })
            #expect(took > .seconds(2) && took < .seconds(8), "\(took)")
            try session.backend.send(Frame.text("back"))
            #expect(try session.client.readFrame().text == "back")
            session.client.close()
            session.backend.close()
            #expect(try gatehouse.ledger.wait(for: "session.closed")["downstream"]["messages"].integer == 90)
        }

        @Test(arguments: IOBackend.available)
        func `a message above the route's size is closed with 1009`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, Self.routed(backend, "message_size: 1KiB"))
            let session = try RawSession(through: gatehouse, to: backend)
            try session.client.send(Frame.binary([UInt8](repeating: 1, count: 1024), masked: true))
            #expect(try session.backend.readFrame().payload.count == 1024)
            try session.client.send(Frame.binary([UInt8](repeating: 1, count: 1025), masked: true))
            #expect(try session.client.readFrame().closeCode == 1009)
        }
    }
}
