import Glibc
import Testing

extension Integration {
    /// Which endpoints get sessions, from what the traffic and the checks see of them.
    @Suite struct EndpointHealthTests {
        private func opens(_ gatehouse: GatehouseProcess, _ target: String = "/echo") throws -> Int? {
            Response.status(of: try handshake(gatehouse, target).readHead())
        }

        private func handshake(_ gatehouse: GatehouseProcess, _ target: String) throws -> RawConnection {
            let client = try gatehouse.connect()
            try client.send(Upgrade.request(target))
            return client
        }

        @Test(arguments: IOBackend.available)
        func `a backend that is killed costs no session, and soon nothing is tried with it`(io: IOBackend) throws {
            let (a, b) = (try Peer(.websockets), try Peer(.uvicornWebsockets))
            let gatehouse = try GatehouseProcess(
                io: io, "clusters: {app: {endpoints: [\(a.url), \(b.url)], health: {failures: 3, ejection: 1m}}}\ncluster: app")
            for _ in 0..<4 { #expect(try opens(gatehouse) == 101) }
            a.child.send(SIGKILL)
            _ = a.child.waitForExit(within: 10)
            for _ in 0..<10 { #expect(try opens(gatehouse) == 101) }
            let line = try gatehouse.ledger.wait(for: "endpoint.ejected")
            #expect(line["endpoint"].text == a.url && line["cluster"].text == "app" && line["times"].number == 1)
            #expect(line["reason"].text == "upstream_refused" && line["for_ms"].number == 60000)
            let report = try JSON(parsing: try gatehouse.admin("/api/endpoints").text)["clusters"].elements.first
            #expect(report?["endpoints"].elements.map { $0["state"].text } == ["ejected", "ready"])
            #expect(
                try holds {
                    try gatehouse.admin("/metrics").text.contains(
                        #"gatehouse_endpoint_condition{cluster="app",endpoint="\#(a.url)",condition="ejected"} 1"#)
                })
            #expect(try gatehouse.ledger.all("endpoint.ejected").count == 1 && gatehouse.ledger.all("session.refused").isEmpty)
        }

        @Test(arguments: IOBackend.available)
        func `a backend that accepts and never answers is ejected`(io: IOBackend) throws {
            let (silent, good) = (try RawBackend(), try Peer.shared(.websockets))
            let gatehouse = try GatehouseProcess(
                io: io,
                """
                clusters: {app: {endpoints: [\(silent.url), \(good.url)], health: {failures: 2, ejection: 1m}}}
                cluster: app
                timeouts: {response: 200ms}
                """)
            // By turns: two of these four go to the silent one.
            let statuses = try (0..<4).map { _ in try opens(gatehouse) }
            #expect(statuses.count { $0 == 504 } == 2 && statuses.count { $0 == 101 } == 2, "\(statuses)")
            #expect(try gatehouse.ledger.wait(for: "endpoint.ejected")["reason"].text == "response_head_timeout")
            for _ in 0..<6 { #expect(try opens(gatehouse) == 101) }
        }

        @Test(arguments: IOBackend.available)
        func `errors to upgrades eject, errors of an application to its requests don't`(io: IOBackend) throws {
            let backends = try Backends(1)
            let gatehouse = try GatehouseProcess(io: io, backends.cluster("health: {failures: 2, ejection: 1m, panic: 0}"))
            func answer(_ request: String, _ status: Int) throws {
                let client = try gatehouse.connect()
                try client.send(request)
                let backend = try backends.next().connection
                _ = try backend.readHead()
                try backend.send("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                #expect(try client.readResponse().status == status)
            }
            for _ in 0..<4 { try answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 500) }
            try answer(Upgrade.request(), 403)
            try answer(Upgrade.request(), 500)
            #expect(try gatehouse.ledger.all("endpoint.ejected").isEmpty)
            try answer(Upgrade.request(), 503)
            #expect(try gatehouse.ledger.wait(for: "endpoint.ejected")["reason"].text == "server_error")
            // The only one there is: health is ignored, which is said once, and its first answer brings it back.
            try answer("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 200)
            _ = try gatehouse.ledger.wait(for: "cluster.panic")
            _ = try gatehouse.ledger.wait(for: "endpoint.ready")
            try answer(Upgrade.request(), 403)
            _ = try gatehouse.ledger.wait(for: "cluster.calm")
        }

        @Test(arguments: IOBackend.available)
        func `a check is a real handshake, closed with 1000 at once`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, "upstream: {url: \(backend.url), health: {websocket: /ws, host: app.example, interval: 50ms}}")
            let check = try backend.accept()
            let head = try check.readHead()
            #expect(head.hasPrefix("GET /ws HTTP/1.1\r\nHost: app.example\r\n") && head.contains("Sec-WebSocket-Version: 13\r\n"))
            try check.send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(acceptValue(head))\r\n\r\n"
            )
            let frame = try check.readFrame()
            #expect(frame.opcode == 8 && frame.payload == [0x03, 0xE8])
            try check.send(Frame.close(1000))
            // A wrong accept value is no answer, however good the status. Two more of them, and nobody is sent there.
            for _ in 0..<3 {
                let next = try backend.accept()
                _ = try next.readHead()
                try next.send(Upgrade.response())
            }
            let line = try gatehouse.ledger.wait(for: "endpoint.unhealthy")
            #expect(
                line["observed"].text == "a 101 that is no valid answer to the handshake" && line["endpoint"].text == backend.url)
        }

