import Glibc
import Testing

extension Integration {
    /// Requests that are held while no endpoint is ready.
    @Suite struct WaitingTests {
        /// A port on which nobody listens, and somebody may later.
        private func freePort() throws -> UInt16 {
            let peer = try RawBackend()
            return peer.port
        }

        private func waiting(_ gatehouse: GatehouseProcess) throws -> Double? {
            try JSON(parsing: try gatehouse.admin("/api/endpoints").text)["clusters"].elements.first?["waiting"].number
        }

        @Test(arguments: IOBackend.available)
        func `a deploy behind Gatehouse costs waiting, not errors`(io: IOBackend) throws {
            let port = try freePort()
            let gatehouse = try GatehouseProcess(
                io: io, "upstream: {url: http://127.0.0.1:\(port), wait: {time: 30s}, health: {}}", workers: 2)
            let clients = try (0..<100).map { index in
                let client = try RawConnection(port: gatehouse.port, timeout: 40)
                try client.send(index % 4 == 0 ? "GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" : Upgrade.request("/echo"))
                return client
            }
            #expect(try holds { try waiting(gatehouse) == 100 })
            let peer = try Peer(.uvicornWebsockets, port: port)
            for (index, client) in clients.enumerated() {
                #expect(Response.status(of: try client.readHead()) == (index % 4 == 0 ? 200 : 101), "\(index)")
            }
            #expect(try waiting(gatehouse) == 0 && gatehouse.ledger.all("session.refused").isEmpty)
            let opened = try gatehouse.ledger.wait(forAll: 75, "session.opened")
            #expect(opened.allSatisfy { $0["ms"]["waited"].number != nil })
            withExtendedLifetime(peer) {}
        }

        @Test(arguments: IOBackend.available)
        func `clients that come while a backend is killed and started again see nothing of it`(io: IOBackend) throws {
            var peer = try Peer(.websockets)
            let gatehouse = try GatehouseProcess(io: io, "upstream: {url: \(peer.url), wait: {time: 30s}}")
            for round in 0..<3 {
                var clients: [RawConnection] = []
                for index in 0..<60 {
                    if index == 20 { peer.child.send(SIGKILL) }
                    let client = try RawConnection(port: gatehouse.port, timeout: 40)
                    try client.send(Upgrade.request("/echo"))
                    clients.append(client)
                }
                _ = peer.child.waitForExit(within: 10)
                peer = try Peer(.websockets, port: peer.port)
                for (index, client) in clients.enumerated() {
                    #expect(Response.status(of: try client.readHead()) == 101, "round \(round), client \(index)")
                }
            }
            #expect(try gatehouse.ledger.all("session.refused").isEmpty)
        }

        @Test(arguments: IOBackend.available)
        func `who waited in vain gets 503 and when to come back`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, "upstream: {url: http://127.0.0.1:\(try freePort()), wait: {time: 300ms}}")
            for request in [Upgrade.request(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
                var response: Response?
                let span = try seconds { response = try gatehouse.exchange(request) }
                #expect(response?.status == 503 && response?.field("Retry-After") == "5")
                #expect(span >= 0.3 && span < 5, "\(span)")
            }
            let line = try gatehouse.ledger.wait(for: "session.refused")
            #expect(line["reason"].text == "wait_expired" && line["verdict"]["blame"].text == "backend", "\(line)")
        }

        @Test(arguments: IOBackend.available)
        func `who waits when the configuration is read anew goes where it sends the request now`(io: IOBackend) throws {
            let origin = try RawBackend()
            func configuration(_ url: String, _ routes: String) -> String {
                "clusters: {app: {endpoints: [\(url)], wait: {time: 30s}}}\nroutes:\n\(routes)"
            }
            let gatehouse = try GatehouseProcess(
                io: io, configuration("http://127.0.0.1:\(try freePort())", "  - {cluster: app}\n"))
            let (stays, goes) = (try gatehouse.connect(), try gatehouse.connect())
            try stays.send(Upgrade.request("/stays"))
            try goes.send(Upgrade.request("/goes"))
            #expect(try holds { try waiting(gatehouse) == 2 })
            try gatehouse.rewrite(configuration(origin.url, "  - {match: {path: /stays}, cluster: app}\n"))
            gatehouse.child.send(SIGHUP)
            let backend = try origin.accept()
            _ = try backend.readHead()
            try backend.send(Upgrade.response())
            #expect(Response.status(of: try stays.readHead()) == 101)
            #expect(try gatehouse.ledger.wait(for: "session.opened")["ms"]["waited"].number != nil)
            #expect(try goes.readResponse().status == 503)
            #expect(try gatehouse.ledger.wait(for: "session.refused")["reason"].text == "route_changed")
            #expect(try holds { try waiting(gatehouse) == 0 })
        }

        @Test(arguments: IOBackend.available)
        func `the queue has an end, and a client that leaves makes room`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, "upstream: {url: http://127.0.0.1:\(try freePort()), wait: {time: 30s, queue: 3}}", workers: 2)
            let clients = try (0..<3).map { _ in
                let client = try gatehouse.connect()
                try client.send(Upgrade.request())
                return client
            }
            #expect(try holds { try waiting(gatehouse) == 3 })
            #expect(try gatehouse.exchange(Upgrade.request()).status == 503)
            #expect(try gatehouse.ledger.wait(for: "session.refused")["reason"].text == "wait_queue_full")
            clients[1].reset()
            #expect(try holds { try waiting(gatehouse) == 2 })
        }

        @Test(arguments: IOBackend.available)
        func `a connection that ends without a byte of an answer is no answer`(io: IOBackend) throws {
            let backends = try Backends(1)
            let gatehouse = try GatehouseProcess(io: io, backends.cluster("wait: {time: 10s}"))
            let client = try gatehouse.connect()
            try client.send(Upgrade.request())
            for _ in 0..<3 {
                let connection = try backends.next().connection
                _ = try connection.readHead()
                connection.reset()
            }
            let connection = try backends.next().connection
            _ = try connection.readHead()
            try connection.send(Upgrade.response())
            #expect(Response.status(of: try client.readHead()) == 101)
            // A POST may have had an effect: it is not sent twice.
            let second = try gatehouse.connect()
            try second.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
            let taken = try backends.next().connection
            _ = try taken.readHead()
            taken.reset()
            #expect(try second.readResponse().status == 502)
        }

        @Test(arguments: IOBackend.available)
        func `a session that ends lets one in who waits`(io: IOBackend) throws {
            let backends = try Backends(1)
            let gatehouse = try GatehouseProcess(io: io, backends.cluster("max_sessions: 1, wait: {time: 20s}"))
            let first = try backends.session(gatehouse)
            let client = try gatehouse.connect()
            try client.send(Upgrade.request())
            #expect(try holds { try waiting(gatehouse) == 1 })
            first.client.reset()
            let connection = try backends.next().connection
            _ = try connection.readHead()
            try connection.send(Upgrade.response())
            #expect(Response.status(of: try client.readHead()) == 101)
        }
    }
}
