import Foundation
import Testing

extension Integration {
    /// What the ledger says of a handshake and of an end, what it hides, and what nobody can do to its lines.
    @Suite struct LedgerTests {
        /// Ends an open session in the orderly way and gives its closing line.
        private func finish(_ session: RawSession, _ gatehouse: GatehouseProcess) throws -> JSON {
            try session.client.send(Frame.close(1000, "done", masked: true))
            _ = try session.backend.readFrame()
            try session.backend.send(Frame.close(1000, "done"))
            session.backend.finishSending()
            _ = try session.client.readToEnd()
            session.client.finishSending()
            return try gatehouse.ledger.wait(for: "session.closed")
        }

        @Test(arguments: IOBackend.available)
        func `a handshake's line has the request as it came, and what it took`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "trusted_proxies: [127.0.0.1/32]")
            let session = try RawSession(
                through: forwarding.gatehouse, to: forwarding.origin,
                request: Upgrade.request(
                    "/ws?room=1",
                    with: ("Origin", "https://app.example"), ("X-Forwarded-For", "203.0.113.9"), ("x-ODD-case", "a  b"),
                    ("Sec-WebSocket-Protocol", "chat.v2, chat.v1"), ("Sec-WebSocket-Extensions", "permessage-deflate")),
                response: Upgrade.response("Sec-WebSocket-Protocol: chat.v1", "X-Back: 1"))
            let line = try forwarding.gatehouse.ledger.wait(for: "session.opened")
            #expect(line["session"].text?.count == 13)
            #expect(line["level"].text == "info")
            #expect(line["time"].text?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
            #expect(line["request"]["line"].text == "GET /ws?room=1 HTTP/1.1")
            #expect(
                line["request"]["fields"].elements.map { $0[0].text } == [
                    "Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Origin",
                    "X-Forwarded-For",
                    "x-ODD-case", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions",
                ])
            #expect(line["request"]["fields"].field("x-odd-case") == "a  b")
            #expect(line["response"]["status"].integer == 101)
            #expect(line["response"]["fields"].field("X-Back") == "1")
            #expect(line["client"]["address"].text?.hasPrefix("127.0.0.1:") == true)
            #expect(line["client"]["forwarded_for"].text == "203.0.113.9")
            #expect(line["client"]["forwarded_trusted"].bool == true)
            #expect(line["origin"].text == "https://app.example")
            #expect(line["subprotocols_offered"].texts == ["chat.v2", "chat.v1"])
            #expect(line["subprotocol"].text == "chat.v1")
            #expect(line["extensions_offered"].text == "permessage-deflate")
            #expect(line["endpoint"].text?.contains("\(forwarding.origin.port)") == true)
            #expect(!line["route"].isNull && !line["cluster"].isNull)
            for part in ["connect", "response", "total"] {
                #expect((line["ms"][part].number ?? -1) >= 0, "ms.\(part): \(line["ms"])")
            }
            let closed = try finish(session, forwarding.gatehouse)
            #expect(closed["session"] == line["session"])
            #expect(closed["downstream"]["close_code"].integer == 1000)
            #expect(closed["downstream"]["close_reason"].text == "done")
            #expect(closed["first"].text == "downstream")
            #expect((closed["duration_ms"].number ?? -1) >= 0)
            for side in ["downstream", "upstream"] {
                #expect((closed[side]["idle_ms"].number ?? -1) >= 0)
                #expect((closed[side]["largest_silence_ms"].number ?? -1) >= 0)
            }
            #expect(closed["verdict"].isNull, "an end in order has no verdict")
        }

        @Test(arguments: IOBackend.available)
        func `an ordinary request has one line`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            _ = try forwarding.exchange(
                "POST /a?token=x HTTP/1.1\r\nHost: app.example\r\nContent-Length: 0\r\n\r\n", answeredBy: Forwarding.ok)
            let line = try forwarding.gatehouse.ledger.wait(for: "http.request")
            #expect(line["status"].integer == 200)
            #expect(line["bytes_out"].integer == 2)
            #expect(line["answered_by"].text == "backend" || line["answered_by"]["who"].text == "backend")
            #expect(line["request"]["line"].text?.hasPrefix("POST /a?token=") == true)
            #expect(line["request"]["line"].text?.contains("=x ") == false)
        }

        @Test(arguments: IOBackend.available)
        func `no secret is in anything that Gatehouse writes or serves, and the backend gets them all`(io: IOBackend)
            throws
        {
            let canary = "CANARY7f3a"
            let forwarding = try Forwarding(
                io: io,
                """
                log: {format: json, output: stdout, frames: true, redact: {fields: [X-Api-Key], parameters: [key]}}
                health: {path: /health}
                """)
            let request = Upgrade.request(
                "/ws?token=\(canary)1&room=open&key=\(canary)2&access_token=\(canary)3",
                with: ("Authorization", "Bearer \(canary)4"), ("Cookie", "session=\(canary)5; theme=\(canary)6"),
                ("Sec-WebSocket-Protocol", "chat.v2, base64url.bearer.authorization.k8s.io.\(canary)7"),
                ("X-Api-Key", "\(canary)8"),
                ("Proxy-Authorization", "Basic \(canary)9"))
            let session = try RawSession(
                through: forwarding.gatehouse, to: forwarding.origin, request: request,
                response: Upgrade.response(
                    "Sec-WebSocket-Protocol: chat.v2", "Set-Cookie: session=\(canary)10; HttpOnly"))
            for number in [1, 2, 3, 4, 5, 6, 7, 8] {
                #expect(
                    session.requestHead.contains("\(canary)\(number)"), "secret \(number) did not reach the backend")
            }
            #expect(session.responseHead.contains("\(canary)10"))
            try session.client.send(Frame.text("\(canary)11", masked: true))
            _ = try session.backend.readFrame()
            let live = try forwarding.gatehouse.admin("/api/sessions").text
            let opened = try forwarding.gatehouse.ledger.wait(for: "session.opened")
            let one = try forwarding.gatehouse.admin("/api/sessions/\(opened["session"].text ?? "")").text
            _ = try finish(session, forwarding.gatehouse)

            // And of a refusal, with the page that Gatehouse makes for it.
            let dead = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(RawBackend().port)")
            let page = try dead.exchange(request)
            _ = try dead.ledger.wait(for: "session.refused")
            let metrics = try forwarding.gatehouse.admin("/metrics").text
            let health = try forwarding.gatehouse.exchange(Forwarding.get("/health")).text
            for (place, text) in [
                ("the ledger", forwarding.gatehouse.everythingWritten), ("a refusal's ledger", dead.everythingWritten),
                ("/api/sessions", live), ("/api/sessions/ID", one), ("/metrics", metrics), ("the health page", health),
                ("the error page", page.text + page.head),
            ] {
                #expect(!text.contains(canary), "\(place) has a secret")
            }
            #expect(forwarding.gatehouse.everythingWritten.contains("room=open"), "what is no secret stays readable")
        }

        @Test(arguments: IOBackend.available)
        func `equal secrets have equal fingerprints, and others have others`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(RawBackend().port)")
            for token in ["same", "same", "other"] {
                _ = try gatehouse.exchange(Upgrade.request(with: ("Authorization", "Bearer \(token)")))
            }
            let values = try gatehouse.ledger.wait(forAll: 3, "session.refused").map {
                $0["request"]["fields"].field("Authorization") ?? ""
            }
            #expect(values[0].wholeMatch(of: /Bearer «redacted:[0-9a-f]{8}»/) != nil, "\(values)")
            #expect(values[0] == values[1])
            #expect(values[0] != values[2])
        }

        @Test(arguments: IOBackend.available)
        func `nothing that a client sends breaks a line, forges one, or colours a terminal`(io: IOBackend) throws {
            for format in ["json", "pretty"] {
                let peer = try Peer.shared(.misbehavingOrigin)
                // Pretty lines can't be waited for as JSON, so the port is one that was free a moment ago.
                let port = try RawBackend().port
                let gatehouse = try GatehouseProcess(
                    io: io, upstream: peer.url, "listen: 127.0.0.1:\(port)", format: format,
                    listeners: format == "json" ? 1 : 0)
                #expect(holds { (try? RawConnection(port: port)) != nil })
                let forged =
                    "\"}\n{\"time\":\"x\",\"level\":\"info\",\"event\":\"forged\"}\u{1B}[31m\u{202E}\u{9B}31m\u{7F}"
                var values = (0...255).map { [UInt8]("a".utf8) + [UInt8($0)] + [UInt8]("b".utf8) }
                values += [
                    Array(forged.utf8), [UInt8](repeating: 0x22, count: 5_000), [0xED, 0xA0, 0x80], [0xC0, 0x80],
                    [0xF8, 0x88],
                ]
                func request(_ target: [UInt8], _ origin: [UInt8], _ name: [UInt8], _ value: [UInt8]) -> [UInt8] {
                    Array("GET /plain".utf8) + target
                        + Array(" HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: https://a".utf8)
                        + origin + Array("\r\nX-Odd".utf8) + name + Array(": ".utf8) + value + Array("\r\n\r\n".utf8)
                }
                for value in values {
                    for bytes in [
                        request(Array("?q=".utf8) + value, [], [], []), request([], value, [], []),
                        request([], [], value, []),
                        request([], [], [], value),
                    ] {
                        let client = try RawConnection(port: port)
                        try client.send(bytes)
                        _ = try? client.readToEnd()
                    }
                }
                // A close reason is the client's too.
                let client = try RawConnection(port: port)
                try client.send(Upgrade.request("/right"))
                #expect(Response.status(of: try client.readHead()) == 101)
                try client.send(Frame.close(4000, String(forged.prefix(120)), masked: true))
                client.close()
                if format == "json" { _ = try gatehouse.ledger.wait(for: "session.closed") }
                #expect(gatehouse.stop() == .code(0))

                let written = FileManager.default.contents(atPath: gatehouse.ledger.path) ?? Data()
                let text = String(decoding: written, as: UTF8.self)
                if format == "json" {
                    #expect(try gatehouse.ledger.lines().count > values.count)
                    #expect(try gatehouse.ledger.all("forged").isEmpty)
                } else {
                    #expect(!text.contains("\n{\"time\""))
                }
                #expect(String(validating: Array(written), as: UTF8.self) != nil, "\(format): not UTF-8")
                let bad = text.unicodeScalars.filter {
                    ($0.value < 0x20 && $0 != "\n") || (0x7F...0x9F).contains($0.value)
                        || (0x202A...0x202E).contains($0.value)
                        || (0x2066...0x2069).contains($0.value) || $0.value == 0x200E || $0.value == 0x200F
                }
                #expect(bad.isEmpty, "\(format): \(Set(bad.map { String($0.value, radix: 16) }).sorted())")
            }
        }

        @Test(arguments: IOBackend.available)
        func `with log_frames each message has a line`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "log: {format: json, output: stdout, frames: true, frame_bytes: 4}")
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            try session.client.send(
                Frame.text("hello", masked: true) + Frame.frame(0x2, [1, 2], final: false, masked: true)
                    + Frame.frame(0x0, [3], masked: true))
            try session.backend.send(Frame.ping("p"))
            _ = try session.client.readFrame()
            _ = try finish(session, forwarding.gatehouse)
            let lines = try forwarding.gatehouse.ledger.all("session.message")
            let up = lines.filter { $0["direction"].text?.hasPrefix("client") == true }
            #expect(up.first?["opcode"].integer == 1)
            #expect(up.first?["size"].integer == 5)
            #expect(up.first?["start"].text == "hell")
            #expect(up.contains { $0["opcode"].integer == 2 && $0["size"].integer == 3 })
            #expect(Set(up.compactMap { $0["session"].text }).count == 1)
        }
    }
}
