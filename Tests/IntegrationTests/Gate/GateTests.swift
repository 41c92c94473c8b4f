import Foundation
import Glibc
import TestSupport
import Testing

extension Integration {
    /// The gate before backends that know nothing of it.
    @Suite struct GateTests {
        static let secret = "0123456789abcdef0123456789abcdef"

        /// An HS256 token with these claims.
        static func token(_ claims: String, secret: String = GateTests.secret, header: String = #","typ":"JWT""#) -> String {
            String(decoding: Tokens.hmac(Array(secret.utf8), claims, header: header), as: UTF8.self)
        }

        static func claims(_ more: String = "", life: Int = 600) -> String {
            #"{"sub":"ann","exp":\#(time(nil) + life)\#(more.isEmpty ? "" : "," + more)}"#
        }

        private static let configuration = """
            origins: [https://app.example]
            auth:
              from: [{query: t}, authorization, subprotocol]
              jwt: {secret: \(secret)}
              identity: [{field: X-User, value: user}, {field: X-Room, value: claims.room}]
              strip: true
            permission: {path: "/rooms/{id}", require: [claims.room == path.id]}
            """

        private static func request(
            _ target: String, origin: String? = "https://app.example", with fields: (String, String)...
        ) -> String {
            let lines = (origin.map { [("Origin", $0)] } ?? []) + fields
            let head = Upgrade.request(target)
            return head.dropLast() + lines.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
        }

