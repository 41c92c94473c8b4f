import Glibc
import Testing

extension Integration {
    /// Which endpoint a policy chooses, from outside.
    @Suite struct PolicyTests {
        /// A request of a key's owner, with something besides that must not matter.
        private static func request(_ key: String, _ value: Int, noise: Int) -> (target: String, fields: [(String, String)]) {
            let claims = #"{"sub":"u\#(value)","room":"r\#(value)","exp":\#(time(nil) + 600),"jti":"\#(noise)"}"#
            let token = GateTests.token(claims)
            let address = key == "address" ? "192.0.2.\(value)" : "198.51.100.\(noise)"
            let fields = [
                ("X-Forwarded-For", address), ("X-Room", key == "header.X-Room" ? "r\(value)" : "x\(noise)"),
                ("Cookie", "noise=\(noise); room=" + (key == "cookie.room" ? "r\(value)" : "x\(noise)")),
            ]
            let path = key == "path.2" ? "r\(value)" : "x\(noise)"
            let query = key == "query.room" ? "r\(value)" : "x\(noise)"
            let isClaim = key == "user" || key.hasPrefix("claims")
            let other = #"{"sub":"x\#(noise)","room":"x\#(noise)","exp":\#(time(nil) + 600)}"#
            return ("/rooms/\(path)/ws?n=\(noise)&room=\(query)&t=\(isClaim ? token : GateTests.token(other))", fields)
        }

        @Test(arguments: ["address", "header.X-Room", "cookie.room", "query.room", "path.2", "user", "claims.room"])
        func `requests with the same key go to the same endpoint, whatever else differs, and keys spread`(key: String) throws {
            let io = IOBackend.available[0]
            let backends = try Backends(3)
            let gatehouse = try GatehouseProcess(
                io: io,
                backends.cluster("policy: hash, hash_by: \(key)")
                    + """
                    trusted_proxies: [127.0.0.0/8]
                    auth: {from: [{query: t}], jwt: {secret: \(GateTests.secret)}}
                    """, workers: 2)
            func place(_ value: Int, noise: Int) throws -> Int {
                let (target, fields) = Self.request(key, value, noise: noise)
                return try backends.session(gatehouse, target, fields: fields).index
            }
            let homes = try (1...12).map { try place($0, noise: $0) }
            #expect(Set(homes).count > 1, "\(homes)")
            for (index, home) in homes.enumerated() {
                for noise in 0..<2 { #expect(try place(index + 1, noise: 40 + index * 2 + noise) == home) }
            }
        }

        @Test func `least-sessions fills up who has fewest`() throws {
            let backends = try Backends(3)
            let gatehouse = try GatehouseProcess(io: IOBackend.available[0], backends.cluster("policy: least-sessions"))
            let sessions = try (0..<6).map { _ in try backends.session(gatehouse) }
            #expect(sessions.map(\.index).sorted() == [0, 0, 1, 1, 2, 2])
            for session in sessions where session.index == 1 { session.client.reset() }
            _ = try gatehouse.ledger.wait(forAll: 2, "session.closed")
            let later = try (0..<3).map { _ in try backends.session(gatehouse) }
            #expect(later.filter { $0.index == 1 }.count >= 2, "\(later.map(\.index))")
        }

        @Test func `random-of-two reaches everybody, and never the fullest`() throws {
            let backends = try Backends(3)
            let gatehouse = try GatehouseProcess(io: IOBackend.available[0], backends.cluster("policy: random-of-two"))
            let sessions = try (0..<30).map { _ in try backends.session(gatehouse) }
            let counts = (0..<3).map { index in sessions.count { $0.index == index } }
            // Of two the emptier: three endpoints never drift far apart.
            #expect(counts.allSatisfy { (7...13).contains($0) }, "\(counts)")
        }

        @Test(arguments: IOBackend.available)
        func `two versions of a backend side by side each get their sessions, and who answers with another subprotocol is believed`(
            io: IOBackend
        ) throws {
            let backends = try Backends(2)
            let gatehouse = try GatehouseProcess(io: io, backends.cluster("health: {failures: 2}"))
            // The old one chooses v1, the new one v2 and says so; both are right, and neither is held for unfit.
            for _ in 0..<6 {
                let client = try gatehouse.connect()
                try client.send(Upgrade.request(with: ("Sec-WebSocket-Protocol", "v2, v1")))
                let (index, connection) = try backends.next()
                _ = try connection.readHead()
                try connection.send(Upgrade.response("Sec-WebSocket-Protocol: v\(index + 1)", "Server: app/\(index + 1)"))
                let head = try client.readHead()
                #expect(Response.status(of: head) == 101 && head.contains("v\(index + 1)\r\n"))
            }
            let opened = try gatehouse.ledger.wait(forAll: 6, "session.opened")
            #expect(Set(opened.compactMap { $0["endpoint"].text }) == [backends.url(0), backends.url(1)])
            #expect(try gatehouse.ledger.all("endpoint.ejected").isEmpty)
        }
    }
}
