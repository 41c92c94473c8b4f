import Foundation
import Glibc
import Testing

extension Integration {
    /// The admin listener, and health on the public port.
    @Suite struct AdminTests {
        @Test(arguments: IOBackend.available)
        func `health, readiness and what isn't there`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.misbehavingOrigin).url)
            #expect(try gatehouse.admin("/healthz").status == 200)
            #expect(try gatehouse.admin("/readyz").status == 200)
            #expect(try gatehouse.admin("/nothing").status == 404)
            #expect(
                try gatehouse.exchange(Forwarding.get("/healthz")).status == 404,
                "the public port serves the backend's, not ours")
            #expect(try gatehouse.exchange(Forwarding.get("/metrics")).status == 404)
        }

        @Test(arguments: IOBackend.available)
        func `a page of another site can't ask the admin listener`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url)
            let response = try gatehouse.exchange(
                "GET /api/sessions HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
                port: gatehouse.adminPort())
            #expect(response.status == 421)
        }

        @Test func `a form of another site without Origin can't change anything either`() throws {
            let gatehouse = try GatehouseProcess(io: .epoll, upstream: Peer.shared(.node).url)
            let port = try gatehouse.adminPort()
            for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 202), ("none", 202)] {
                let response = try gatehouse.exchange(
                    "POST /api/drain?endpoint=\(Peer.shared(.node).url) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nSec-Fetch-Site: \(site)\r\nContent-Length: 0\r\n\r\n",
                    port: port)
                #expect(response.status == status, "\(site)")
            }
            #expect(try gatehouse.admin("/api/sessions?limit=-1").status == 400)
        }

        @Test func `connections that send no head keep nobody out of the admin listener, and a head that is too large is told so`()
            throws
        {
            let gatehouse = try GatehouseProcess(io: .epoll, upstream: Peer.shared(.node).url)
            let port = try gatehouse.adminPort()
            let idle = try (0..<80).map { _ in try RawConnection(port: port) }
            for connection in idle { try connection.send("GET /healthz HT") }
            #expect(try gatehouse.admin("/healthz").status == 200)
            let large = try gatehouse.exchange(
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: \(String(repeating: "a", count: 70_000))\r\n\r\n", port: port)
            #expect(large.status == 431)
            #expect(large.text.contains("16384 bytes"))
            // Those that are left are closed by the head's timeout.
            for connection in idle { #expect(try connection.readToEnd().isEmpty) }
        }

        @Test(arguments: IOBackend.available)
        func `metrics are well-formed and count what happened`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.misbehavingOrigin).url)
            _ = try gatehouse.exchange(Forwarding.get("/plain"))
            _ = try gatehouse.exchange(Upgrade.request("/200-with-upgrade"))
            let client = try gatehouse.connect()
            try client.send(Upgrade.request("/frame-glued-to-101"))
            _ = try client.readHead()
            _ = try client.readFrame()
            client.close()
            _ = try gatehouse.ledger.wait(for: "session.closed")

            let response = try gatehouse.admin("/metrics")
            #expect(response.field("Content-Type")?.hasPrefix("text/plain") == true)
            var described: Set<Substring> = []
            var typed: Set<Substring> = []
            var samples: [String: Double] = [:]
            for line in response.text.split(separator: "\n") {
                let words = line.split(separator: " ")
                if line.hasPrefix("# HELP ") {
                    described.insert(words[2])
                } else if line.hasPrefix("# TYPE ") {
                    typed.insert(words[2])
                    #expect(["counter", "gauge", "histogram"].contains(words[3]))
                } else if !line.hasPrefix("#") {
                    #expect(line.hasPrefix("gatehouse_"), "\(line)")
                    let name = line.prefix { $0 != "{" && $0 != " " }
                    let family = ["_bucket", "_sum", "_count"].reduce(name) {
                        $0.hasSuffix($1) ? $0.dropLast($1.count) : $0
                    }
                    #expect(typed.contains(family) || typed.contains(name), "\(name) has no TYPE")
                    #expect(described.contains(family) || described.contains(name), "\(name) has no HELP")
                    let value = words.last.flatMap { Double($0) }
                    #expect(value != nil, "\(line)")
                    let series = String(line.dropLast(words.last?.count ?? 0))
                    #expect(samples[series] == nil, "\(series) stands twice")
                    samples[series] = value
                }
            }
            #expect(samples.count > 20)
            func sum(_ parts: String...) -> Double {
                samples.filter { sample in parts.allSatisfy { sample.key.contains($0) } }.values.reduce(0, +)
            }
            #expect(sum("gatehouse_http_requests") + sum("gatehouse_requests") >= 1)
            #expect(sum("status-not-101") >= 1, "the refusal's cause is counted")
            #expect(sum("loop_lag") >= 0)
        }

        @Test(arguments: IOBackend.available)
        func `paths, origins and hosts make no series of their own`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.misbehavingOrigin).url)
            func series() throws -> Int {
                try gatehouse.admin("/metrics").text.split(separator: "\n").filter { !$0.hasPrefix("#") }.count
            }
            _ = try gatehouse.exchange("GET /plain HTTP/1.1\r\nHost: a\r\nOrigin: https://a\r\n\r\n")
            _ = try gatehouse.exchange("GET /404 HTTP/1.1\r\nHost: a\r\n\r\n")
            let before = try series()
            for number in 0..<200 {
                _ = try gatehouse.exchange(
                    "GET /\(number) HTTP/1.1\r\nHost: h\(number)\r\nOrigin: https://o\(number)\r\n\r\n")
            }
            #expect(try series() == before)
        }

        @Test(arguments: IOBackend.available)
        func `live sessions are listed with what they do, and gone when they are over`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let gatehouse = forwarding.gatehouse
            let session = try RawSession(through: gatehouse, to: forwarding.origin)
            let id = try #require(try gatehouse.ledger.wait(for: "session.opened")["session"].text)
            try session.client.send(Frame.text("one", masked: true))
            _ = try session.backend.readFrame()
            let list = try gatehouse.admin("/api/sessions")
            #expect(list.field("Content-Type")?.hasPrefix("application/json") == true)
            #expect(try JSON(parsing: list.text).description.contains(id))
            let one = try gatehouse.admin("/api/sessions/\(id)")
            #expect(one.status == 200)
            #expect(try JSON(parsing: one.text).description.contains(id))
            #expect(try gatehouse.admin("/api/sessions/0000000000000").status == 404)
            session.client.reset()
            _ = try gatehouse.ledger.wait(for: "session.closed")
            let live = try holds { try !JSON(parsing: gatehouse.admin("/api/sessions").text).description.contains(id) }
            #expect(live, "the session is over and still listed")
        }

        @Test(arguments: IOBackend.available)
        func `the health path tells the state of WebSocket service on the public port`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "health: {path: /api/websocket/health}")
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let response = try forwarding.gatehouse.exchange(Forwarding.get("/api/websocket/health"))
            #expect(response.status == 200)
            #expect(response.field("Content-Type")?.hasPrefix("application/json") == true)
            let state = try JSON(parsing: response.text)
            #expect(state.description.contains("1"), "one live session: \(state)")
            withExtendedLifetime(session) {}
        }

        @Test(arguments: IOBackend.available)
        func `on the public port the admin endpoints need their path and their token`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.misbehavingOrigin).url,
                "admin: {listen: \"127.0.0.1:0\", path: /gatehouse, token: correct-horse-battery}")
            #expect([401, 403, 404].contains(try gatehouse.exchange(Forwarding.get("/gatehouse/metrics")).status))
            #expect(
                [401, 403, 404].contains(
                    try gatehouse.exchange(Forwarding.get("/gatehouse/metrics", "Authorization: Bearer wrong")).status))
            let response = try gatehouse.exchange(
                Forwarding.get("/gatehouse/metrics", "Authorization: Bearer correct-horse-battery"))
            #expect(response.status == 200)
            #expect(response.text.contains("gatehouse_"))
            #expect(!gatehouse.everythingWritten.contains("correct-horse"))
            let lines = try gatehouse.ledger.wait(forAll: 3, "http.request")
            #expect(lines.compactMap { $0["status"].integer } == [401, 401, 200])
        }

        @Test(arguments: IOBackend.available)
        func `upgrades to the admin path that are given up make no room for others`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.misbehavingOrigin).url,
                """
                limits: {upgrades_in_flight: 1}
                admin: {listen: "127.0.0.1:0", path: /gatehouse, token: correct-horse-battery}
                """)
            // Most are gone before the admin thread has answered.
            for _ in 0..<50 {
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/gatehouse/metrics"))
                client.reset()
            }
            let waiting = try gatehouse.connect()
            try waiting.send(Upgrade.request("/never-answers"))
            let refused = try eventually(within: 5) { () -> Response? in
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/never-answers"))
                return try client.isSilent(for: 0.2) ? nil : try client.readResponse()
            }
            #expect(refused?.status == 503)
            withExtendedLifetime(waiting) {}
        }
    }
}
