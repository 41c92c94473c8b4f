import Foundation
import Testing

extension Integration {
    /// `gatehouse replay` against real servers: what was recorded is played again, and what differs is told.
    @Suite struct ReplayTests {
        private static let tcpdump = Repository.find("tcpdump")
        private static let mayCapture = tcpdump != nil && getuid() == 0

        // MARK: Programs

        private func run(_ program: String, _ arguments: [String], environment: [String: String] = [:], within seconds: Double = 60)
            throws -> (exit: ChildProcess.Exit?, output: String, errors: String)
        {
            let scratch = try ScratchFolder()
            let child = try ChildProcess(
                program, arguments, output: scratch.file("out"), errors: scratch.file("errors"), environment: environment)
            let exit = child.waitForExit(within: seconds)
            return (exit, scratch.read("out"), scratch.read("errors"))
        }

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
            let path = scratch.file("traffic.pcap")
            let peer = try Peer.shared(kind)
            let capture = try ChildProcess(
                Self.tcpdump ?? "tcpdump",
                [
                    "-i", "lo", "-U", "--immediate-mode", "-B", "65536", "-s", "0", "-Z", "root", "-w", path,
                    "tcp port \(peer.port)",
                ],
                output: scratch.file("out"), errors: scratch.file("errors"))
            #expect(holds(within: 20) { scratch.read("errors").contains("listening on") }, "\(scratch.read("errors"))")
            let host = "ws://127.0.0.1:\(peer.port)"
            _ = try client.run([
                ["\(host)/echo", "--size", "40000"], ["\(host)/close", "--do", "listen"], ["\(host)/going-away", "--do", "listen"],
                ["\(host)/subprotocol", "--do", "listen", "--subprotocol", "chat.v2"],
                ["\(host)/origin", "--do", "listen", "--origin", "https://evil.example"],
            ])
            var size = -1
            _ = try eventually(within: 10) { () -> Bool? in
                usleep(300_000)
                let now = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
                defer { size = now }
                return now == size ? true : nil
            }
            capture.send(SIGTERM)
            _ = capture.waitForExit(within: 10)

            for more in [["--speed", "1"], ["--speed", "max", "--pace", "reply"]] {
                let told = try replay([path, "--to", host] + more)
                #expect(told.exit == .code(0), "\(told.told)")
                #expect(told.lines.last?["agreed"].integer == 5)
                #expect((told.lines.last?["messages_received"].integer ?? 0) >= 7)
            }
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
