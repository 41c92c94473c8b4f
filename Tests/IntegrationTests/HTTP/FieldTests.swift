import Testing

extension Integration {
    /// Fields that belong to one hop, and those that tell the backend about the client.
    @Suite struct FieldTests {
        private func seen(_ forwarding: Forwarding, _ lines: String...) throws -> [(name: String, value: String)] {
            let request = "GET / HTTP/1.1\r\nHost: app.example\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
            return Response.fields(of: try forwarding.exchange(request, answeredBy: Forwarding.ok).seen)
        }

        private func values(_ name: String, _ fields: [(name: String, value: String)]) -> [String] {
            fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        }

        @Test(arguments: IOBackend.available)
        func `hop-by-hop fields and what Connection names don't pass`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "timeouts: {keep_alive: 100ms}")
            let fields = try seen(
                forwarding, "Connection: keep-alive, X-Private", "X-Private: mine", "Keep-Alive: timeout=5",
                "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic abc", "TE: gzip", "X-Kept: yes")
            for name in ["X-Private", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE"] {
                #expect(values(name, fields) == [], "\(name) went on")
            }
            #expect(values("X-Kept", fields) == ["yes"])
            #expect(!values("Connection", fields).joined().contains("X-Private"))

            let (_, response) = try Forwarding(io: io).exchange(
                Forwarding.get(),
                answeredBy:
                    "HTTP/1.1 200 OK\r\nConnection: X-Secret\r\nX-Secret: 1\r\nKeep-Alive: timeout=9\r\nContent-Length: 0\r\n\r\n"
            )
            #expect(response.field("X-Secret") == nil)
            #expect(response.field("Keep-Alive") == nil)
        }

        @Test(arguments: IOBackend.available)
        func `a client that nobody trusts can't say where it comes from`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let fields = try seen(
                forwarding, "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https",
                "X-Forwarded-Host: evil.example",
                "Forwarded: for=203.0.113.9", "X_Forwarded_For: 203.0.113.9", "True-Client-IP: 203.0.113.9",
                "CF-Connecting-IP: 203.0.113.9", "X-Real-IP: 203.0.113.9")
            #expect(!fields.contains { $0.value.contains("203.0.113.9") })
            #expect(values("X-Forwarded-For", fields) == ["127.0.0.1"])
            #expect(values("X-Forwarded-Proto", fields) == ["http"])
            #expect(values("X-Forwarded-Host", fields) == ["app.example"])
            #expect(values("X-Forwarded-Port", fields) == ["\(forwarding.gatehouse.port)"])
            #expect(values("Forwarded", fields).count == 1)
            #expect(!values("Forwarded", fields).joined().contains("203.0.113.9"))
            #expect(values("Forwarded", fields).joined().contains("for=127.0.0.1"))
            #expect(values("X_Forwarded_For", fields) == [])
            #expect(values("Via", fields).joined().contains("1.1"))
        }

        @Test(arguments: IOBackend.available)
        func `a trusted proxy's word is kept and added to`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "trusted_proxies: [127.0.0.0/8]")
            let fields = try seen(
                forwarding, "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: www.example",
                "X-Forwarded-Port: 443", "CF-Connecting-IP: 203.0.113.9", "X-Real-IP: 203.0.113.9")
            #expect(values("CF-Connecting-IP", fields) == ["203.0.113.9"])
            #expect(values("X-Real-IP", fields) == ["203.0.113.9"])
            #expect(values("X-Forwarded-For", fields) == ["203.0.113.9, 127.0.0.1"])
            #expect(values("X-Forwarded-Proto", fields) == ["https"])
            #expect(values("X-Forwarded-Host", fields) == ["www.example"])
            #expect(values("X-Forwarded-Port", fields) == ["443"])
        }

        @Test(arguments: IOBackend.available)
        func `Connection can't strip the fields that Gatehouse sets`(io: IOBackend) throws {
            let fields = try seen(
                try Forwarding(io: io), "Connection: close, X-Forwarded-For, X-Forwarded-Proto, Host, Via")
            #expect(values("X-Forwarded-For", fields) == ["127.0.0.1"])
            #expect(values("X-Forwarded-Proto", fields) == ["http"])
            #expect(values("Host", fields) == ["app.example"])
        }

        @Test(arguments: IOBackend.available)
        func `h2c is taken off and the request goes on as HTTP 1_1`(io: IOBackend) throws {
            let fields = try seen(
                try Forwarding(io: io), "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
                "Connection: Upgrade, HTTP2-Settings")
            #expect(values("Upgrade", fields) == [])
            #expect(values("HTTP2-Settings", fields) == [])
        }

        @Test(arguments: IOBackend.available)
        func `Host is rewritten and the prefix stripped where the route says so`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "host: rewrite\nrewrite: {strip_prefix: /api}")
            let (seen, _) = try forwarding.exchange(Forwarding.get("/api/items?x=1"), answeredBy: Forwarding.ok)
            #expect(seen.hasPrefix("GET /items?x=1 HTTP/1.1\r\n"))
            #expect(
                Response.fields(of: seen).first { $0.name.lowercased() == "host" }?.value
                    == "127.0.0.1:\(forwarding.origin.port)")
        }

        @Test(arguments: IOBackend.available)
        func `routes choose by host and path, the most specific first`(io: IOBackend) throws {
            let origins = try (0..<3).map { _ in try RawBackend() }
            let gatehouse = try GatehouseProcess(
                io: io,
                """
                clusters:
                  app: {endpoints: ["\(origins[0].url)"]}
                  live: {endpoints: ["\(origins[1].url)"]}
                  other: {endpoints: ["\(origins[2].url)"]}
                routes:
                  - {match: {path: /}, cluster: app}
                  - {match: {path: /ws}, cluster: live}
                  - {match: {host: other.example, path: /}, cluster: other}
                """)
            for (host, path, expected) in [
                ("app.example", "/", 0), ("app.example", "/wsx", 0), ("app.example", "/ws", 1),
                ("app.example", "/ws/a", 1),
                ("other.example", "/ws", 2), ("OTHER.example:80", "/", 2),
            ] {
                let client = try gatehouse.connect()
                try client.send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
                let arrived = try eventually(within: 5) { origins.firstIndex { $0.waits() } }
                #expect(arrived == expected, "\(host)\(path)")
                guard let arrived else { continue }
                let backend = try origins[arrived].accept()
                _ = try backend.readHead()
                try backend.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                #expect(try client.readResponse().text == "ok")
            }
        }
    }
}