        @Test(arguments: IOBackend.available)
        func `an endpoint whose handshake is refused gets no sessions, whatever its page says`(io: IOBackend) throws {
            // uvicorn has no such path and answers 403; the other takes every path.
            let (refuses, takes) = (try Peer.shared(.uvicornWebsockets), try Peer.shared(.websockets))
            let gatehouse = try GatehouseProcess(
                io: io,
                """
                clusters: {app: {endpoints: [\(refuses.url), \(takes.url)], health: {websocket: /not-there, interval: 100ms}}}
                cluster: app
                """)
            let line = try gatehouse.ledger.wait(for: "endpoint.unhealthy")
            #expect(line["endpoint"].text == refuses.url && line["observed"].text == "the answer 403, not 101")
            for _ in 0..<6 { #expect(try opens(gatehouse) == 101) }
            for line in try gatehouse.ledger.wait(forAll: 6, "session.opened") { #expect(line["endpoint"].text == takes.url) }
        }

        @Test(arguments: IOBackend.available)
        func `a check by HTTP follows an endpoint down and up again`(io: IOBackend) throws {
            let first = try Peer(.uvicornWebsockets)
            let gatehouse = try GatehouseProcess(
                io: io,
                "upstream: {url: \(first.url), health: {path: /openapi.json, interval: 100ms, unhealthy: 2, slow_start: 10s}}")
            first.child.send(SIGKILL)
            let down = try gatehouse.ledger.wait(for: "endpoint.unhealthy")
            #expect(down["observed"].text == "upstream_refused")
            let second = try Peer(.uvicornWebsockets, port: first.port)
            let up = try gatehouse.ledger.wait(for: "endpoint.ready", within: 20)
            #expect(up["endpoint"].text == second.url && up["slow_start_ms"].number == 10000)
            let report = try JSON(parsing: try gatehouse.admin("/api/endpoints").text)["clusters"].elements.first
            #expect(report?["endpoints"].elements.first?["state"].text == "warming")
        }

        @Test(arguments: IOBackend.available)
        func `max_sessions holds over all workers, and a session that ends makes room`(io: IOBackend) throws {
            let backends = try Backends(2)
            let gatehouse = try GatehouseProcess(io: io, backends.cluster("max_sessions: 2"), workers: 2)
            let sessions = try (0..<4).map { _ in try backends.session(gatehouse) }
            #expect(sessions.map(\.index).sorted() == [0, 0, 1, 1])
            let refused = try gatehouse.exchange(Upgrade.request())
            #expect(refused.status == 503 && refused.field("Retry-After") == "5")
            let line = try gatehouse.ledger.wait(for: "session.refused")
            #expect(line["reason"].text == "endpoints_full")
            sessions[1].client.reset()
            _ = try gatehouse.ledger.wait(for: "session.closed")
            #expect(try backends.session(gatehouse).index == sessions[1].index)
        }
    }
}
