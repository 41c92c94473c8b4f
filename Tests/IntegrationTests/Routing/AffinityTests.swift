import Glibc
import Testing

extension Integration {
    /// Requests of one client stay with one endpoint, and the ledger says why they don't where they can't.
    @Suite struct AffinityTests {
        private static let key = "0123456789abcdef0123456789abcdef"

        private func outcome(_ gatehouse: GatehouseProcess, _ number: Int) throws -> [String?] {
            let line = try gatehouse.ledger.wait(forAll: number, "http.request")[number - 1]["affinity"]
            return [line["by"].text, line["outcome"].text, line["why"].text]
        }

        @Test(arguments: IOBackend.available)
        func `a cookie of Gatehouse's binds requests and sessions to one endpoint`(io: IOBackend) throws {
            let backends = try Backends(3)
            let gatehouse = try GatehouseProcess(io: io, backends.cluster("affinity: {cookie: gatehouse}"), workers: 2)
            let first = try backends.exchange(gatehouse)
            let cookie = try #require(first.response.cookie("gatehouse"))
            let line = try #require(first.response.field("Set-Cookie"))
            #expect(line.hasSuffix("; Path=/; Max-Age=86400; Secure; HttpOnly; SameSite=Lax"), "\(line)")
            #expect(!line.contains("127.0.0.1") && !line.contains("\(backends.all[first.index].port)"))
            #expect(try outcome(gatehouse, 1) == ["cookie", "new", nil])
            for number in 2...7 {
                let next = try backends.exchange(gatehouse, fields: [("Cookie", "a=b; \(cookie); c=d")])
                #expect(next.index == first.index && next.response.field("Set-Cookie") == nil)
                #expect(try outcome(gatehouse, number) == ["cookie", "kept", nil])
            }
            let session = try backends.session(gatehouse, fields: [("Cookie", cookie)])
            #expect(session.index == first.index && !session.head.contains("Set-Cookie"))
            let opened = try gatehouse.ledger.wait(for: "session.opened")
            #expect(opened["affinity"]["outcome"].text == "kept")
            #expect(try gatehouse.admin("/metrics").text.contains(#"gatehouse_affinity_total{outcome="kept"} 7"#))
        }

        @Test(arguments: IOBackend.available)
        func `a 101 sets the cookie as well`(io: IOBackend) throws {
            let backends = try Backends(2)
            let gatehouse = try GatehouseProcess(
                io: io, backends.cluster("affinity: {cookie: {name: g, path: /ws, same_site: none, max_age: 1h}}"))
            let session = try backends.session(gatehouse)
            let field = try #require(Response.fields(of: session.head).first { $0.name.lowercased() == "set-cookie" }?.value)
            #expect(field.hasPrefix("g=1.") && field.hasSuffix("; Path=/ws; Max-Age=3600; Secure; HttpOnly; SameSite=None"))
            for _ in 0..<4 {
                let next = try backends.session(gatehouse, fields: [("Cookie", String(field.prefix { $0 != ";" }))])
                #expect(next.index == session.index)
            }
        }

        @Test(arguments: IOBackend.available)
        func `what is forged, malformed or 64 KB long counts for nothing and gets a new one`(io: IOBackend) throws {
            let backends = try Backends(2)
            let gatehouse = try GatehouseProcess(
                io: io, backends.cluster("affinity: {cookie: gatehouse}") + "limits: {head: 128KiB}")
            let cookie = try #require(try backends.exchange(gatehouse).response.cookie("gatehouse"))
            let parts = cookie.split(separator: ".")
            let forged =
                "\(parts[0]).\(parts[1].last == "0" ? parts[1].dropLast() + "1" : parts[1].dropLast() + "0").\(parts[2]).\(parts[3])"
            var number = 1
            for (value, why) in [
                (forged, "forged"), (cookie.dropLast(1) + "!", "malformed"), ("gatehouse=", "malformed"),
                ("gatehouse=1...", "malformed"),
                ("gatehouse=" + String(repeating: "a", count: 65536), "malformed"),
            ] {
                let next = try backends.exchange(gatehouse, fields: [("Cookie", String(value))])
                number += 1
                #expect(next.response.status == 200 && next.response.cookie("gatehouse") != nil)
                #expect(try outcome(gatehouse, number) == ["cookie", "new", why])
            }
        }

