import Testing

/// Something that is said through Gatehouse, from the handshake to the end.
struct FeederDialogue: CustomTestStringConvertible, Sendable {
    var name: String
    /// What it needs besides an upstream.
    var configuration = ""
    /// Whether what happens is on the wire: nothing that only Gatehouse knows.
    var isOnWire = true
    /// Whether the bytes that broke a rule are counted by some readers: Gatehouse stops reading where the breach begins.
    var hasBreach = false
    var script: @Sendable (GatehouseProcess, RawBackend) throws -> Void
    var testDescription: String { name }
}

extension FeederDialogue {
    private static func open(
        _ gatehouse: GatehouseProcess, _ origin: RawBackend, _ body: (RawConnection, RawConnection) throws -> Void
    ) throws {
        let session = try RawSession(through: gatehouse, to: origin)
        try body(session.client, session.backend)
    }

    /// What is said in one session that was opened in good order.
    private static func inSession(
        _ name: String, _ body: @escaping @Sendable (RawConnection, RawConnection) throws -> Void
    ) -> FeederDialogue {
        FeederDialogue(name: name) { gatehouse, origin in try open(gatehouse, origin, body) }
    }

    private static func clientCloses(_ client: RawConnection, _ backend: RawConnection) throws {
        try client.send(Frame.close(1000, masked: true))
        while try backend.readFrame().opcode != 8 {}
        try backend.send(Frame.close(1000))
        backend.finishSending()
        _ = try client.readToEnd()
    }

    private static func serverCloses(_ code: Int, _ reason: String, _ client: RawConnection, _ backend: RawConnection) throws {
        try backend.send(Frame.close(code, reason))
        _ = try client.readFrame()
        try client.send(Frame.close(code, masked: true))
        _ = try backend.readFrame()
        backend.finishSending()
        _ = try client.readToEnd()
    }

    /// A handshake that the backend answers with these bytes.
    private static func answer(_ gatehouse: GatehouseProcess, _ origin: RawBackend, _ bytes: [UInt8], closing: Bool = true)
        throws
    {
        let client = try gatehouse.connect()
        try client.send(Upgrade.request(with: ("Origin", "https://app.example")))
        let backend = try origin.accept()
        _ = try backend.readHead()
        if !bytes.isEmpty { try backend.send(bytes) }
        if closing { backend.finishSending() }
        _ = try client.readHead()
        client.finishSending()
        _ = try client.readToEnd()
    }

