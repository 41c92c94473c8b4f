import Foundation
import Testing

extension Integration {
    /// The proxy's own captures: what sessions said and heard, and what Gatehouse made of it.
    @Suite struct TapTests {
        private static let needsTshark = "tshark is not installed; Tests/Scripts/setup test installs it"

        /// A Gatehouse that captures into a folder of the test's.
        private struct Tapped {
            let scratch: ScratchFolder
            let gatehouse: GatehouseProcess
            var captures: Captures { Captures(directory: scratch.file("captures")) }

            init(
                _ io: IOBackend = .epoll, upstream: String, _ capture: String = "mode: always", _ more: String = "",
                workers: Int = 1
            ) throws {
                scratch = try ScratchFolder()
                gatehouse = try GatehouseProcess(
                    io: io, upstream: upstream,
                    "capture: {directory: \(scratch.file("captures")), \(capture)}\n\(more)", workers: workers)
            }

            /// Everything is in the files when the process has ended.
            func stop() -> Captures {
                gatehouse.stop()
                return captures
            }
        }

        private func close(_ session: RawSession) throws {
            try session.client.send(Frame.close(1000, masked: true))
            _ = try session.backend.readFrame()
            try session.backend.send(Frame.close(1000))
            session.backend.finishSending()
            _ = try session.client.readToEnd()
            session.client.close()
        }

        // MARK: Files

        @Test(arguments: IOBackend.available)
        func `a session is captured on both sides, for its owner alone, and analyze knows it by its name`(io: IOBackend) throws {
            let origin = try RawBackend()
            let tapped = try Tapped(io, upstream: origin.url)
            let session = try RawSession(through: tapped.gatehouse, to: origin)
            try session.client.send(Frame.text("hello", masked: true))
            #expect(try session.backend.readFrame().text == "hello")
            try session.backend.send(Frame.text("world"))
            #expect(try session.client.readFrame().text == "world")
            try close(session)
            let line = try tapped.gatehouse.ledger.wait(for: "session.closed")
            let captures = tapped.stop()
            #expect(captures.files.count == 1)
            let folder = try FileManager.default.attributesOfItem(atPath: captures.directory)
            #expect(folder[.posixPermissions] as? Int == 0o700)
            let file = try FileManager.default.attributesOfItem(atPath: captures.files[0])
            #expect(file[.posixPermissions] as? Int == 0o600)
            let found = try captures.sessions()
            #expect(Array(found.keys) == [line["session"].text])
            let analyzed = try #require(found.values.first)
            #expect(analyzed["outcome"].text == "closed")
            #expect(analyzed["messages"]["client"].integer == 1 && analyzed["messages"]["server"].integer == 1)
            #expect(analyzed["transport"]["missing_bytes"].integer == 0)
        }

        @Test func `secrets in heads don't reach the disk, and every byte keeps its place`() throws {
            let origin = try RawBackend()
            let tapped = try Tapped(upstream: origin.url)
            let request = Upgrade.request(
                "/ws?token=SECRETTOKENVALUE&room=7",
                with: ("Authorization", "Bearer SECRETBEARERVALUE"), ("Cookie", "sid=SECRETCOOKIEVALUE; theme=dark"))
            let session = try RawSession(
                through: tapped.gatehouse, to: origin, request: request,
                response: Upgrade.response("Set-Cookie: sid=SECRETSETCOOKIE; Path=/"))
            #expect(session.requestHead.contains("SECRETBEARERVALUE"), "what is relayed keeps its secrets")
            try close(session)
            let captures = tapped.stop()
            let bytes = try #require(FileManager.default.contents(atPath: captures.files[0]))
            #expect(bytes.range(of: Data("SECRET".utf8)) == nil)
            #expect(bytes.range(of: Data("theme=".utf8)) != nil && bytes.range(of: Data("&room=7 HTTP".utf8)) != nil)
            let text = String(decoding: bytes, as: UTF8.self)
            let token = try #require(text.range(of: "token=").map { text[$0.upperBound...].prefix(16) })
            #expect(
                token.hasSuffix("xxxxxxxx") && token.prefix(8).allSatisfy(\.isHexDigit),
                "a fingerprint of the same length: \(token)")
            #expect(text.contains("gatehouse: head redacted"))
            #expect(try captures.sessions().values.first?["outcome"].text == "closed")
        }

