import Glibc
import Testing

extension Integration {
    /// The service that token keys come from, in all its moods. Whatever it does, nobody gets in by it.
    @Suite struct KeyServiceTests {
        private static let backends = IOBackend.available.prefix(1)

        private static func configuration(_ port: UInt16) -> String {
            "auth: {from: [{query: t}], jwt: {url: 'http://127.0.0.1:\(port)/jwks.json'}}"
        }

        private static func key(_ kid: String) -> String {
            #"{"kty":"oct","kid":"\#(kid)","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}"#
        }

        private static func request(_ kid: String) -> String {
            Upgrade.request("/?t=\(GateTests.token(GateTests.claims(), header: #","kid":"\#(kid)""#))")
        }

        /// Answers the next fetch.
        private static func serve(_ service: RawBackend, _ body: String, within seconds: Double = 10) throws {
            let connection = try service.accept(within: seconds)
            #expect(try connection.readHead().hasPrefix("GET /jwks.json HTTP/1.1\r\n"))
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            connection.close()
        }

        @Test(arguments: backends)
        func `down at the start, it is asked again until it is there`(io: IOBackend) throws {
            let backend = try RawBackend()
            let port = try RawBackend().port
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration(port))
            _ = try gatehouse.ledger.wait(for: "keys.not_fetched")
            #expect(try gatehouse.exchange(Self.request("a")).status == 503)
            let service = try RawBackend(port: port)
            try Self.serve(service, "{\"keys\":[\(Self.key("a"))]}")
            _ = try gatehouse.ledger.wait(for: "keys.fetched")
            _ = try RawSession(through: gatehouse, to: backend, request: Self.request("a"))
        }

        @Test(arguments: backends)
        func `ten megabytes are not read to their end, and a service that hangs holds nobody`(io: IOBackend) throws {
            let (backend, service) = (try RawBackend(), try RawBackend())
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration(service.port))
            let flood = try service.accept()
            _ = try flood.readHead()
            try flood.send("HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n{\"keys\":[")
            let sent = (try? flood.sendWhatFits([UInt8](repeating: 0x20, count: 10 << 20), within: 2)) ?? 0
            #expect(sent < 10 << 20, "it was cut off")
            let line = try gatehouse.ledger.wait(for: "keys.not_fetched")
            #expect("\(line)".contains("512 KiB"), "\(line)")
            // The next try finds a service that takes the connection and says nothing. Nobody waits for that.
            let hanging = try service.accept()
            let began = ContinuousClock.now
            #expect(try gatehouse.exchange(Self.request("a")).status == 503)
            #expect(began.duration(to: .now) < .seconds(5))
            _ = try gatehouse.ledger.wait(forAll: 2, "keys.not_fetched", within: 20)
            hanging.close()
            try Self.serve(service, "{\"keys\":[\(Self.key("a"))]}")
            _ = try gatehouse.ledger.wait(for: "keys.fetched")
            _ = try RawSession(through: gatehouse, to: backend, request: Self.request("a"))
            #expect(!backend.waits())
        }

        @Test(arguments: backends)
        func `a key that is new is fetched, but not as often as strangers ask; while that fails the old ones hold`(io: IOBackend)
            throws
        {
            let (backend, service) = (try RawBackend(), try RawBackend())
            let gatehouse = try GatehouseProcess(io: io, upstream: backend.url, Self.configuration(service.port))
            try Self.serve(service, "{\"keys\":[\(Self.key("a"))]}")
            _ = try gatehouse.ledger.wait(for: "keys.fetched")
            let fetched = ContinuousClock.now
            for _ in 0..<20 { #expect(try gatehouse.exchange(Self.request("b")).status == 401) }
            // Twenty strangers, one fetch, and that ten seconds after the last.
            let rubbish = try service.accept(within: 20)
            #expect(fetched.duration(to: .now) > .seconds(9))
            _ = try rubbish.readHead()
            try rubbish.send("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
            rubbish.close()
            _ = try gatehouse.ledger.wait(for: "keys.not_fetched")
            _ = try RawSession(through: gatehouse, to: backend, request: Self.request("a"))
            try Self.serve(service, "{\"keys\":[\(Self.key("a")),\(Self.key("b"))]}")
            _ = try gatehouse.ledger.wait(forAll: 2, "keys.fetched")
            _ = try RawSession(through: gatehouse, to: backend, request: Self.request("b"))
            #expect(!service.waits())
        }

        @Test func `what is left out of a key file is said at the start and at each reload`() throws {
            let (backend, scratch) = (try RawBackend(), try ScratchFolder())
            try scratch.write(#"{"keys":[\#(Self.key("a")),{"kty":"EC","crv":"P-1","kid":"b"}]}"#, to: "keys.json")
            let gatehouse = try GatehouseProcess(
                io: IOBackend.available[0], upstream: backend.url,
                "auth: {from: [{query: t}], jwt: {keys: \(scratch.file("keys.json"))}}")
            let line = try gatehouse.ledger.wait(for: "config.notice")
            #expect(line["level"].text == "warning" && line["notice"].text?.contains("key 2 of 2 is left out") == true, "\(line)")
            _ = try RawSession(through: gatehouse, to: backend, request: Self.request("a"))
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(forAll: 2, "config.notice")
        }

        @Test(arguments: IOBackend.available)
        func `a cookie of 64 KB, and names that don't resolve, are refused`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io,
                """
                limits: {sessions_per_address: 1, head: 128KiB}
                routes:
                  - {match: {path: /cookie}, upstream: '\(backend.url)', auth: {from: [{cookie: s}], jwt: {secret: \(GateTests.secret)}}}
                  - {match: {path: /name}, upstream: 'http://nowhere.invalid:1'}
                  - {match: {path: /service}, upstream: '\(backend.url)', auth: {forward: {url: 'http://nowhere.invalid:1/'}}}
                """)
            let long = String(repeating: "a", count: 64 << 10)
            let refused = try gatehouse.exchange(Upgrade.request("/cookie", with: ("Cookie", "s=\(long)")))
            #expect(refused.status == 401, "\(refused.head)")
            #expect(try gatehouse.ledger.wait(for: "session.refused")["reason"].text == "token_too_large")
            // A session that came to nothing counts for nothing: the second is refused for the name, not for the limit.
            for _ in 0..<2 { #expect(try gatehouse.exchange(Upgrade.request("/name")).status == 502) }
            #expect(try gatehouse.exchange(Upgrade.request("/service")).status == 503)
            #expect(!backend.waits())
            let usual = try GatehouseProcess(io: io, upstream: backend.url)
            #expect(try usual.exchange(Upgrade.request("/cookie", with: ("Cookie", "s=\(long)"))).status == 431)
        }
    }
}
