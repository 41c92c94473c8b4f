import Testing

extension Integration {
    /// `upgrade: any`: protocols that Gatehouse doesn't know, as tunnels that it doesn't read.
    @Suite struct OtherUpgradeTests {
        private static func configuration(_ origin: RawBackend, _ upgrade: String = "any") -> String {
            """
            clusters: {app: {endpoints: ["\(origin.url)"]}}
            routes: [{cluster: app, upgrade: \(upgrade)}]
            """
        }

        private static let ask = Forwarding.get("/attach", "Connection: Upgrade", "Upgrade: tcp")
        private static let switched = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

        @Test(arguments: IOBackend.available)
        func `what a route lets pass is a tunnel, byte for byte, and the ledger has its beginning and its end`(io: IOBackend) throws
        {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, Self.configuration(origin))
            let client = try gatehouse.connect()
            // Early bytes wait for the 101.
            try client.send(Self.ask + "early")
            let backend = try origin.accept()
            let seen = try backend.readHead()
            #expect(seen.contains("\r\nUpgrade: tcp\r\n") && seen.contains("\r\nConnection: Upgrade\r\n"))
            #expect(try backend.isSilent(for: 0.1))
            try backend.send(Self.switched + "glued")
            #expect(try client.readHead().contains("\r\nUpgrade: tcp\r\n"))
            #expect(try client.read(5) == Array("glued".utf8))
            #expect(try backend.read(5) == Array("early".utf8))
            // What would be frames, requests or faults elsewhere is only bytes here.
            let anything = [UInt8](0...255) + Array("GET / HTTP/1.1\r\n\r\n".utf8)
            try client.send(anything)
            #expect(try backend.read(anything.count) == anything)
            try backend.send(anything)
            #expect(try client.read(anything.count) == anything)
            let open = try gatehouse.admin("/metrics").text
            #expect(open.contains("gatehouse_opaque_tunnels_open 1\n"))
            #expect(open.contains("gatehouse_sessions_live 0\n"))
            // Half-close is carried across.
            client.finishSending()
            #expect(try backend.readToEnd().isEmpty && backend.end == .fin)
            try backend.send("last words")
            backend.close()
            #expect(try client.readToEnd() == Array("last words".utf8))
            let request = try gatehouse.ledger.wait(for: "http.request")
            #expect(request["status"].integer == 101)
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["session"].text == request["session"].text)
            #expect(line["downstream"]["bytes"].integer == anything.count + 5)
            #expect(line["verdict"].isNull, "\(line)")
            let metrics = try gatehouse.admin("/metrics").text
            #expect(metrics.contains("gatehouse_opaque_tunnels_total 1\n"))
            #expect(metrics.contains("gatehouse_opaque_tunnels_open 0\n"))
            #expect(
                metrics.contains("gatehouse_opaque_tunnel_bytes_total{direction=\"server_to_client\"} \(anything.count + 15)\n"))
        }

        @Test(arguments: IOBackend.available)
        func `an upgrade gets a connection of its own, though one was kept`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, Self.configuration(origin))
            let first = try gatehouse.connect()
            try first.send(Forwarding.get("/plain"))
            let kept = try origin.accept()
            _ = try kept.readHead()
            try kept.send(Forwarding.ok)
            #expect(try first.readResponse().text == "ok")
            let client = try gatehouse.connect()
            try client.send(Self.ask)
            let backend = try origin.accept()
            #expect(try backend.readHead().hasPrefix("GET /attach "))
            try backend.send(Self.switched)
            #expect(Response.status(of: try client.readHead()) == 101)
            withExtendedLifetime(kept) {}
        }

        @Test(arguments: IOBackend.available)
        func `a request with a body upgrades once the body is there`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, Self.configuration(origin))
            let client = try gatehouse.connect()
            try client.send(
                "POST /exec HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}input")
            let backend = try origin.accept()
            _ = try backend.readHead()
            #expect(try backend.read(2) == Array("{}".utf8))
            try backend.send(Self.switched)
            _ = try client.readHead()
            #expect(try backend.read(5) == Array("input".utf8))
        }

        @Test(arguments: IOBackend.available)
        func `h2c is never asked for, and without the route's word nothing is`(io: IOBackend) throws {
            let origin = try RawBackend()
            for (upgrade, wish) in [("any", "h2c"), ("any", "tcp, h2c"), ("any", "HTTP/2.0"), ("websocket", "tcp")] {
                let gatehouse = try GatehouseProcess(io: io, Self.configuration(origin, upgrade))
                let client = try gatehouse.connect()
                try client.send(Forwarding.get("/", "Connection: Upgrade", "Upgrade: \(wish)"))
                let backend = try origin.accept()
                let seen = try backend.readHead().lowercased()
                #expect(!seen.contains("upgrade"), "\(upgrade), \(wish)")
                // A 101 that nobody asked for opens nothing.
                try backend.send("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: \(wish)\r\n\r\n")
                #expect(try client.readResponse().status == 502)
            }
        }

        @Test(arguments: IOBackend.available)
        func `a 101 to something else is a 502, and any other answer is the response it is`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, Self.configuration(origin))
            for (answer, status) in [
                ("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: irc\r\n\r\n", 502),
                ("HTTP/1.1 101 X\r\nUpgrade: tcp\r\n\r\n", 502),
                ("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n", 502),
                ("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", 403), (Forwarding.ok, 200),
            ] {
                let client = try gatehouse.connect()
                try client.send(Self.ask)
                let backend = try origin.accept()
                _ = try backend.readHead()
                try backend.send(answer)
                #expect(try client.readResponse().status == status, "\(answer)")
                backend.close()
            }
        }

        @Test(arguments: IOBackend.available)
        func `a drain ends such a tunnel with FIN`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, Self.configuration(origin))
            let client = try gatehouse.connect()
            try client.send(Self.ask)
            let backend = try origin.accept()
            _ = try backend.readHead()
            try backend.send(Self.switched)
            _ = try client.readHead()
            #expect(gatehouse.stop() == .code(0))
            #expect(try client.readToEnd().isEmpty && client.end == .fin)
            #expect(try backend.readToEnd().isEmpty && backend.end == .fin)
        }

        // Rules of a route are refused beside `upgrade: any` by the configuration; the limits of all hold for every tunnel.
        @Test(arguments: IOBackend.available, ["refuse", "close"])
        func `such a tunnel counts under its address's limit, and makes room when it ends`(io: IOBackend, onLimit: String) throws {
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, Self.configuration(origin) + "\nlimits: {sessions_per_address: 1, on_limit: \(onLimit)}")
            let client = try gatehouse.connect()
            try client.send(Self.ask)
            let backend = try origin.accept()
            _ = try backend.readHead()
            try backend.send(Self.switched)
            #expect(Response.status(of: try client.readHead()) == 101)
            // There is no close frame to say it with.
            #expect(try gatehouse.exchange(Self.ask).status == 429)
            client.close()
            backend.close()
            _ = try gatehouse.ledger.wait(for: "session.closed")
            let next = try gatehouse.connect()
            try next.send(Self.ask)
            let again = try origin.accept()
            _ = try again.readHead()
            try again.send(Self.switched)
            #expect(Response.status(of: try next.readHead()) == 101)
        }
    }
}
