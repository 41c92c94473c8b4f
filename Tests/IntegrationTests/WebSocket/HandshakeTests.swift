import Testing

extension Integration {
    /// The opening handshake: what is passed on, what is refused here, and which 101 opens a tunnel (threats.md C1 to C13).
    @Suite struct HandshakeTests {
        @Test(arguments: IOBackend.available)
        func `the handshake reaches the backend with everything it carried`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let session = try RawSession(
                through: forwarding.gatehouse, to: forwarding.origin,
                request: Upgrade.request(
                    "/ws?room=1", with: ("Origin", "https://app.example"), ("Cookie", "a=b"),
                    ("Sec-WebSocket-Protocol", "chat.v2, chat.v1"),
                    ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"), ("X-Own", "kept")),
                response: Upgrade.response(
                    "Sec-WebSocket-Protocol: chat.v1", "Sec-WebSocket-Extensions: permessage-deflate",
                    "Set-Cookie: s=1", "X-Back: kept"))
            #expect(session.requestHead.hasPrefix("GET /ws?room=1 HTTP/1.1\r\n"))
            let seen = Response.fields(of: session.requestHead)
            func value(_ name: String) -> [String] { seen.filter { $0.name.lowercased() == name }.map(\.value) }
            #expect(value("upgrade").map { $0.lowercased() } == ["websocket"])
            #expect(value("connection").map { $0.lowercased() } == ["upgrade"])
            #expect(value("sec-websocket-key") == [Upgrade.key])
            #expect(value("sec-websocket-version") == ["13"])
            #expect(value("origin") == ["https://app.example"])
            #expect(value("cookie") == ["a=b"])
            #expect(value("sec-websocket-protocol") == ["chat.v2, chat.v1"])
            #expect(value("sec-websocket-extensions") == ["permessage-deflate; client_max_window_bits"])
            #expect(value("x-own") == ["kept"])
            #expect(value("x-forwarded-for") == ["127.0.0.1"])
            let answer = Response.fields(of: session.responseHead)
            for (name, expected) in [
                ("Sec-WebSocket-Accept", Upgrade.accept), ("Sec-WebSocket-Protocol", "chat.v1"),
                ("Sec-WebSocket-Extensions", "permessage-deflate"), ("Set-Cookie", "s=1"), ("X-Back", "kept"),
            ] {
                #expect(answer.filter { $0.name.lowercased() == name.lowercased() }.map(\.value) == [expected])
            }
        }

