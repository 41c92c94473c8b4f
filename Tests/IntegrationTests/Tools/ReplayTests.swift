import Foundation
import Testing

extension Integration {
    /// `gatehouse replay` against real servers: what was recorded is played again, and what differs is told.
    @Suite struct ReplayTests {
        private static let tcpdump = Repository.find("tcpdump")
        private static let mayCapture = tcpdump != nil && getuid() == 0

        private func replay(_ arguments: [String]) throws -> (exit: ChildProcess.Exit?, lines: [JSON], told: String) {
            let told = try run(Repository.gatehouse, ["replay", "--json"] + arguments)
            return (told.exit, try told.output.split(separator: "\n").map { try JSON(parsing: $0) }, told.output + told.errors)
        }

        /// Sender, type and text of each message in a recording, session by session.
        private func messages(_ path: String) throws -> [String] {
            let told = try run(Repository.gatehouse, ["analyze", "--json", "--messages", path])
            return try told.output.split(separator: "\n").map { try JSON(parsing: $0) }.filter { $0["event"].text == "message" }.map
            {
                "\($0["number"].integer ?? 0) \($0["direction"].text ?? "") \($0["type"].text ?? "") \($0["text"].text ?? "") \($0["hexadecimal"].text ?? "") \($0["code"].integer ?? 0)"
            }.sorted()
        }

        /// A HAR of sessions to a server that returns what it gets.
        private func har(_ sessions: [(target: String, origin: String, status: Int, messages: [(type: String, text: String)])])
            -> String
        {
            let entries = sessions.enumerated().map { index, session in
                let messages = session.messages.enumerated().map {
                    "{\"type\":\"\($0.element.type)\",\"time\":\(1_772_000_000 + index).\($0.offset + 1),\"opcode\":1,\"data\":\"\($0.element.text)\"}"
                }
                let request = [
                    ("Host", "recorded.example"), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Origin", session.origin),
                    ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ].map { "{\"name\":\"\($0.0)\",\"value\":\"\($0.1)\"}" }.joined(separator: ",")
                let response =
                    session.status == 101
                    ? [
                        ("Upgrade", "websocket"), ("Connection", "Upgrade"),
                        ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
                    ].map { "{\"name\":\"\($0.0)\",\"value\":\"\($0.1)\"}" }.joined(separator: ",") : ""
                return
                    "{\"startedDateTime\":\"2026-02-25T06:13:2\(index).000Z\",\"time\":1,\"_resourceType\":\"websocket\",\"request\":{\"method\":\"GET\",\"url\":\"ws://recorded.example\(session.target)\",\"headers\":[\(request)]},\"response\":{\"status\":\(session.status),\"statusText\":\"\",\"headers\":[\(response)],\"content\":{}},\"timings\":{\"wait\":1},\"_webSocketMessages\":[\(messages.joined(separator: ","))]}"
            }
            return "{\"log\":{\"version\":\"1.2\",\"entries\":[\(entries.joined(separator: ","))]}}"
        }

        private func echoes(_ texts: [String]) -> [(type: String, text: String)] {
            texts.flatMap { [(type: "send", text: $0), (type: "receive", text: $0)] }
        }

        // MARK: Round trips

