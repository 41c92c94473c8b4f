import Glibc
import Testing

extension Integration {
    /// What becomes of who is above a limit: refused, kept waiting, or closed.
    @Suite struct LimitsTests {
        private static func routed(_ backend: RawBackend, _ limits: String, _ more: String = "", heartbeat: String = "off")
            -> String
        {
            "\(more)\nroutes:\n  - {match: {path: /}, upstream: '\(backend.url)', heartbeat: \(heartbeat), limits: {\(limits)}}"
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

        @Test(arguments: IOBackend.available, ["refuse", "close"])
        func `who is on the way counts among the process's sessions, before the backend has answered`(
            io: IOBackend, policy: String
        ) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, Self.routed(backend, "", "limits: {sessions: 2, on_limit: \(policy)}").replacing(", limits: {}", with: ""))
            let clients = try (0..<2).map { _ in
                let client = try gatehouse.connect()
                try client.send(Upgrade.request())
                return client
            }
            let upstreams = try (0..<2).map { _ in
                let upstream = try backend.accept()
                _ = try upstream.readHead()
                return upstream
            }
            let third = try gatehouse.connect()
            try third.send(Upgrade.request())
            #expect(Response.status(of: try third.readHead()) == (policy == "refuse" ? 503 : 101))
            if policy == "close" { #expect(try third.readFrame().opcode == 8) }
            #expect(!backend.waits())
            // One is refused by the backend, the other opens and ends: both seats are free again.
            try upstreams[0].send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            #expect(Response.status(of: try clients[0].readHead()) == 403)
            try upstreams[1].send(Upgrade.response())
            #expect(Response.status(of: try clients[1].readHead()) == 101)
            clients[1].close()
            upstreams[1].close()
            _ = try gatehouse.ledger.wait(for: "session.closed")
            let sessions = try (0..<2).map { _ in try RawSession(through: gatehouse, to: backend) }
            #expect(sessions.count == 2)
        }

        @Test(arguments: IOBackend.available)
        func `those who wait get in by their arrival, on whatever worker they are`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, Self.routed(backend, "sessions: 1, on_limit: queue", "limits: {queue_wait: 60s}"), workers: 4)
            var open = try RawSession(through: gatehouse, to: backend)
            let clients = try (0..<24).map { number in
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/?n=\(number)"))
                #expect(try holds { try gatehouse.admin("/metrics").text.contains("gatehouse_upgrades_waiting \(number + 1)\n") })
                return client
            }
            for (number, client) in clients.enumerated() {
                // One in the middle loses patience; nobody gets its place twice.
                if number == 10 { continue }
                if number == 9 { clients[10].reset() }
                open.client.close()
                open.backend.close()
                let upstream = try backend.accept()
                let head = try upstream.readHead()
                #expect(head.hasPrefix("GET /?n=\(number) "), "the turn of \(number): \(head.prefix(20))")
                try upstream.send(Upgrade.response())
                let response = try client.readHead()
                #expect(Response.status(of: response) == 101)
                open = RawSession(client: client, backend: upstream, requestHead: head, responseHead: response)
            }
            #expect(try gatehouse.admin("/metrics").text.contains("gatehouse_upgrades_waiting 0\n"))
            // Who comes now waits for nobody.
            open.client.close()
            open.backend.close()
            _ = try RawSession(through: gatehouse, to: backend)
        }

        @Test(arguments: IOBackend.available)
        func `whose own limit is full holds up nobody, and who comes takes nothing from who waits`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io,
                Self.routed(
                    backend, "upgrades_per_second: 20, on_limit: queue",
                    "trusted_proxies: [127.0.0.0/8]\nlimits: {sessions_per_address: 1, on_limit: queue, queue_wait: 60s}"),
                workers: 2)
            func come(_ address: String) throws -> RawConnection {
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/?a=\(address)", with: ("X-Forwarded-For", address)))
                return client
            }
            func serve() throws -> (address: String, upstream: RawConnection) {
                let upstream = try backend.accept()
                let head = try upstream.readHead()
                try upstream.send(Upgrade.response())
                return (String(head.prefix { $0 != "H" }.dropFirst(8).dropLast()), upstream)
            }
            let first = try come("192.0.2.1")
            let served = try serve()
            #expect(served.address == "192.0.2.1")
            let aside = try come("192.0.2.1")
            #expect(try holds { try gatehouse.admin("/metrics").text.contains("gatehouse_upgrades_waiting 1\n") })
            // Sixty others pass it; all get in, at their rate.
            let others = try (0..<60).map { try come("198.51.100.\($0)") }
            var seen: [(address: String, upstream: RawConnection)] = []
            for _ in others { seen.append(try serve()) }
            #expect(Set(seen.map(\.address)).count == 60)
            for client in others { #expect(Response.status(of: try client.readHead()) == 101) }
            #expect(try aside.isSilent(for: 0.1))
            _ = try first.readHead()
            first.close()
            served.upstream.close()
            #expect(try serve().address == "192.0.2.1")
            #expect(Response.status(of: try aside.readHead()) == 101)
            withExtendedLifetime(seen) {}
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
                    backend, "messages_per_second: 20, on_limit: queue", heartbeat: "{interval: 1s, timeout: 9s, sides: [upstream]}"
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
            #expect(received == (0..<90).map { "m\($0)" })
            // What had gathered came at once, and is a debt: the next one waits until it is paid.
            try session.client.send(Frame.text("next", masked: true))
            while received.count < 91 {
                let frame = try session.backend.readFrame()
                if frame.opcode == 1 { received.append(frame.text) }
                if frame.opcode == 9 { try session.backend.send(Frame.frame(0xA, frame.payload)) }
            }
            let took = began.duration(to: .now)
            #expect(took > .seconds(2) && took < .seconds(8), "\(took)")
            try session.backend.send(Frame.text("back"))
            #expect(try session.client.readFrame().text == "back")
            session.client.close()
            session.backend.close()
            #expect(try gatehouse.ledger.wait(for: "session.closed")["downstream"]["messages"]["text"].integer == 91)
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