        @Test func `redact: false keeps heads as they are`() throws {
            let origin = try RawBackend()
            let tapped = try Tapped(upstream: origin.url, "mode: always, redact: false")
            let session = try RawSession(
                through: tapped.gatehouse, to: origin, request: Upgrade.request(with: ("Authorization", "Bearer SECRETBEARERVALUE"))
            )
            try close(session)
            let bytes = try #require(FileManager.default.contents(atPath: tapped.stop().files[0]))
            #expect(bytes.range(of: Data("SECRETBEARERVALUE".utf8)) != nil)
        }

        @Test func `payloads are cut or masked, and every frame keeps its length`() throws {
            for (how, kept, gone) in [
                ("payload: cut, payload_limit: 4", ["{\"na"], ["alice", "hidden"]),
                ("payload: mask, mask: [$.name, $..pin]", ["\"room\": 7", "\"name\": \"*****\""], ["alice", "4711", "hidden"]),
            ] {
                let origin = try RawBackend()
                let tapped = try Tapped(upstream: origin.url, "mode: always, \(how)")
                let session = try RawSession(through: tapped.gatehouse, to: origin)
                let text = "{\"name\": \"alice\", \"room\": 7, \"more\": {\"pin\": 4711}}"
                try session.backend.send(Frame.text(text) + Frame.frame(2, Array("hidden bytes".utf8)))
                #expect(try session.client.readFrame().text == text)
                #expect(try session.client.readFrame().text == "hidden bytes")
                try session.client.send(Frame.text(text, masked: true))
                #expect(try session.backend.readFrame().text == text)
                try close(session)
                let captures = tapped.stop()
                let bytes = try #require(FileManager.default.contents(atPath: captures.files[0]))
                for words in kept { #expect(bytes.range(of: Data(words.utf8)) != nil, "\(how): \(words)") }
                for words in gone { #expect(bytes.range(of: Data(words.utf8)) == nil, "\(how): \(words)") }
                let analyzed = try #require(try captures.sessions().values.first)
                #expect(analyzed["downstream"]["frames"]["text"].integer == 1, "\(how): \(analyzed)")
                #expect(
                    analyzed["upstream"]["frames"]["text"].integer == 1 && analyzed["upstream"]["frames"]["binary"].integer == 1)
                #expect(analyzed["upstream"]["close_code"].integer == 1000)
            }
        }

        @Test func `files rotate by size, and the eldest go when there are too many`() throws {
            let origin = try RawBackend()
            let tapped = try Tapped(upstream: origin.url, "mode: always, rotate: {size: 256KiB}, total: 1MiB")
            let session = try RawSession(through: tapped.gatehouse, to: origin)
            let message = Frame.frame(2, [UInt8](repeating: 0x61, count: 100_000))
            for _ in 0..<24 {
                try session.backend.send(message)
                #expect(try session.client.read(message.count).count == message.count)
                // So that the thread sees them one after another.
                #expect(try session.client.isSilent(for: 0.05))
            }
            try close(session)
            let captures = tapped.stop()
            let sizes = captures.files.map { (try? FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int) ?? 0 }
            #expect(sizes.count >= 2 && sizes.reduce(0, +) < 2 << 20, "\(sizes)")
            let lines = try tapped.gatehouse.ledger.all("capture.file")
            #expect(lines.count > sizes.count, "\(lines.count) were begun, \(sizes.count) are left")
            #expect(lines.contains { !$0["deleted"].elements.isEmpty })
        }

        @Test func `a place that can't be written costs packets, counted and named, and no traffic`() throws {
            let origin = try RawBackend()
            let scratch = try ScratchFolder()
            try scratch.write("a file in the directory's place", to: "captures")
            let gatehouse = try GatehouseProcess(
                io: .epoll, upstream: origin.url, "capture: {directory: \(scratch.file("captures")), mode: always}")
            let session = try RawSession(through: gatehouse, to: origin)
            try session.client.send(Frame.text("hello", masked: true))
            #expect(try session.backend.readFrame().text == "hello")
            try close(session)
            let line = try gatehouse.ledger.wait(for: "capture.failed")
            #expect(line["operation"].text == "create" && line["errno"].integer == 20, "\(line)")
            let status = try JSON(parsing: gatehouse.admin("/api/capture").text)
            #expect((status["dropped"].integer ?? 0) > 0 && status["packets"].integer == 0, "\(status)")
            #expect(try gatehouse.admin("/metrics").text.contains("gatehouse_capture_packets_dropped_total"))
        }

        // MARK: The black box

        @Test func `a black box is written for a session that ends badly, and for no other`() throws {
            let origin = try RawBackend()
            let tapped = try Tapped(upstream: origin.url, "mode: black-box")
            let good = try RawSession(through: tapped.gatehouse, to: origin)
            try good.client.send(Frame.text("nothing to see", masked: true))
            #expect(try good.backend.readFrame().text == "nothing to see")
            try close(good)
            let bad = try RawSession(through: tapped.gatehouse, to: origin)
            let many = Frame.text(String(repeating: "a", count: 100))
            for _ in 0..<200 {
                try bad.backend.send(many)
                #expect(try bad.client.read(many.count) == many)
            }
            try bad.backend.send(Frame.text("the last words") + Frame.close(1011, "broken"))
            #expect(try bad.client.readFrame().text == "the last words")
            #expect(try bad.client.readFrame().closeCode == 1011)
            try bad.client.send(Frame.close(1011, masked: true))
            _ = try bad.backend.readFrame()
            bad.backend.finishSending()
            _ = try bad.client.readToEnd()
            let lines = try tapped.gatehouse.ledger.wait(forAll: 2, "session.closed")
            let captures = tapped.stop()
            let found = try captures.sessions()
            #expect(found.count == 1, "\(found.keys)")
            let name = try #require(lines.first { !$0["verdict"].isNull }?["session"].text)
            let analyzed = try #require(found[name])
            #expect(analyzed["request"].text?.hasPrefix("GET /ws") == true, "the head is there")
            #expect(analyzed["verdict"]["cause"].text == lines.first { !$0["verdict"].isNull }?["verdict"]["cause"].text)
            #expect((analyzed["transport"]["missing_bytes"].integer ?? 0) >= 0)
            let bytes = try #require(FileManager.default.contents(atPath: captures.files[0]))
            #expect(bytes.count < 24 << 10)
            #expect(bytes.range(of: Data("the last words".utf8)) != nil)
        }

        @Test func `a refused handshake's black box is written, and causes choose among them`() throws {
            let tapped = try Tapped(
                upstream: "http://127.0.0.1:1", "mode: black-box, select: {causes: [upstream-refused]}",
                "origins: {allow: [https://a.example]}")
            for origin in ["https://b.example", "https://a.example"] {
                _ = try tapped.gatehouse.exchange(Upgrade.request(with: ("Origin", origin)))
            }
            _ = try tapped.gatehouse.ledger.wait(forAll: 2, "session.refused")
            let found = try tapped.stop().sessions()
            #expect(found.values.map { $0["verdict"]["cause"].text } == ["upstream-refused"])
        }

        // MARK: At run time

        @Test func `the admin API switches captures on and off, for some sessions and for a time`() throws {
            let origin = try RawBackend()
            let tapped = try Tapped(upstream: origin.url, "mode: off", workers: 2)
            func order(_ query: String) throws -> Response {
                try tapped.gatehouse.exchange(
                    "POST /api/capture?\(query) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                    port: tapped.gatehouse.adminPort())
            }
            let before = try RawSession(through: tapped.gatehouse, to: origin)
            #expect(try order("mode=sometimes").status == 400)
            #expect(try order("mode=always&client=10.9.9.9").status == 202)
            try close(try RawSession(through: tapped.gatehouse, to: origin))
            let answer = try order("mode=always&client=127.0.0.1&for=10m")
            #expect(answer.status == 202)
            #expect(try JSON(parsing: answer.text)["orders"].elements.count == 2)
            try close(try RawSession(through: tapped.gatehouse, to: origin))
            try before.client.send(Frame.text("from the middle", masked: true))
            _ = try before.backend.readFrame()
            #expect(try order("mode=off&client=127.0.0.1").status == 202)
            try close(try RawSession(through: tapped.gatehouse, to: origin))
            try close(before)
            let closed = try tapped.gatehouse.ledger.wait(forAll: 4, "session.closed")
            #expect(try tapped.gatehouse.ledger.all("capture.ordered").count == 3)
            let captures = tapped.stop()
            #expect(
                try Array(captures.sessions().keys) == [closed[1]["session"].text],
                "only the second was captured from its beginning")
            let bytes = try #require(FileManager.default.contents(atPath: captures.files[0]))
            #expect(bytes.count > 1000)
        }

        @Test func `nothing can be ordered where no directory is configured`() throws {
            let gatehouse = try GatehouseProcess(io: .epoll, upstream: "http://127.0.0.1:1", "")
            let answer = try gatehouse.exchange(
                "POST /api/capture?mode=always HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                port: gatehouse.adminPort())
            #expect(answer.status == 409)
        }

        // MARK: tshark

        @Test(.enabled(if: Captures.tshark != nil, "tshark is not installed"))
        func `tshark finds nothing odd in what real peers said through the proxy, and the same frames as analyze`() throws {
            let peer = try Peer.shared(.websockets)
            let tapped = try Tapped(upstream: peer.url, "mode: always", "heartbeat: {interval: 300ms, timeout: 10s}", workers: 2)
            let host = "ws://127.0.0.1:\(tapped.gatehouse.port)"
            let exchanges = [
                ["\(host)/echo", "--size", "40000"], ["\(host)/echo", "--no-compression", "--size", "200000"],
                ["\(host)/echo", "--do", "idle", "--seconds", "1"], ["\(host)/close", "--do", "listen"],
                ["\(host)/going-away", "--do", "listen"], ["\(host)/origin", "--do", "listen", "--origin", "https://evil.example"],
            ]
            _ = try PeerClient.websockets.run(exchanges)
            _ = try tapped.gatehouse.ledger.wait(forAll: 5, "session.closed")
            let captures = tapped.stop()
            let file = try #require(captures.files.first)
            let ports = [tapped.gatehouse.port, peer.port]
            #expect(try Captures.oddities(file, ports: ports) == [])
            let statuses = try Captures.fields(file, ports: ports, "tcp.checksum.status", "frame.interface_name")
            #expect(Set(statuses.map { $0[0] }) == ["1"] && Set(statuses.map { $0[1] }) == ["downstream", "upstream"])
            let comments = try Captures.fields(file, ports: ports, filter: "frame.comment", "frame.comment").map { $0[0] }
            #expect(comments.contains { $0.contains("heartbeat by Gatehouse") })
            #expect(comments.contains { $0.contains("refused; cause=origin-not-allowed") })
            #expect(comments.filter { $0.contains("over; first=") }.count == 5, "\(comments)")
            // Opcodes and close codes, session by session: what Gatehouse received.
            let rows = try Captures.fields(
                file, ports: ports,
                filter:
                    "websocket && ((frame.interface_name == \"downstream\" && tcp.dstport == \(tapped.gatehouse.port)) || (frame.interface_name == \"upstream\" && tcp.srcport == \(peer.port)))",
                "websocket.opcode", "websocket.payload.close.status_code")
            var theirs: [String: Int] = [:]
            for row in rows {
                for opcode in row[0].split(separator: ",") { theirs[String(opcode), default: 0] += 1 }
                for code in row[1].split(separator: ",") { theirs["close " + code, default: 0] += 1 }
            }
            let frames = ["continuation": "0", "text": "1", "binary": "2", "close": "8", "ping": "9"]
            var ours: [String: Int] = [:]
            for session in try captures.sessions().values where !session["downstream"].isNull {
                for side in ["downstream", "upstream"] {
                    for (name, opcode) in frames {
                        let count = session[side]["frames"][name].integer ?? 0
                        if count > 0 { ours[opcode, default: 0] += count }
                    }
                    if let code = session[side]["close_code"].integer { ours["close \(code)", default: 0] += 1 }
                }
            }
            // Pongs to Gatehouse's own pings are frames on the wire, and none of the session's.
            theirs["10"] = nil
            #expect(ours == theirs)
        }
    }
}