        @Test(arguments: [Peer.Kind.websockets, .node, .tornado])
        func `a replay that was recorded is replayed without a difference, and records the same again`(_ kind: Peer.Kind) throws {
            let scratch = try ScratchFolder()
            let peer = try Peer.shared(kind)
            let target = "ws://127.0.0.1:\(peer.port)"
            let file = try scratch.write(
                har([
                    ("/echo", "http://recorded.example", 101, echoes(["one", "two", "drei ☃"])),
                    ("/echo", "http://x", 101, echoes(["four"])),
                ]),
                to: "recorded.har")
            // A HAR doesn't tell how its sessions end, so each is held open for a moment, and the next takes its place.
            let often = try replay([file, "--to", target, "--speed", "max", "--repeat", "4", "--concurrency", "2"])
            #expect(often.exit == .code(0), "\(often.told)")
            #expect(often.lines.last?["agreed"].integer == 8)
            let (one, two) = (scratch.file("one.pcapng"), scratch.file("two.pcapng"))
            let first = try replay([file, "--to", target, "--speed", "max", "--pace", "reply", "--record", one])
            #expect(first.exit == .code(0), "\(first.told)")
            #expect(first.lines.last?["agreed"].integer == 2)
            let second = try replay([one, "--to", target, "--speed", "10", "--record", two])
            #expect(second.exit == .code(0), "\(second.told)")
            #expect(second.lines.last?["messages_sent"].integer == 4)
            let messages = try messages(one)
            // Four texts there and back, and a close frame of either side of both sessions.
            #expect(messages.count == 12, "\(messages)")
            #expect(try self.messages(two) == messages)
            let twice = try replay([two, "--to", target, "--speed", "max", "--repeat", "3", "--sessions", "1"])
            #expect(twice.exit == .code(0), "\(twice.told)")
            #expect(twice.lines.last?["agreed"].integer == 3)
        }

        @Test(
            .enabled(if: mayCapture, "capturing needs tcpdump and root (or CAP_NET_RAW)"),
            arguments: [(Peer.Kind.websockets, PeerClient.websockets), (.node, .node)])
        func `what tcpdump captured of a compressing client is replayed without a difference`(
            _ kind: Peer.Kind, _ client: PeerClient
        )
            throws
        {
            let scratch = try ScratchFolder()
            let peer = try Peer.shared(kind)
            let dump = try WireDump(port: peer.port, in: scratch)
            let path = dump.path
            let host = "ws://127.0.0.1:\(peer.port)"
            _ = try client.run([
                ["\(host)/echo", "--size", "40000"], ["\(host)/close", "--do", "listen"], ["\(host)/going-away", "--do", "listen"],
                ["\(host)/subprotocol", "--do", "listen", "--subprotocol", "chat.v2"],
                ["\(host)/origin", "--do", "listen", "--origin", "https://evil.example"],
            ])
            try dump.stop()

            for more in [["--speed", "1"], ["--speed", "max", "--pace", "reply"], ["--speed", "max", "--plain"]] {
                let record = scratch.file("\(more.joined()).pcapng")
                let told = try replay([path, "--to", host, "--record", record] + more)
                #expect(told.exit == .code(0), "\(told.told)")
                #expect(told.lines.last?["agreed"].integer == 5)
                #expect((told.lines.last?["messages_received"].integer ?? 0) >= 7)
                // Negotiated anew, and spoken: the messages are shorter on the wire than in it.
                let again = try run(Repository.gatehouse, ["analyze", "--json", "--messages", record]).output.split(separator: "\n")
                    .map { try JSON(parsing: $0) }.filter { $0["event"].text == "message" }
                #expect(again.contains { $0["compressed"].bool == true } == !more.contains("--plain"), "\(more)")
                for direction in ["client_to_server", "server_to_client"] where !more.contains("--plain") {
                    #expect(again.contains { $0["direction"].text == direction && $0["compressed"].bool == true }, "\(direction)")
                }
            }
        }