        @Test(arguments: IOBackend.available)
        func `a request that is no valid upgrade is refused here, and the ledger says what was wrong`(io: IOBackend)
            throws
        {
            let forwarding = try Forwarding(io: io)
            let cases: [(what: String, request: String, statuses: Set<Int>, cause: String)] = [
                ("key missing", Upgrade.request(without: ["Sec-WebSocket-Key"]), [400], "sec-websocket-key-missing"),
                (
                    "key short",
                    Upgrade.request(without: ["Sec-WebSocket-Key"], with: ("Sec-WebSocket-Key", "c2hvcnQ=")),
                    [400], "sec-websocket-key-missing"
                ),
                (
                    "key not base64",
                    Upgrade.request(
                        without: ["Sec-WebSocket-Key"], with: ("Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!==")),
                    [400], "sec-websocket-key-missing"
                ),
                (
                    "key twice", Upgrade.request(with: ("Sec-WebSocket-Key", Upgrade.key)), [400],
                    "sec-websocket-key-missing"
                ),
                (
                    "version missing", Upgrade.request(without: ["Sec-WebSocket-Version"]), [426],
                    "sec-websocket-version-missing"
                ),
                (
                    "version 8",
                    Upgrade.request(without: ["Sec-WebSocket-Version"], with: ("Sec-WebSocket-Version", "8")),
                    [426], "websocket-version-unsupported"
                ),
                (
                    "version twice", Upgrade.request(with: ("Sec-WebSocket-Version", "13")), [400, 426],
                    "websocket-version-unsupported"
                ),
                ("POST", Upgrade.request(method: "POST", with: ("Content-Length", "0")), [400, 405], "method-not-get"),
                ("a body", Upgrade.request(with: ("Content-Length", "5")) + "hello", [400], "upgrade-fields-missing"),
                (
                    "chunks", Upgrade.request(with: ("Transfer-Encoding", "chunked")) + "0\r\n\r\n", [400],
                    "upgrade-fields-missing"
                ),
                ("HTTP 1.0", Upgrade.request(version: "HTTP/1.0"), [400, 426], "upgrade-fields-missing"),
                (
                    "Connection without upgrade",
                    Upgrade.request(without: ["Connection"], with: ("Connection", "keep-alive")), [400],
                    "upgrade-fields-missing"
                ),
            ]
            for (number, (what, request, statuses, cause)) in cases.enumerated() {
                let response = try forwarding.refusal(of: request)
                #expect(statuses.contains(response.status), "\(what): \(response.status)")
                if response.status == 426 { #expect(response.field("Sec-WebSocket-Version") == "13", "\(what)") }
                let lines = try forwarding.gatehouse.ledger.wait(forAll: number + 1, "session.refused")
                #expect(lines[number]["verdict"]["cause"].text == cause, "\(what): \(lines[number]["verdict"])")
                #expect(lines[number]["answered_by"]["who"].text == "gatehouse", "\(what)")
            }
        }

        @Test(arguments: IOBackend.available)
        func `only websocket is ever asked for upstream`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            for upgrade in ["websocket, h2c", "h2c, websocket", "WebSocket"] {
                let client = try forwarding.gatehouse.connect()
                try client.send(Upgrade.request(without: ["Upgrade"], with: ("Upgrade", upgrade)))
                guard forwarding.origin.waits(for: 1) else {
                    #expect(try client.readResponse().status == 400, "\(upgrade)")
                    continue
                }
                let head = try forwarding.origin.accept().readHead()
                let asked = Response.fields(of: head).filter { $0.name.lowercased() == "upgrade" }.map {
                    $0.value.lowercased()
                }
                #expect(asked == ["websocket"] || asked == [], "\(upgrade): \(asked)")
            }
        }

