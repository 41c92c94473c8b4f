import Foundation
import Testing

extension Integration {
    /// One analyser, three feeders: what the ledger says live, what analyze says of the tap's capture, and what it says of tcpdump's, are the same.
    @Suite struct FeederTests {
        /// Something that is said through Gatehouse, from the handshake to the end.
        struct Dialogue: CustomTestStringConvertible, Sendable {
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

        private static func open(
            _ gatehouse: GatehouseProcess, _ origin: RawBackend, _ body: (RawConnection, RawConnection) throws -> Void
        ) throws {
            let session = try RawSession(through: gatehouse, to: origin)
            try body(session.client, session.backend)
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

        static let dialogues: [Dialogue] = [
            Dialogue(name: "echo and a good end") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    for size in [0, 1, 125, 126, 65_535, 70_000] {
                        let frame = Frame.frame(2, [UInt8](repeating: 0x61, count: size), masked: true)
                        try client.send(frame)
                        _ = try backend.read(frame.count)
                        try backend.send(Frame.frame(1, [UInt8](repeating: 0x62, count: size)))
                        _ = try client.readFrame()
                    }
                    try client.send(Frame.close(1000, masked: true))
                    _ = try backend.readFrame()
                    try backend.send(Frame.close(1000))
                    backend.finishSending()
                    _ = try client.readToEnd()
                }
            },
            Dialogue(name: "the server breaks with 1011") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    try client.send(Frame.text("ask", masked: true))
                    _ = try backend.readFrame()
                    try backend.send(Frame.close(1011, "broken"))
                    _ = try client.readFrame()
                    try client.send(Frame.close(1011, masked: true))
                    _ = try backend.readFrame()
                    backend.finishSending()
                    _ = try client.readToEnd()
                }
            },
            Dialogue(name: "the server refuses inside of the session") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    try backend.send(Frame.close(4401, "token expired"))
                    _ = try client.readFrame()
                    try client.send(Frame.close(4401, masked: true))
                    _ = try backend.readFrame()
                    backend.finishSending()
                    _ = try client.readToEnd()
                }
            },
            Dialogue(name: "the server cuts") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    try client.send(Frame.text("ask", masked: true))
                    _ = try backend.readFrame()
                    backend.finishSending()
                    _ = try client.readToEnd()
                    client.close()
                }
            },
            Dialogue(name: "the server resets") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    try backend.send(Frame.text("one"))
                    _ = try client.readFrame()
                    backend.reset()
                    _ = try client.readToEnd()
                }
            },
            Dialogue(name: "the client goes without a word") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    try client.send(Frame.text("one", masked: true))
                    _ = try backend.readFrame()
                    client.finishSending()
                    _ = try backend.readToEnd()
                    backend.close()
                }
            },
            Dialogue(name: "the client resets") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    try backend.send(Frame.text("one"))
                    _ = try client.readFrame()
                    client.reset()
                    _ = try backend.readToEnd()
                }
            },
            Dialogue(name: "fragments, pings and a close without code") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
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
                }
            },
            Dialogue(name: "frames right behind both heads") { gatehouse, origin in
                let client = try gatehouse.connect()
                try client.send(Array(Upgrade.request().utf8) + Frame.text("early", masked: true))
                let backend = try origin.accept()
                _ = try backend.readHead()
                try backend.send(Array(Upgrade.response().utf8) + Frame.text("at once"))
                _ = try client.readHead()
                #expect(try client.readFrame().text == "at once")
                #expect(try backend.readFrame().text == "early")
                try backend.send(Frame.close(1000))
                _ = try client.readFrame()
                try client.send(Frame.close(1000, masked: true))
                _ = try backend.readFrame()
                backend.finishSending()
                _ = try client.readToEnd()
            },
            Dialogue(name: "the server masks") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    try backend.send(Frame.frame(1, Array("masked".utf8), masked: true))
                    _ = try client.read(12)
                    client.reset()
                    _ = try backend.readToEnd()
                }
            },
            Dialogue(name: "HTTP in the middle of frames") { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    let page = Array("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n".utf8)
                    try backend.send(page)
                    _ = try client.read(page.count)
                    backend.finishSending()
                    _ = try client.readToEnd()
                    client.close()
                }
            },
            Dialogue(name: "403 with a reason") { gatehouse, origin in
                try answer(
                    gatehouse, origin,
                    Array("HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\nOrigin not allowed".utf8)
                )
            },
            Dialogue(name: "404 in chunks") { gatehouse, origin in
                try answer(
                    gatehouse, origin,
                    Array("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnone\r\n0\r\n\r\n".utf8))
            },
            Dialogue(name: "a 101 with the wrong proof", isOnWire: false) { gatehouse, origin in
                try answer(
                    gatehouse, origin,
                    Array(
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
                            .utf8))
            },
            Dialogue(name: "no HTTP at all", isOnWire: false) { gatehouse, origin in
                try answer(gatehouse, origin, Array("SSH-2.0-OpenSSH_9.2\r\n".utf8), closing: false)
            },
            Dialogue(name: "closed before an answer", isOnWire: false) { gatehouse, origin in
                try answer(gatehouse, origin, [])
            },
            Dialogue(
                name: "Gatehouse's own origin rule", configuration: "origins: {allow: [https://a.example]}", isOnWire: false
            ) { gatehouse, _ in
                let answer = try gatehouse.exchange(Upgrade.request(with: ("Origin", "https://b.example")))
                #expect(answer.status == 403)
            },
            Dialogue(name: "no such route", configuration: "match: {path: /chat}", isOnWire: false) { gatehouse, _ in
                let answer = try gatehouse.exchange(Upgrade.request("/ws"))
                #expect(answer.status == 404)
            },
            Dialogue(name: "an upgrade without a key", isOnWire: false) { gatehouse, _ in
                let answer = try gatehouse.exchange(Upgrade.request(without: ["Sec-WebSocket-Key"]))
                #expect(answer.status == 400)
            },
            Dialogue(name: "an idle session", configuration: "timeouts: {idle: 1s}", isOnWire: false) { gatehouse, origin in
                try open(gatehouse, origin) { client, backend in
                    _ = try client.readToEnd()
                    _ = try backend.readToEnd()
                }
            },
            Dialogue(
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
                    try client.send(Frame.close(1000, masked: true))
                    while try backend.readFrame().opcode != 8 {}
                    try backend.send(Frame.close(1000))
                    backend.finishSending()
                    _ = try client.readToEnd()
                }
            },
            Dialogue(
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
            Dialogue(name: "enforcement", configuration: "websocket: {enforce: true}", isOnWire: false, hasBreach: true) {
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

        /// What a reader says of a session, as far as all of them can know it.
        private struct Account: Hashable, CustomStringConvertible {
            var cause: String?
            var status: Int?
            var first: String?
            var findings: [String]
            var sides: [String]

            var description: String {
                "cause \(cause ?? "none"), status \(status.map { "\($0)" } ?? "none"), first \(first ?? "none"), findings \(findings), \(sides.joined(separator: "; "))"
            }

            /// The same without counts of bytes.
            func without(bytes: Bool) -> Account {
                guard bytes else { return self }
                var account = self
                account.sides = sides.map {
                    $0.split(separator: " ").filter { Int($0) == nil || Int($0) ?? 0 >= 1000 }.joined(separator: " ")
                }
                return account
            }

            private static func side(_ side: JSON) -> String {
                let frames = ["continuation", "text", "binary", "close", "ping", "pong"].map {
                    "\(side["frames"][$0].integer ?? -1)"
                }
                let fault = side["fault"]["name"].text.map { " fault \($0)" } ?? ""
                return
                    "\(side["close_code"].description) \(side["close_reason"].text ?? "") sent \(side["close_code_sent"].description) "
                    + "end \(side["end"].text ?? "none") frames \(frames.joined(separator: ",")) bytes \(side["bytes"].description)\(fault)"
            }

            /// - Parameter lines: the lines of one session: opened and closed, or refused; or what analyze says.
            init(_ lines: [JSON]) {
                let last = lines.last ?? .null
                cause = last["verdict"]["cause"].text
                first = last["first"].text
                findings = lines.flatMap { $0["findings"].elements }.compactMap { $0["id"].text }.sorted()
                sides = last["downstream"].isNull ? [] : [Account.side(last["downstream"]), Account.side(last["upstream"])]
                status = lines.compactMap { $0["status"].integer ?? $0["response"]["status"].integer }.first
            }
        }

        @Test(arguments: dialogues)
        func `live, the tap's capture and tcpdump's say the same`(dialogue: Dialogue) throws {
            let origin = try RawBackend()
            let scratch = try ScratchFolder()
            let gatehouse = try GatehouseProcess(
                io: IOBackend.available.first ?? .epoll, upstream: origin.url,
                "capture: {directory: \(scratch.file("captures")), mode: always}\n\(dialogue.configuration)")
            var dump: ChildProcess?
            if dialogue.isOnWire, Captures.mayCapture {
                let child = try ChildProcess(
                    Captures.tcpdump ?? "tcpdump",
                    [
                        "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-Z", "root", "-w", scratch.file("wire.pcap"),
                        "tcp port \(gatehouse.port)",
                    ],
                    output: scratch.file("out"), errors: scratch.file("errors"))
                #expect(holds(within: 20) { scratch.read("errors").contains("listening on") }, "\(scratch.read("errors"))")
                dump = child
            }
            try dialogue.script(gatehouse, origin)
            #expect(
                holds(within: 10) {
                    (try? gatehouse.ledger.lines().contains { ["session.closed", "session.refused"].contains($0["event"].text) })
                        == true
                })
            gatehouse.stop()
            let lines = try gatehouse.ledger.lines().filter {
                ["session.opened", "session.closed", "session.refused"].contains($0["event"].text)
            }
            let name = try #require(lines.last?["session"].text)
            let live = Account(lines)

            let captures = Captures(directory: scratch.file("captures"))
            let found = try captures.sessions()
            #expect(Array(found.keys) == [name])
            let tap = Account(found[name].map { [$0] } ?? [])
            #expect(
                tap.without(bytes: dialogue.hasBreach) == live.without(bytes: dialogue.hasBreach),
                "\(found[name]?["order"].description ?? "") \(lines.last?["order"].description ?? "")")
            if Captures.tshark != nil {
                let file = try #require(captures.files.first)
                #expect(try Captures.oddities(file, ports: [gatehouse.port, origin.port], allowingBrokenFrames: true) == [])
            }

            guard let dump else { return }
            // The last packets are in the file when its size stays.
            var size = -1
            _ = try eventually(within: 10) { () -> Bool? in
                usleep(100_000)
                let now = (try? FileManager.default.attributesOfItem(atPath: scratch.file("wire.pcap"))[.size] as? Int) ?? 0
                defer { size = now }
                return now == size ? true : nil
            }
            dump.send(SIGTERM)
            _ = dump.waitForExit(within: 10)
            let wire = Account(try Captures.analyze([scratch.file("wire.pcap")]).filter { $0["event"].text == "session" })
            #expect(wire.cause == live.cause && wire.status == live.status && wire.findings == live.findings, "\(wire) \(live)")
            if !live.sides.isEmpty {
                // On this wire Gatehouse is the server: what it carried across, and not how its own upstream connection ended.
                func counted(_ account: Account) -> [String] {
                    account.sides.map { side in
                        side.split(separator: " ").drop { $0 != "frames" }.joined(separator: " ")
                    }
                }
                #expect(counted(wire) == counted(live), "\(wire) \(live)")
            }
        }
    }
}