        @Test func `over TLS the target's certificate decides whether anything is played`() throws {
            let scratch = try ScratchFolder()
            let authority = try CertificateAuthority()
            let certificate = try authority.issue("localhost", "127.0.0.1")
            let peer = try Peer(.websockets, arguments: ["--certificate", certificate.certificate, "--key", certificate.key])
            let file = try scratch.write(
                har([("/echo", "http://recorded.example", 101, echoes(["one", String(repeating: "long ", count: 20_000)]))]),
                to: "recorded.har")
            let record = scratch.file("replay.pcapng")
            for host in ["localhost", "127.0.0.1"] {
                let told = try replay(
                    [file, "--to", "wss://\(host):\(peer.port)", "--ca", authority.file, "--record", record, "--force"])
                #expect(told.exit == .code(0), "\(told.told)")
                #expect(told.lines.last?["messages_received"].integer == 2)
            }
            #expect(try messages(record).count == 6, "what is recorded is in clear")
            #expect(try replay([file, "--to", "wss://localhost:\(peer.port)", "--insecure"]).exit == .code(0))
            let refused = try run(Repository.gatehouse, ["replay", file, "--to", "wss://localhost:\(peer.port)"])
            #expect(refused.exit == .code(3), "\(refused.output)\(refused.errors)")
            #expect(refused.output.contains("can't be reached: TLS:"), "\(refused.output)")
            let plain = try run(Repository.gatehouse, ["replay", file, "--to", "wss://127.0.0.1:\(Peer.shared(.node).port)"])
            #expect(plain.exit == .code(3), "a server without TLS: \(plain.output)")
            #expect(try replay([file, "--to", "ws://localhost:1", "--insecure"]).exit == .code(2))
        }

        @Test func `what Chromium's own developer tools export as HAR is replayed against the same server without a difference`()
            throws
        {
            guard let chromium = Repository.chromium else {
                return print("no browser here (apt package chromium): no HAR of Chromium's is replayed")
            }
            let scratch = try ScratchFolder()
            let peer = try Peer.shared(.node)
            let host = "127.0.0.1:\(peer.port)"
            let file = scratch.file("chromium.har")
            let script = """
                (async () => {
                  const socket = new WebSocket('ws://\(host)/echo');
                  socket.binaryType = 'arraybuffer';
                  let left = 4;
                  const all = new Promise((done) => { socket.onmessage = () => { left -= 1; if (left === 0) done(); }; });
                  await new Promise((done) => { socket.onopen = done; });
                  for (const message of ['one', 'zwei ☃', new Uint8Array([1, 2, 3]), 'x'.repeat(3000)]) socket.send(message);
                  await all;
                  const closed = new Promise((done) => { socket.onclose = done; });
                  socket.close(4000, 'bye');
                  await closed;
                  return socket.extensions;
                })()
                """
            let told = try run(
                Repository.python, [Repository.peer("chromium_har.py"), chromium, "http://\(host)/page", script, file], within: 120)
            #expect(told.exit == .code(0), "\(told.errors.suffix(2000))")
            #expect(told.output.contains("permessage-deflate"))
            // The page's own session, its refused handshake, and the one of the script.
            let analyzed = try run(Repository.gatehouse, ["analyze", "--json", file]).output.split(separator: "\n").map {
                try JSON(parsing: $0)
            }
            #expect(
                analyzed.filter { $0["event"].text == "session" }.compactMap { $0["status"].integer }.sorted() == [101, 101, 403])
            for more in [["--pace", "reply", "--speed", "max"], ["--speed", "1"]] {
                let replayed = try replay([file, "--to", "ws://\(host)"] + more)
                #expect(replayed.exit == .code(0), "\(replayed.told)")
                #expect(replayed.lines.last?["agreed"].integer == 3)
                #expect(replayed.lines.last?["messages_sent"].integer == 5)
            }
        }

        private static let mitmdump: String? = {
            let own = Repository.root.appendingPathComponent(".venv/mitmproxy/bin/mitmdump").path
            return FileManager.default.isExecutableFile(atPath: own) ? own : Repository.find("mitmdump")
        }()

