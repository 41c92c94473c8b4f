import Glibc
import Testing

extension Integration {
    /// Endpoints that are names: which may lead nowhere, to several addresses, and to others later.
    @Suite(.enabled(if: PrivateNames.obstacle == nil, "needs a mount namespace: \(PrivateNames.obstacle ?? "")"))
    struct NameTests {
        private let names: PrivateNames

        init() throws { names = try PrivateNames() }

        private func gatehouse(_ io: IOBackend, _ configuration: String) throws -> GatehouseProcess {
            try GatehouseProcess(io: io, configuration, launcher: names.launcher)
        }

        /// Opens a session with whichever of the backends gets it.
        private func session(_ gatehouse: GatehouseProcess, _ backends: [RawBackend]) throws -> (
            index: Int, client: RawConnection, backend: RawConnection
        ) {
            let client = try gatehouse.connect()
            try client.send(Upgrade.request())
            guard let index = try eventually({ backends.firstIndex { $0.waits() } }) else { throw HarnessFailure("nobody got it") }
            let backend = try backends[index].accept()
            _ = try backend.readHead()
            try backend.send(Upgrade.response())
            #expect(Response.status(of: try client.readHead()) == 101)
            return (index, client, backend)
        }

        @Test(arguments: IOBackend.available)
        func `a name that doesn't resolve at the start costs waiting, then 503 that names it; once it resolves, 101`(io: IOBackend)
            throws
        {
            let backend = try RawBackend()
            let url = "http://late.test:\(backend.port)"
            let gatehouse = try gatehouse(
                io,
                """
                clusters:
                  patient: {endpoints: ['\(url)'], wait: {time: 30s}}
                  hasty: {endpoints: ['\(url)'], wait: {time: 400ms}}
                routes:
                  - {match: {path: /patient}, cluster: patient}
                  - {match: {path: /hasty}, cluster: hasty}
                  - {match: {path: /}, upstream: '\(url)'}
                """)
            let told = try gatehouse.ledger.wait(for: "endpoint.unresolved")
            #expect(told["endpoint"].text == url && told["keeps_old"].bool == false, "\(told)")
            var response: Response?
            let span = try seconds { response = try gatehouse.exchange(Upgrade.request("/hasty")) }
            #expect(response?.status == 503 && response?.field("Retry-After") == "5" && span >= 0.4, "\(span)")
            let refused = try gatehouse.ledger.wait(for: "session.refused")
            #expect(refused["reason"].text == "wait_expired" && "\(refused["verdict"])".contains("late.test"), "\(refused)")
            let waiting = try gatehouse.connect()
            try waiting.send(Upgrade.request("/patient"))
            // Without `wait` it is said at once.
            #expect(try gatehouse.exchange(Upgrade.request("/")).status == 502)
            let plain = try gatehouse.ledger.wait(forAll: 2, "session.refused")[1]
            #expect(plain["reason"].text == "name_not_resolved" && "\(plain["verdict"])".contains("late.test"), "\(plain)")
            #expect(try waiting.isSilent(for: 0.1))
            try names.set("late.test", ["127.0.0.1"])
            let upstream = try backend.accept()
            _ = try upstream.readHead()
            try upstream.send(Upgrade.response())
            #expect(Response.status(of: try waiting.readHead()) == 101)
            #expect(try gatehouse.ledger.wait(for: "endpoint.resolved")["addresses"].texts == ["127.0.0.1"])
            #expect(try gatehouse.ledger.all("endpoint.unresolved").count == 1, "said once, however often it was asked for")
            _ = try session(gatehouse, [backend])
        }