        @Test(arguments: IOBackend.available)
        func `a 101 that is wrong is refused with 502, opens no tunnel, and says what was wrong`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.misbehavingOrigin).url)
            let cases = [
                ("accept-missing", "invalid-101-accept"), ("accept-wrong", "invalid-101-accept"),
                ("accept-twice", "invalid-101-accept"),
                ("accept-lowercased", "invalid-101-accept"), ("no-upgrade", "invalid-101-fields"),
                ("no-connection", "invalid-101-fields"),
                ("upgrade-to-h2c", "invalid-101-fields"), ("subprotocol-not-offered", "subprotocol-not-offered"),
                ("subprotocol-twice", nil), ("extension-not-offered", "extension-not-offered"),
                ("content-length-on-101", "invalid-101-fields"),
                ("transfer-encoding-on-101", "invalid-101-fields"),
            ]
            for (number, (behaviour, cause)) in cases.enumerated() {
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/\(behaviour)"))
                let response = try client.readResponse()
                #expect(response.status == 502, "\(behaviour): \(response.status)")
                let line = try gatehouse.ledger.wait(forAll: number + 1, "session.refused")[number]
                // Framing fields on a 101 are also a response that no parser should take.
                #expect(
                    line["reason"].text == "invalid_101"
                        || cause == nil && line["reason"].text == "malformed_response"
                        || behaviour.hasSuffix("on-101") && line["reason"].text == "malformed_response",
                    "\(behaviour): \(line["reason"])")
                if let cause { #expect(line["verdict"]["cause"].text == cause, "\(behaviour): \(line["verdict"])") }
                #expect(line["response"]["status"].integer == 101, "\(behaviour)")
            }
            #expect(try gatehouse.ledger.all("session.opened").isEmpty)
        }

        @Test(arguments: IOBackend.available)
        func `a wrong 101 passes where the operator asked for it, and is a finding`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.misbehavingOrigin).url, "websocket: {invalid_101: relay}")
            let client = try gatehouse.connect()
            try client.send(Upgrade.request("/accept-wrong"))
            #expect(Response.status(of: try client.readHead()) == 101)
            let line = try gatehouse.ledger.wait(for: "session.opened")
            #expect(!line["findings"].elements.isEmpty)
        }

        @Test(arguments: IOBackend.available)
        func `any other answer is the ordinary response it is, and never a tunnel`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.misbehavingOrigin).url)
            let client = try gatehouse.connect()
            // The bytes behind the request must reach nobody after a refusal.
            try client.send(Upgrade.request("/200-with-upgrade") + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 200)
            #expect(response.text == "ok")
            #expect(try gatehouse.ledger.wait(for: "session.refused")["verdict"]["cause"].text == "status-not-101")
            #expect(try client.readToEnd() == [], "bytes behind a refused upgrade were taken for something")
            let told = try Peer.shared(.misbehavingOrigin).told
            #expect(!told.joined().contains("/smuggled"))

            let version = try gatehouse.exchange(Upgrade.request("/426"))
            #expect(version.status == 426)
            #expect(version.field("Sec-WebSocket-Version") == "8")
        }

        @Test(arguments: IOBackend.available)
        func `a refusal of the backend passes whole, with a verdict beside it`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let (_, response) = try forwarding.exchange(
                Upgrade.request(with: ("Origin", "https://evil.example")),
                answeredBy: "HTTP/1.1 403 Forbidden\r\nX-Why: origin\r\nContent-Length: 18\r\n\r\norigin not allowed")
            #expect(response.status == 403)
            #expect(response.field("X-Why") == "origin")
            #expect(response.text == "origin not allowed")
            let line = try forwarding.gatehouse.ledger.wait(for: "session.refused")
            let session = try #require(line["session"].text)
            let verdict = response.field("Gatehouse-Verdict")
            let cause = try #require(line["verdict"]["cause"].text)
            #expect(verdict?.hasPrefix("\(cause); id=\(session); confidence=") == true, "\(verdict ?? "no field")")
            #expect(line["status"].integer == 403)
            // This backend has no marks of its own, so who it was may be open; that it wasn't Gatehouse is not.
            #expect(["backend", "unknown"].contains(line["answered_by"]["who"].text))
            #expect(line["response"]["body_start"].text?.contains("origin not allowed") == true)
            #expect(line["origin"].text == "https://evil.example")
        }

        @Test(arguments: IOBackend.available)
        func `early bytes of the client wait for the 101 and are lost with a refusal`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let early = Frame.text("early", masked: true)
            let client = try forwarding.gatehouse.connect()
            try client.send(Array(Upgrade.request().utf8) + early)
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            #expect(try backend.isSilent(for: 0.2), "bytes went on before the 101")
            try backend.send(Upgrade.response())
            #expect(try backend.read(early.count) == early)

            let refused = try forwarding.gatehouse.connect()
            try refused.send(Array(Upgrade.request().utf8) + early)
            let second = try forwarding.origin.accept()
            _ = try second.readHead()
            try second.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            #expect(try refused.readResponse().status == 403)
            #expect(try refused.readToEnd() == [])
            #expect(try second.readToEnd() == [], "bytes behind a refused upgrade reached the backend")
        }

        @Test(arguments: IOBackend.available)
        func `frames glued to the 101 and a 101 in pieces lose nothing`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.misbehavingOrigin).url)
            for behaviour in ["frame-glued-to-101", "101-in-pieces"] {
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/\(behaviour)"))
                #expect(Response.status(of: try client.readHead()) == 101)
                #expect(try client.readFrame().text == "hello", "\(behaviour)")
                #expect(try client.readFrame().closeCode == 1000, "\(behaviour)")
            }
        }

        @Test(arguments: IOBackend.available)
        func `a key that comes back is not enough: each session's 101 is checked against its own`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(
                Upgrade.request(without: ["Sec-WebSocket-Key"], with: ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="))
            )
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            try backend.send(Upgrade.response())
            #expect(try client.readResponse().status == 502)
        }
    }
}