        @Test func `what mitmproxy wrote as HAR is replayed against the same server without a difference`() throws {
            guard let mitmdump = Self.mitmdump else {
                return print("no mitmproxy here (Tests/Peers/mitmproxy-requirements.txt): its HAR is not replayed")
            }
            let scratch = try ScratchFolder()
            let file = scratch.file("mitmproxy.har")
            let peer = try Peer.shared(.node)
            let proxy = try ChildProcess(
                mitmdump,
                [
                    "--mode", "reverse:http://127.0.0.1:\(peer.port)", "--listen-host", "127.0.0.1", "--listen-port", "0", "--set",
                    "hardump=\(file)",
                ], output: scratch.file("out"), errors: scratch.file("errors"),
                environment: ["HOME": scratch.path, "PYTHONUNBUFFERED": "1"])
            let found = try eventually(within: 60) { () -> UInt16? in
                let words = scratch.read("out")
                guard let place = words.firstRange(of: "listening at 127.0.0.1:") else { return nil }
                return UInt16(words[place.upperBound...].prefix { $0.isNumber })
            }
            let host = "ws://127.0.0.1:\(try #require(found, "\(scratch.read("out"))\(scratch.read("errors"))"))"
            _ = try PeerClient.websockets.run([
                ["\(host)/echo", "--size", "3000"], ["\(host)/close", "--do", "listen"],
                ["\(host)/origin", "--do", "listen", "--origin", "https://evil.example"],
            ])
            proxy.send(SIGINT)
            #expect(proxy.waitForExit(within: 20) != nil)
            let replayed = try replay([file, "--to", "ws://127.0.0.1:\(peer.port)", "--pace", "reply", "--speed", "max"])
            #expect(replayed.exit == .code(0), "\(replayed.told)")
            #expect(replayed.lines.last?["agreed"].integer == 3)
            #expect((replayed.lines.last?["messages_received"].integer ?? 0) >= 7)
        }

        private static let hasLoad = FileManager.default.isExecutableFile(atPath: Repository.gatehouse + "-load")

        @Test(.enabled(if: hasLoad, "gatehouse-load is not built beside gatehouse"))
        func `gatehouse-load plays a recording over and over, and counts what differs as errors`() throws {
            let scratch = try ScratchFolder()
            let target = "ws://127.0.0.1:\(try Peer.shared(.node).port)"
            for (answer, isRight) in [("one", true), ("other", false)] {
                let file = try scratch.write(
                    har([
                        ("/echo", "http://x", 101, [("send", "one"), ("receive", answer)]),
                        ("/origin", "https://evil.example", 403, []),
                    ]), to: "\(answer).har")
                let told = try run(
                    Repository.gatehouse + "-load", ["run", target, "--from", file, "-c", "4", "-d", "0.5", "-p", "\(getpid())"])
                let report = try JSON(parsing: told.output)
                #expect(told.exit == .code(isRight ? 0 : 1), "\(told.output)\(told.errors)")
                #expect(report["mode"].text == "recorded")
                // More often than once, whatever the machine.
                #expect((report["up"].integer ?? 0) >= 4 && (report["units"].integer ?? 0) >= 4, "\(report)")
                #expect((report["errors"].integer == 0) == isRight)
                #expect(isRight || report["first_error"].text?.contains("answer 1") == true, "\(report)")
            }
            // A field of `-H` stands in the place of the recorded one: an Origin that the server lets in is no 403 any more.
            let told = try run(
                Repository.gatehouse + "-load",
                ["run", target, "--from", scratch.file("one.har"), "-c", "4", "-d", "0.5", "-H", "Origin: https://app.example"])
            #expect(told.exit == .code(1), "\(told)")
            #expect(try JSON(parsing: told.output)["first_error"].text?.contains("403") == true, "\(told)")
            #expect(try run(Repository.gatehouse + "-load", ["run", target, "--from", scratch.file("none")]).exit == .code(2))
        }

        // MARK: Differences

        @Test func `a recorded 403 is replayed until it is a 101`() throws {
            let scratch = try ScratchFolder()
            let target = "ws://127.0.0.1:\(try Peer.shared(.websockets).port)"
            let file = try scratch.write(har([("/origin", "https://evil.example", 403, [])]), to: "refused.har")
            #expect(try replay([file, "--to", target]).exit == .code(0))
            let still = try replay([file, "--to", target, "--expect", "101"])
            #expect(still.exit == .code(1), "\(still.told)")
            #expect(still.lines.first?["differences"][0]["sentence"].text == "handshake: expected 101, now 403")
            let repaired = try replay([file, "--to", target, "--expect", "101", "--rewrite", "origin=https://app.example"])
            #expect(repaired.exit == .code(0), "\(repaired.told)")
        }