        @Test(arguments: IOBackend.available)
        func `all addresses of a name take turns, and one that is gone hands its turns on`(io: IOBackend) throws {
            let first = try RawBackend(host: "127.0.0.2")
            let port = first.port
            var second: RawBackend? = try RawBackend(host: "127.0.0.3", port: port)
            try names.set("many.test", ["127.0.0.2", "127.0.0.3"])
            let gatehouse = try gatehouse(io, "upstream: 'http://many.test:\(port)'")
            _ = try gatehouse.ledger.wait(for: "endpoint.resolved")
            var all = [first]
            if let second { all.append(second) }
            let sessions = try (0..<6).map { _ in try session(gatehouse, all) }
            #expect(sessions.count { $0.index == 0 } == 3 && sessions.count { $0.index == 1 } == 3)
            // It dies, and the name leads elsewhere: nobody is refused, and nothing new is tried there for long.
            all = [first]
            second = nil
            let third = try RawBackend(host: "127.0.0.4", port: port)
            try names.set("many.test", ["127.0.0.4", "127.0.0.2"])
            for _ in 0..<2 { #expect(try session(gatehouse, all).index == 0) }
            let change = try gatehouse.ledger.wait(forAll: 2, "endpoint.resolved", within: 5)[1]
            #expect(change["gone"].texts == ["127.0.0.3"], "\(change)")
            #expect(Set(change["addresses"].texts) == ["127.0.0.2", "127.0.0.4"])
            let later = try (0..<4).map { _ in try session(gatehouse, [first, third]).index }
            #expect(later.count { $0 == 1 } == 2, "\(later)")
            #expect(try gatehouse.ledger.all("session.refused").isEmpty)
            // A session that sat there sits there still.
            let old = try #require(sessions.first { $0.index == 1 })
            let text = Frame.text("still here", masked: true)
            try old.client.send(text)
            #expect(try old.backend.read(text.count) == text)
        }

        @Test(arguments: IOBackend.available)
        func `a kept connection to an address that is gone is closed, and what comes goes to the new one`(io: IOBackend) throws {
            let old = try RawBackend(host: "127.0.0.2")
            try names.set("moves.test", ["127.0.0.2", "127.0.0.3"])
            let gatehouse = try gatehouse(io, "upstream: 'http://moves.test:\(old.port)'")
            _ = try gatehouse.ledger.wait(for: "endpoint.resolved")
            func exchange(_ backend: RawBackend) throws -> RawConnection {
                let client = try gatehouse.connect()
                try client.send(Forwarding.get("/"))
                let connection = try backend.accept()
                _ = try connection.readHead()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                #expect(try client.readResponse().text == "ok")
                return connection
            }
            let kept = try exchange(old)
            // One of two begins where nobody listens; then the name is asked for again. An answer that fails leaves in force what is there.
            try names.set("moves.test", [])
            for _ in 0..<2 { _ = try session(gatehouse, [old]) }
            #expect(try gatehouse.ledger.wait(for: "endpoint.unresolved", within: 5)["keeps_old"].bool == true)
            _ = try session(gatehouse, [old])
            let new = try RawBackend(host: "127.0.0.4", port: old.port)
            try names.set("moves.test", ["127.0.0.4"])
            #expect(try gatehouse.ledger.wait(forAll: 2, "endpoint.resolved", within: 5)[1]["gone"].texts.count == 2)
            #expect(try kept.readToEnd().isEmpty && kept.end == .fin)
            _ = try exchange(new)
            #expect(!old.waits())
        }

        @Test func `without any failure a name is asked for again each half minute`() throws {
            let (old, io) = (try RawBackend(host: "127.0.0.2"), IOBackend.available[0])
            let new = try RawBackend(host: "127.0.0.3", port: old.port)
            try names.set("slow.test", ["127.0.0.2"])
            let gatehouse = try gatehouse(io, "upstream: 'http://slow.test:\(old.port)'")
            _ = try gatehouse.ledger.wait(for: "endpoint.resolved")
            #expect(try session(gatehouse, [old, new]).index == 0)
            try names.set("slow.test", ["127.0.0.3"])
            _ = try gatehouse.ledger.wait(forAll: 2, "endpoint.resolved", within: 40)
            #expect(try session(gatehouse, [old, new]).index == 1)
        }
    }
}