        @Test(arguments: IOBackend.available)
        func `who fits the rules gets in, and the backend learns who it is and nothing of the token`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(backend.port)", Self.configuration)
            let token = Self.token(Self.claims(#""room":"7""#))
            let session = try RawSession(
                through: gatehouse, to: backend,
                request: Self.request(
                    "/rooms/7?a=1&t=\(token)&b=2", with: ("X-User", "admin"), ("x_user", "admin"), ("X-ROOM", "8")))
            #expect(session.requestHead.hasPrefix("GET /rooms/7?a=1&b=2 HTTP/1.1\r\n"))
            #expect(session.requestHead.contains("x-user: ann\r\n") && session.requestHead.contains("x-room: 7\r\n"))
            #expect(!session.requestHead.contains("admin") && !session.requestHead.lowercased().contains("x-room: 8"))
            #expect(!session.requestHead.contains(token))
            _ = try gatehouse.ledger.wait(for: "session.opened")
            #expect(!gatehouse.everythingWritten.contains(token))
        }

        static let refusals: [(name: String, target: String, origin: String?, status: Int, reason: String, cause: String)] = [
            ("foreign", "/rooms/7?t=TOKEN", "https://evil.example", 403, "origin_not_allowed", "origin-not-allowed"),
            ("none", "/rooms/7?t=TOKEN", nil, 403, "origin_missing", "origin-missing"),
            ("null", "/rooms/7?t=TOKEN", "null", 403, "origin_null", "origin-not-allowed"),
            ("nobody", "/rooms/7", "https://app.example", 401, "credentials_missing", "credentials-missing"),
            ("junk", "/rooms/7?t=abc", "https://app.example", 401, "token_not_compact", "credentials-rejected"),
            ("forged", "/rooms/7?t=FORGED", "https://app.example", 401, "token_signature_invalid", "credentials-rejected"),
            ("old", "/rooms/7?t=OLD", "https://app.example", 401, "token_expired", "token-expired"),
            ("twice", "/rooms/7?t=TOKEN&t=TOKEN", "https://app.example", 401, "credentials_unreadable", "credentials-rejected"),
            ("other room", "/rooms/8?t=TOKEN", "https://app.example", 403, "permission_denied", "blocked-by-rule"),
            ("other path", "/rooms/7/x?t=TOKEN", "https://app.example", 403, "path_not_covered", "blocked-by-rule"),
        ]

        @Test(arguments: IOBackend.available)
        func `who doesn't is refused with the rule's verdict, and the backend hears nothing`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(backend.port)", Self.configuration)
            let token = Self.token(Self.claims(#""room":"7""#))
            let forged = Self.token(Self.claims(#""room":"7""#), secret: String(repeating: "x", count: 32))
            let old = Self.token(Self.claims(#""room":"7""#, life: -120))
            for (name, target, origin, status, reason, cause) in Self.refusals {
                let target = target.replacing("TOKEN", with: token).replacing("FORGED", with: forged).replacing("OLD", with: old)
                let response = try gatehouse.exchange(Self.request(target, origin: origin))
                #expect(response.status == status, "\(name)")
                #expect(response.head.contains("Gatehouse-Verdict: \(cause); id="), "\(name): \(response.head)")
                #expect((status == 401) == response.head.contains("WWW-Authenticate: Bearer realm="), "\(name)")
                let line = try gatehouse.ledger.wait(for: "session.refused") { $0["reason"].text == reason }
                #expect(line["verdict"]["cause"].text == cause && line["answered_by"]["who"].text == "gatehouse", "\(name)")
                #expect(line["verdict"]["evidence"].elements.count == 3, "\(name): \(line)")
            }
            for secret in [token, forged, old] { #expect(!gatehouse.everythingWritten.contains(secret)) }
            // Whatever had reached the backend would be accepted before this.
            _ = try RawSession(through: gatehouse, to: backend, request: Self.request("/rooms/7?t=\(token)"))
        }

        @Test(arguments: IOBackend.available)
        func `the second upgrade of a connection is judged anew (A13)`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(backend.port)", Self.configuration)
            let client = try gatehouse.connect()
            try client.send(Self.request("/rooms/7?t=\(Self.token(Self.claims(#""room":"7""#)))"))
            let upstream = try backend.accept()
            _ = try upstream.readHead()
            try upstream.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            #expect(Response.status(of: try client.readHead()) == 403)
            try client.send(Self.request("/rooms/7"))
            #expect(Response.status(of: try client.readHead()) == 401)
        }

        @Test(arguments: IOBackend.available)
        func `a token among the subprotocols is no subprotocol (B13)`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(backend.port)", Self.configuration)
            let token = Self.token(Self.claims(#""room":"7""#))
            let offer = Self.request("/rooms/7", with: ("Sec-WebSocket-Protocol", "chat, bearer, \(token), v2"))
            let session = try RawSession(
                through: gatehouse, to: backend, request: offer, response: Upgrade.response("Sec-WebSocket-Protocol: v2"))
            #expect(session.requestHead.contains("Sec-WebSocket-Protocol: chat, v2\r\n"))
            #expect(session.responseHead.contains("Sec-WebSocket-Protocol: v2\r\n"))
            // Nothing but the token: the marker is answered, since a browser would fail a 101 without a choice.
            let alone = try RawSession(
                through: gatehouse, to: backend,
                request: Self.request("/rooms/7", with: ("Sec-WebSocket-Protocol", "bearer, \(token)")))
            #expect(!alone.requestHead.contains("Sec-WebSocket-Protocol"))
            #expect(alone.responseHead.contains("Sec-WebSocket-Protocol: bearer\r\n"))
            #expect(!gatehouse.everythingWritten.contains(token))
        }

        @Test(arguments: IOBackend.available)
        func `report_only decides and logs, and lets pass`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://127.0.0.1:\(backend.port)",
                """
                origins: {allow: [https://app.example], report_only: true}
                auth: {from: [authorization], jwt: {secret: \(Self.secret)}, identity: [{field: X-User, value: user}], report_only: true}
                permission: {require: [scopes contains chat], report_only: true}
                """)
            let session = try RawSession(
                through: gatehouse, to: backend,
                request: Self.request("/", origin: "https://evil.example", with: ("X-User", "admin")))
            #expect(!session.requestHead.contains("admin"))
            let findings = try gatehouse.ledger.wait(forAll: 3, "session.finding")
            #expect(
                findings.compactMap { $0["finding"]["id"].text ?? $0["id"].text }.sorted() == [
                    "gate.credentials_missing", "gate.origin_not_allowed", "gate.permission_denied",
                ], "\(findings)")
        }

        @Test(arguments: IOBackend.available)
        func `a session ends with its token, at a frame's end and with 4401 (A12)`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://127.0.0.1:\(backend.port)",
                "auth: {from: [{query: t}], jwt: {secret: \(Self.secret), leeway: 0s}}")
            let token = Self.token(Self.claims(life: 2))
            let session = try RawSession(through: gatehouse, to: backend, request: Upgrade.request("/?t=\(token)"))
            // Half of a frame is under way when the token ends.
            try session.backend.send([0x82, 4, 1, 2])
            #expect(try session.client.read(4) == [0x82, 4, 1, 2])
            let warned = try gatehouse.ledger.wait(for: "session.expiring", within: 8)
            #expect((warned["in_ms"].number ?? 9_999) <= 2_000, "the token was nearly over when the session opened")
            let line = try gatehouse.ledger.wait(for: "session.finding", within: 8)
            #expect("\(line)".contains("gate.credential_expired"))
            try session.backend.send([3, 4])
            #expect(try session.client.read(2) == [3, 4])
            let close = try session.client.read(4)
            #expect(close[0] == 0x88 && close[2...].elementsEqual([0x11, 0x31]), "4401")
        }

        @Test(arguments: IOBackend.available)
        func `passwords are checked beside the loop`(io: IOBackend) throws {
            let backend = try RawBackend()
            let scratch = try ScratchFolder()
            // ann, secret
            try scratch.write("ann:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n", to: "users")
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://127.0.0.1:\(backend.port)",
                "auth: {from: [basic], htpasswd: users, identity: [{field: X-User, value: user}]}", scratch: scratch)
            let session = try RawSession(
                through: gatehouse, to: backend, request: Self.request("/", with: ("Authorization", "Basic YW5uOnNlY3JldA==")))
            #expect(session.requestHead.contains("x-user: ann\r\n"))
            let refused = try gatehouse.exchange(Self.request("/", with: ("Authorization", "Basic YW5uOnNlY3JlVA==")))
            #expect(refused.status == 401 && refused.head.contains("WWW-Authenticate: Basic realm=\"gatehouse\""))
            _ = try gatehouse.ledger.wait(for: "session.refused") { $0["reason"].text == "password_wrong" }
        }

        @Test(arguments: IOBackend.available)
        func `report_only lets pass, too, who finds the line of passwords full`(io: IOBackend) throws {
            let backend = try RawBackend()
            let scratch = try ScratchFolder()
            // A hash that takes its time, and none of the passwords below.
            try scratch.write("ann:$2y$11$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n", to: "users")
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://127.0.0.1:\(backend.port)",
                "auth: {from: [basic], htpasswd: users, report_only: true}", scratch: scratch)
            let clients = try (0..<100).map { number in
                let client = try gatehouse.connect()
                let credential = Data("ann:\(number)".utf8).base64EncodedString()
                try client.send(Self.request("/", with: ("Authorization", "Basic \(credential)")))
                return client
            }
            _ = try gatehouse.ledger.wait(for: "session.finding") { "\($0)".contains("too many passwords wait") }
            #expect(try backend.accept().readHead().hasPrefix("GET / "))
            #expect(try gatehouse.ledger.all("session.refused").isEmpty)
            withExtendedLifetime(clients) {}
        }

