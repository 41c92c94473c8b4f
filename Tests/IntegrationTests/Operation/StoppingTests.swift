import Foundation
import Testing

extension Integration {
    /// Reload and the end of the process: nobody is hurt by either.
    @Suite struct StoppingTests {
        @Test(arguments: IOBackend.available)
        func `SIGHUP takes the new file for what comes, and open sessions go on`(io: IOBackend) throws {
            let first = try RawBackend()
            let second = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: first.url)
            let session = try RawSession(through: gatehouse, to: first)
            try gatehouse.rewrite(upstream: second.url, "limits: {head: 16KiB}")
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(for: "config.reloaded")
            let client = try gatehouse.connect()
            try client.send(Forwarding.get("/new"))
            let backend = try second.accept()
            #expect(try backend.readHead().hasPrefix("GET /new "))
            try backend.send(Forwarding.ok)
            #expect(try client.readResponse().text == "ok")
            let frame = Frame.text("still here", masked: true)
            try session.client.send(frame)
            #expect(try session.backend.read(frame.count) == frame)
        }

        @Test(arguments: IOBackend.available)
        func `reload upon reload loses no request and no session`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url, workers: 2)
            let told = try gatehouse.connect()
            try told.send(Upgrade.request("/echo"))
            _ = try told.readHead()
            for round in 0..<40 {
                gatehouse.child.send(SIGHUP)
                if round % 4 == 0 { gatehouse.child.send(SIGHUP) }
                #expect(try gatehouse.exchange(Forwarding.get("/fields")).status == 200, "round \(round)")
            }
            _ = try gatehouse.ledger.wait(for: "config.reloaded")
            try told.send(Frame.text("still here", masked: true))
            #expect(try told.readFrame().text == "still here")
        }

        @Test(arguments: IOBackend.available)
        func `a bad file keeps the running configuration and says why, with its line`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url)
            for (text, words) in [
                ("limits: {hed: 1KiB}", "hed"), ("timeouts: {idle: soon}", "soon"), ("routes: [", "gatehouse.yaml"),
            ] {
                let before = try gatehouse.ledger.all("config.rejected").count
                try gatehouse.rewrite(upstream: origin.url, text)
                gatehouse.child.send(SIGHUP)
                let line = try gatehouse.ledger.wait(forAll: before + 1, "config.rejected")[before]
                #expect(line["errors"].description.contains(words), "\(line)")
                #expect(line["level"].text == "error" || line["level"].text == "warning")
                let client = try gatehouse.connect()
                try client.send(Forwarding.get("/", "Connection: close"))
                let backend = try origin.accept()
                _ = try backend.readHead()
                try backend.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                #expect(try client.readResponse().text == "ok")
            }
            #expect(try gatehouse.ledger.all("config.reloaded").isEmpty)
        }

        @Test(arguments: IOBackend.available)
        func `SIGTERM gives every session 1001 on both sides and ends with code 0`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: origin.url, "drain: {window: 300ms, timeout: 5s}", workers: 2)
            let sessions = try (0..<20).map { _ in try RawSession(through: gatehouse, to: origin) }
            let idle = try gatehouse.connect()
            let admin = try gatehouse.adminPort()
            gatehouse.child.send(SIGTERM)
            #expect(try gatehouse.ledger.wait(for: "process.draining")["sessions"].integer == 20)
            #expect(
                try gatehouse.exchange(
                    "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", port: admin
                ).status == 503)
            #expect(holds { (try? gatehouse.connect()) == nil }, "new connections are still accepted")
            #expect(try idle.readToEnd() == [])
            for session in sessions {
                #expect(try session.client.readFrame().closeCode == 1001)
                let upstream = try session.backend.readFrame()
                #expect(upstream.closeCode == 1001)
                try session.client.send(Frame.close(1001, masked: true))
                try session.backend.send(Frame.close(1001))
                session.backend.finishSending()
                _ = try session.client.readToEnd()
                #expect(session.client.end == .fin)
            }
            #expect(gatehouse.child.waitForExit(within: 8) == .code(0))
            let lines = try gatehouse.ledger.all("session.closed")
            #expect(lines.count == 20)
            #expect(lines.allSatisfy { $0["first"].text == "gatehouse" })
            #expect(try gatehouse.ledger.wait(for: "process.stopped")["exit"].integer == 0)
        }

        @Test(arguments: IOBackend.available)
        func `a drain waits for the frame's end before its close`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url, "drain: {window: 0s, timeout: 5s}")
            let session = try RawSession(through: gatehouse, to: origin)
            let frame = Frame.text("cut in the middle by a drain")
            try session.backend.send(Array(frame[..<10]))
            #expect(try session.client.read(10) == Array(frame[..<10]))
            gatehouse.child.send(SIGTERM)
            _ = try gatehouse.ledger.wait(for: "process.draining")
            #expect(try session.client.isSilent(for: 0.3), "something came in the middle of a frame")
            try session.backend.send(Array(frame[10...]))
            #expect(try session.client.read(frame.count - 10) == Array(frame[10...]))
            #expect(try session.client.readFrame().closeCode == 1001)
        }

        @Test(arguments: IOBackend.available)
        func `a request in flight is finished before the process goes`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(Forwarding.get())
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            forwarding.gatehouse.child.send(SIGTERM)
            _ = try forwarding.gatehouse.ledger.wait(for: "process.draining")
            try backend.send(Forwarding.ok)
            let response = try client.readResponse()
            #expect(response.text == "ok")
            #expect(response.lists("close", in: "Connection"))
            #expect(forwarding.gatehouse.child.waitForExit(within: 8) == .code(0))
        }

        @Test(arguments: IOBackend.available)
        func `who doesn't answer the close is cut at the drain's timeout`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: origin.url, "drain: {window: 100ms, timeout: 1s}\ntimeouts: {closing: 30s}")
            let session = try RawSession(through: gatehouse, to: origin)
            gatehouse.child.send(SIGTERM)
            #expect(gatehouse.child.waitForExit(within: 5) == .code(0))
            withExtendedLifetime(session) {}
        }

        @Test(arguments: IOBackend.available)
        func `a second signal ends at once`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: origin.url, "drain: {window: 20s, timeout: 25s}\ntimeouts: {closing: 30s}")
            let session = try RawSession(through: gatehouse, to: origin)
            gatehouse.child.send(SIGTERM)
            _ = try gatehouse.ledger.wait(for: "process.draining")
            gatehouse.child.send(SIGTERM)
            #expect(gatehouse.child.waitForExit(within: 2) != nil)
            withExtendedLifetime(session) {}
        }
    }
}