        @Test func `what differs is told to people, programs and test runners`() throws {
            let scratch = try ScratchFolder()
            let target = "ws://127.0.0.1:\(try Peer.shared(.node).port)"
            let file = try scratch.write(
                har([("/echo", "http://x", 101, [("send", "a<b"), ("receive", "A<B"), ("send", "c"), ("receive", "c")])]),
                to: "x.har")
            let xml = scratch.file("out.xml")
            let told = try replay([file, "--to", target, "--speed", "max", "--junit", xml])
            #expect(told.exit == .code(1), "\(told.told)")
            #expect(told.lines.first?["differences"].elements.map { $0["kind"].text } == ["message-differs"])
            let text = scratch.read("out.xml")
            #expect(text.contains("tests=\"1\" failures=\"1\"") && text.contains("A&lt;B"), "\(text)")
            let page = try run(Repository.gatehouse, ["replay", file, "--to", target, "--speed", "max"])
            #expect(page.output.contains("answer 1") && page.output.contains("1 of 1 sessions differ"), "\(page.output)")
            #expect(
                try replay([file, "--to", target, "--speed", "max", "--junit", xml]).exit == .code(2), "no file is written over")
            #expect(try replay([file, "--to", target, "--speed", "max", "--compare", "type"]).exit == .code(0))
            #expect(try replay([file, "--to", target, "--speed", "max", "--ignore-pattern", "(?i)a<b"]).exit == .code(0))
            // A session that the server ends at once has not said what it said in the recording.
            let ended = try replay([file, "--to", "\(target)/going-away", "--pace", "reply", "--speed", "max"])
            #expect(ended.exit == .code(1))
            let kinds = Set(ended.lines.first?["differences"].elements.compactMap { $0["kind"].text } ?? [])
            #expect(kinds.isSuperset(of: ["message-missing", "close"]), "\(ended.told)")
        }

        @Test func `a target that can't be reached, and what can't be used, have exit codes of their own`() throws {
            let scratch = try ScratchFolder()
            let file = try scratch.write(har([("/echo", "http://x", 101, echoes(["a"]))]), to: "x.har")
            let told = try run(Repository.gatehouse, ["replay", file, "--to", "ws://127.0.0.1:1"])
            #expect(told.exit == .code(3), "\(told.errors)")
            #expect(told.output.contains("can't be reached"))
            for arguments in [
                [file], ["--to", "ws://127.0.0.1:1"], [file, "--to", "nonsense://x"],
                [file, "--to", "ws://127.0.0.1:1", "--speed", "0"],
                [file, "--to", "ws://127.0.0.1:1", "--sessions", "9"], [scratch.file("none"), "--to", "ws://127.0.0.1:1"],
                [file, "--to", "ws://127.0.0.1:1", "--rewrite", "nonsense"],
            ] {
                #expect(try run(Repository.gatehouse, ["replay"] + arguments).exit == .code(2), "\(arguments)")
            }
        }

        @Test func `the walk of the documentation ends with a passing replay`() throws {
            let scratch = try ScratchFolder()
            let walk = Repository.root.appendingPathComponent("Examples/replay-walk/walk").path
            let told = try run(
                "/bin/sh", [walk, scratch.path], environment: ["GATEHOUSE": Repository.gatehouse, "PYTHON": Repository.python],
                within: 120)
            #expect(told.exit == .code(0), "\(told.output)\(told.errors)")
            #expect(told.output.contains("answer 3: $.message: recorded \"internal error\", now missing"), "\(told.output)")
            #expect(scratch.read("replay.xml").contains("failures=\"0\""))
        }
    }
}