        @Test(arguments: IOBackend.available)
        func `limits count the client, not the proxy in front of it, and let go of what is over`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://127.0.0.1:\(backend.port)",
                "trusted_proxies: [127.0.0.0/8]\nlimits: {sessions_per_address: 2}")
            func request(_ address: String?) -> String {
                guard let address else { return Upgrade.request("/") }
                return Self.request("/", with: ("X-Forwarded-For", address))
            }
            var sessions: [RawSession] = []
            for address in ["198.51.100.1", "198.51.100.1", "198.51.100.2", nil, nil, nil] {
                sessions.append(try RawSession(through: gatehouse, to: backend, request: request(address)))
            }
            let refused = try gatehouse.exchange(request("198.51.100.1"))
            #expect(refused.status == 429 && refused.head.contains("Retry-After: 10\r\n"))
            _ = try gatehouse.ledger.wait(for: "session.refused") { $0["reason"].text == "sessions_per_address" }
            sessions[0].client.close()
            sessions[0].backend.close()
            _ = try gatehouse.ledger.wait(for: "session.closed")
            _ = try RawSession(through: gatehouse, to: backend, request: request("198.51.100.1"))
        }

        @Test(arguments: IOBackend.available)
        func `upgrades above the rate are told when to come again`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://127.0.0.1:\(backend.port)", "limits: {upgrades_per_second: 1}")
            let session = try RawSession(through: gatehouse, to: backend)
            let refused = try gatehouse.exchange(Upgrade.request())
            #expect(refused.status == 503 && refused.head.contains("Retry-After: 1\r\n"))
            let line = try gatehouse.ledger.wait(for: "session.refused") { $0["reason"].text == "upgrade_rate" }
            #expect(line["verdict"]["cause"].text == "rate-limited")
            withExtendedLifetime(session) {}
        }

        @Test(arguments: IOBackend.available)
        func `where all requests are guarded, a plain one is refused too (A11)`(io: IOBackend) throws {
            let backend = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://127.0.0.1:\(backend.port)",
                "origins: [https://app.example]\nauth: {from: [{query: t}], jwt: {secret: \(Self.secret)}}\nguards: all")
            func status(_ method: String, _ target: String, _ fields: String = "") throws -> Int? {
                try gatehouse.exchange("\(method) \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(fields)\r\n").status
            }
            #expect(try status("GET", "/poll") == 401)
            #expect(try status("GET", "/poll", "Origin: https://evil.example\r\n") == 403)
            #expect(try status("POST", "/poll", "Content-Length: 0\r\n") == 403)
        }

        @Test(arguments: IOBackend.available)
        func `real clients of real servers get in with a token, and out when it ends`(io: IOBackend) throws {
            let peer = try Peer.shared(.uvicornWebsockets)
            let gatehouse = try GatehouseProcess(
                io: io, upstream: peer.url, "auth: {from: [{query: t}], jwt: {secret: \(Self.secret), leeway: 0s}, strip: true}")
            let url = "ws://127.0.0.1:\(gatehouse.port)"
            let good = Self.token(Self.claims())
            for client in PeerClient.allCases {
                #expect(try client.run("\(url)/echo?t=\(good)")["error"].isNull)
                let refused = try client.run("\(url)/echo?t=\(Self.token(Self.claims(life: -60)))")
                #expect("\(refused)".contains("401"), "\(refused)")
            }
            let short = try PeerClient.websockets.run("\(url)/echo?t=\(Self.token(Self.claims(life: 2)))", ["--do", "listen"])
            #expect("\(short)".contains("4401"), "\(short)")
        }

        @Test(arguments: IOBackend.available)
        func `keys come from a URL, and whatever that service does, nobody gets in by it`(io: IOBackend) throws {
            let backend = try RawBackend()
            let issuer = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: "http://127.0.0.1:\(backend.port)",
                "auth: {from: [{query: t}], jwt: {url: 'http://127.0.0.1:\(issuer.port)/jwks.json'}}")
            let target = "/?t=\(Self.token(Self.claims()))"
            func serve(_ response: String) throws {
                let connection = try issuer.accept()
                #expect(try connection.readHead().hasPrefix("GET /jwks.json HTTP/1.1\r\n"))
                try connection.send(response)
                connection.close()
            }
            // Rubbish, and a lie of 10 MB: no key, and so no answer but 503.
            try serve("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nrubbish")
            _ = try gatehouse.ledger.wait(for: "keys.not_fetched")
            let refused = try gatehouse.exchange(Upgrade.request(target))
            #expect(refused.status == 503 && refused.head.contains("Retry-After"))
            _ = try gatehouse.ledger.wait(for: "session.refused") { $0["reason"].text == "credentials_uncheckable" }
            try serve("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
            _ = try gatehouse.ledger.wait(forAll: 2, "keys.not_fetched")
            let key = #"{"keys":[{"kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}"#
            try serve("HTTP/1.1 200 OK\r\nContent-Length: \(key.utf8.count)\r\n\r\n\(key)")
            _ = try gatehouse.ledger.wait(for: "keys.fetched")
            _ = try RawSession(through: gatehouse, to: backend, request: Upgrade.request(target))
        }

        @Test func `a key file that can't be used stops the start, and says why`() throws {
            let scratch = try ScratchFolder()
            try scratch.write("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", to: "keys.pem")
            try scratch.write(
                "upstream: http://127.0.0.1:1\nauth: {from: [authorization], jwt: {keys: keys.pem}}\n", to: "g.yaml")
            let child = try ChildProcess(
                Repository.gatehouse, ["check-config", scratch.file("g.yaml")], output: scratch.file("out"),
                errors: scratch.file("err"))
            #expect(child.waitForExit(within: 20) == .code(1))
            #expect(scratch.read("out").contains("keys.pem: found a private key"), "\(scratch.read("out"))")
        }
    }
}