        @Test(arguments: IOBackend.available)
        func `a stale cookie is none`(io: IOBackend) throws {
            let backends = try Backends(2)
            let gatehouse = try GatehouseProcess(
                io: io, backends.cluster("affinity: {cookie: {name: gatehouse, keys: [\(Self.key)], max_age: 1s}}"))
            let cookie = try #require(try backends.exchange(gatehouse).response.cookie("gatehouse"))
            var number = 1
            #expect(
                try holds(within: 10) {
                    number += 1
                    _ = try backends.exchange(gatehouse, fields: [("Cookie", cookie)])
                    return try outcome(gatehouse, number) == ["cookie", "new", "stale"]
                })
        }

        @Test(arguments: IOBackend.available)
        func `another process with the key takes the cookie, also while keys are changed`(io: IOBackend) throws {
            let backends = try Backends(2)
            func gatehouse(_ keys: String...) throws -> GatehouseProcess {
                try GatehouseProcess(
                    io: io, backends.cluster("affinity: {cookie: {name: g, keys: [\(keys.joined(separator: ", "))]}}"))
            }
            let new = "fedcba9876543210fedcba9876543210"
            let (before, between, after) = (try gatehouse(Self.key), try gatehouse(new, Self.key), try gatehouse(new))
            let first = try backends.exchange(before)
            let cookie = try #require(first.response.cookie("g"))
            let second = try backends.exchange(between, fields: [("Cookie", cookie)])
            let renewed = try #require(second.response.cookie("g"), "signed anew by the first key")
            #expect(second.index == first.index)
            #expect(try backends.exchange(after, fields: [("Cookie", renewed)]).index == first.index)
            _ = try backends.exchange(after, fields: [("Cookie", cookie)])
            #expect(try outcome(after, 2) == ["cookie", "new", "forged"])
            for process in [before, between, after] { #expect(!process.everythingWritten.contains(Self.key)) }
        }

        @Test(arguments: IOBackend.available)
        func `an endpoint that is drained or gone hands its clients on, and the line says why`(io: IOBackend) throws {
            let backends = try Backends(2)
            let gatehouse = try GatehouseProcess(io: io, backends.cluster("affinity: {cookie: gatehouse}"))
            let first = try backends.exchange(gatehouse)
            let cookie = try #require(first.response.cookie("gatehouse"))
            let home = backends.url(first.index)
            let drain = "POST /api/drain?endpoint=\(home) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            #expect(try gatehouse.exchange(drain, port: gatehouse.adminPort()).status == 202)
            let second = try backends.exchange(gatehouse, fields: [("Cookie", cookie)])
            #expect(second.index != first.index)
            #expect(try outcome(gatehouse, 2) == ["cookie", "broken", "draining"])
            let moved = try #require(second.response.cookie("gatehouse"))
            #expect(moved.prefix(30) != cookie.prefix(30))
            try gatehouse.rewrite("clusters: {app: {endpoints: [\(home)], affinity: {cookie: gatehouse}}}\ncluster: app")
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(for: "config.reloaded")
            let resume = "POST /api/drain?endpoint=\(home)&resume=true HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            _ = try gatehouse.exchange(resume, port: gatehouse.adminPort())
            _ = try backends.exchange(gatehouse, fields: [("Cookie", moved)])
            #expect(try outcome(gatehouse, 3) == ["cookie", "broken", "gone"])
        }

        @Test(arguments: IOBackend.available)
        func `an endpoint that can't be reached hands its clients on`(io: IOBackend) throws {
            let (a, b) = (try Peer(.websockets), try Peer(.websockets))
            let gatehouse = try GatehouseProcess(
                io: io, "clusters: {app: {endpoints: [\(a.url), \(b.url)], affinity: {query: room}}}\ncluster: app")
            func place(_ room: Int) throws -> (String?, JSON) {
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/echo?room=\(room)"))
                #expect(Response.status(of: try client.readHead()) == 101)
                let target = "room=\(room) "
                let lines = try eventually {
                    let lines = try gatehouse.ledger.all("session.opened").filter {
                        $0["request"]["line"].text?.contains(target) == true
                    }
                    return lines.isEmpty ? nil : lines
                }
                return (lines?.last?["endpoint"].text, lines?.last?["affinity"] ?? .null)
            }
            let homes = try (0..<8).map { try place($0) }
            #expect(homes.allSatisfy { $0.1["outcome"].text == "kept" && $0.1["by"].text == "query" })
            #expect(Set(homes.map(\.0)).count == 2)
            a.child.send(SIGKILL)
            _ = a.child.waitForExit(within: 10)
            let moved = try #require(homes.firstIndex { $0.0 == a.url })
            let client = try gatehouse.connect()
            try client.send(Upgrade.request("/echo?room=\(moved)"))
            #expect(Response.status(of: try client.readHead()) == 101)
            let line = try gatehouse.ledger.wait(forAll: 9, "session.opened")[8]
            #expect(line["affinity"]["outcome"].text == "broken" && line["affinity"]["why"].text == "connect_failed")
            #expect(line["endpoint"].text == b.url)
        }

        @Test(arguments: IOBackend.available)
        func `a cookie of the application's leads back to the endpoint that set it`(io: IOBackend) throws {
            let backends = try Backends(3)
            let gatehouse = try GatehouseProcess(io: io, backends.cluster("affinity: {application_cookie: sessionid}"), workers: 2)
            for name in ["one", "two", "three", "four"] {
                let first = try backends.exchange(
                    gatehouse, answer: ["Set-Cookie: csrf=x", "Set-Cookie: sessionid=\(name); HttpOnly"])
                #expect(first.response.fields("Set-Cookie") == ["csrf=x", "sessionid=\(name); HttpOnly"])
                for _ in 0..<3 {
                    #expect(try backends.exchange(gatehouse, fields: [("Cookie", "sessionid=\(name)")]).index == first.index)
                }
                #expect(try backends.session(gatehouse, fields: [("Cookie", "sessionid=\(name)")]).index == first.index)
            }
            // One that nobody has seen set goes by its hash: anywhere, but always there.
            let stranger = try (0..<3).map { _ in try backends.exchange(gatehouse, fields: [("Cookie", "sessionid=other")]).index }
            #expect(Set(stranger).count == 1)
        }

        @Test(arguments: IOBackend.available)
        func `the polls and the upgrade of an Engine.IO session go where it was opened`(io: IOBackend) throws {
            let backends = try Backends(3)
            let gatehouse = try GatehouseProcess(io: io, backends.cluster("affinity: {engine_io: true}"), workers: 2)
            let path = "/socket.io/?EIO=4&transport="
            for number in 0..<5 {
                let sid = "lv_VI97HAXpY6yYWAAA\(number)"
                let open = try backends.exchange(
                    gatehouse, path + "polling", body: #"0{"sid":"\#(sid)","upgrades":["websocket"],"pingInterval":25000}"#)
                #expect(open.response.text.contains(sid))
                for _ in 0..<2 {
                    #expect(try backends.exchange(gatehouse, path + "polling&sid=\(sid)", body: "6").index == open.index)
                }
                #expect(try backends.session(gatehouse, path + "websocket&sid=\(sid)").index == open.index)
            }
            _ = try backends.exchange(gatehouse, path + "polling&sid=nobody", body: "6")
            let line = try gatehouse.ledger.wait(forAll: 16, "http.request")[15]["affinity"]
            #expect(line["outcome"].text == "broken" && line["why"].text == "unknown")
            let report = try JSON(parsing: try gatehouse.admin("/api/endpoints").text)["clusters"].elements.first
            #expect(report?["bindings"].number == 5)
        }
    }
}