    static let all: [FeederDialogue] = [
        inSession("echo and a good end") { client, backend in
            for size in [0, 1, 125, 126, 65_535, 70_000] {
                let frame = Frame.frame(2, [UInt8](repeating: 0x61, count: size), masked: true)
                try client.send(frame)
                _ = try backend.read(frame.count)
                try backend.send(Frame.frame(1, [UInt8](repeating: 0x62, count: size)))
                _ = try client.readFrame()
            }
            try clientCloses(client, backend)
        },
        inSession("the server breaks with 1011") { client, backend in
            try client.send(Frame.text("ask", masked: true))
            _ = try backend.readFrame()
            try serverCloses(1011, "broken", client, backend)
        },
        inSession("the server refuses inside of the session") { try serverCloses(4401, "token expired", $0, $1) },
        inSession("the server cuts") { client, backend in
            try client.send(Frame.text("ask", masked: true))
            _ = try backend.readFrame()
            backend.finishSending()
            _ = try client.readToEnd()
            client.close()
        },
        inSession("the server resets") { client, backend in
            try backend.send(Frame.text("one"))
            _ = try client.readFrame()
            backend.reset()
            _ = try client.readToEnd()
        },
        inSession("the client goes without a word") { client, backend in
            try client.send(Frame.text("one", masked: true))
            _ = try backend.readFrame()
            client.finishSending()
            _ = try backend.readToEnd()
            backend.close()
        },
        inSession("the client resets") { client, backend in
            try backend.send(Frame.text("one"))
            _ = try client.readFrame()
            client.reset()
            _ = try backend.readToEnd()
        },
        inSession("fragments, pings and a close without code") { client, backend in
            let sent =
                Frame.frame(1, Array("a".utf8), final: false) + Frame.frame(9, [1, 2]) + Frame.frame(0, Array("b".utf8))
            for byte in sent {
                try backend.send([byte])
                _ = try client.read(1)
            }
            try client.send(Frame.frame(10, [1, 2], masked: true) + Frame.frame(8, [], masked: true))
            _ = try backend.read(8 + 6)
            try backend.send(Frame.frame(8, []))
            backend.finishSending()
            _ = try client.readToEnd()
        },
        FeederDialogue(name: "frames right behind both heads") { gatehouse, origin in
            let client = try gatehouse.connect()
            try client.send(Array(Upgrade.request().utf8) + Frame.text("early", masked: true))
            let backend = try origin.accept()
            _ = try backend.readHead()
            try backend.send(Array(Upgrade.response().utf8) + Frame.text("at once"))
            _ = try client.readHead()
            #expect(try client.readFrame().text == "at once")
            #expect(try backend.readFrame().text == "early")
            try serverCloses(1000, "", client, backend)
        },
        inSession("the server masks") { client, backend in
            try backend.send(Frame.frame(1, Array("masked".utf8), masked: true))
            _ = try client.read(12)
            client.reset()
            _ = try backend.readToEnd()
        },
        inSession("HTTP in the middle of frames") { client, backend in
            let page = Array("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n".utf8)
            try backend.send(page)
            _ = try client.read(page.count)
            backend.finishSending()
            _ = try client.readToEnd()
            client.close()
        },
        FeederDialogue(name: "403 with a reason") { gatehouse, origin in
            try answer(
                gatehouse, origin,
                Array("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\nOrigin not allowed".utf8)
            )
        },
        FeederDialogue(name: "404 in chunks") { gatehouse, origin in
            try answer(
                gatehouse, origin,
                Array("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnone\r\n0\r\n\r\n".utf8))
        },
        FeederDialogue(name: "a 101 with the wrong proof", isOnWire: false) { gatehouse, origin in
            try answer(
                gatehouse, origin,
                Array(
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
                        .utf8))
        },
        FeederDialogue(name: "no HTTP at all", isOnWire: false) { gatehouse, origin in
            try answer(gatehouse, origin, Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), closing: false)
        },
        FeederDialogue(name: "closed before an answer", isOnWire: false) { gatehouse, origin in
            try answer(gatehouse, origin, [])
        },
        FeederDialogue(
            name: "Gatehouse's own origin rule", configuration: "origins: {allow: [https://a.example]}", isOnWire: false
        ) { gatehouse, _ in
            let answer = try gatehouse.exchange(Upgrade.request(with: ("Origin", "https://b.example")))
            #expect(answer.status == 403)
        },
        FeederDialogue(name: "no such route", configuration: "match: {path: /chat}", isOnWire: false) { gatehouse, _ in
            let answer = try gatehouse.exchange(Upgrade.request("/ws"))
            #expect(answer.status == 404)
        },
        FeederDialogue(name: "an upgrade without a key", isOnWire: false) { gatehouse, _ in
            let answer = try gatehouse.exchange(Upgrade.request(without: ["Sec-WebSocket-Key"]))
            #expect(answer.status == 400)
        },
        FeederDialogue(name: "an idle session", configuration: "timeouts: {idle: 1s}", isOnWire: false) { gatehouse, origin in
            try open(gatehouse, origin) { client, backend in
                _ = try client.readToEnd()
                _ = try backend.readToEnd()
            }
        },
        FeederDialogue(
            name: "heartbeats that are answered", configuration: "heartbeat: {interval: 300ms, timeout: 20s}", isOnWire: false
        ) { gatehouse, origin in
            try open(gatehouse, origin) { client, backend in
                for _ in 0..<2 {
                    for (connection, masked) in [(client, true), (backend, false)] {
                        let ping = try connection.readFrame()
                        #expect(ping.opcode == 9)
                        let pong = Frame.frame(10, ping.payload, masked: masked)
                        for byte in pong { try connection.send([byte]) }
                    }
                }
                try client.send(Frame.text("still here", masked: true))
                _ = try backend.readFrame()
                try clientCloses(client, backend)
            }
        },
        FeederDialogue(
            name: "a client that answers no ping",
            configuration: "heartbeat: {interval: 300ms, timeout: 300ms, sides: [client]}",
            isOnWire: false
        ) { gatehouse, origin in
            try open(gatehouse, origin) { client, backend in
                #expect(try backend.readFrame().closeCode == 1001)
                try backend.send(Frame.close(1001))
                backend.finishSending()
                _ = try client.readToEnd()
            }
        },
        FeederDialogue(name: "enforcement", configuration: "websocket: {enforce: true}", isOnWire: false, hasBreach: true) {
            gatehouse, origin in
            try open(gatehouse, origin) { client, backend in
                try client.send(Frame.text("good", masked: true) + Frame.frame(3, [], masked: true))
                #expect(try client.readFrame().closeCode == 1002)
                _ = try backend.readFrame()
                _ = try backend.readFrame()
                try backend.send(Frame.close(1001))
                backend.finishSending()
                _ = try client.readToEnd()
            }
        },
    ]
}
