import CaptureFile
import Foundation
import Testing
import Wire

extension Integration {
    /// `gatehouse analyze` and the tap's files beside tshark and tcpdump: two readers that know nothing of each other agree.
    @Suite struct AnalyzeTests {
        private static let tshark = Repository.find("tshark")
        private static let tcpdump = Repository.find("tcpdump")
        private static let mayCapture = tcpdump != nil && getuid() == 0

        private func analyze(_ arguments: [String]) throws -> (exit: ChildProcess.Exit?, lines: [JSON], errors: String) {
            let told = try run(Repository.gatehouse, ["analyze", "--json"] + arguments)
            return (told.exit, try told.output.split(separator: "\n").map { try JSON(parsing: $0) }, told.errors)
        }

        /// One frame: its connection's client port, its direction, opcode, payload length and close code.
        private struct Frame: Hashable, Comparable, CustomStringConvertible {
            var client: Int
            var isClients: Bool
            var opcode: Int
            var length: Int
            var code: Int?
            var description: String { "\(client) \(isClients ? "→" : "←") \(opcode) \(length) \(code.map { "\($0)" } ?? "")" }

            static func < (one: Frame, other: Frame) -> Bool { "\(one)" < "\(other)" }
        }

        /// The frames of a capture as tshark sees them; fragments are joined, as messages are.
        private func framesByTshark(_ path: String, port: Int) throws -> [Frame] {
            let fields = [
                "tcp.srcport", "tcp.dstport", "websocket.fin", "websocket.opcode", "websocket.payload_length",
                "websocket.payload_length_ext_16", "websocket.payload_length_ext_64", "websocket.payload.close.status_code",
            ]
            let told = try run(
                Self.tshark ?? "tshark",
                [
                    "-r", path, "-2", "-d", "tcp.port==\(port),http", "-Y", "websocket", "-T", "fields", "-E", "occurrence=a", "-E",
                    "aggregator=,",
                ]
                    + fields.flatMap { ["-e", $0] })
            #expect(told.exit == .code(0), "\(told.errors)")
            var frames: [Frame] = []
            var open: [String: (opcode: Int, length: Int)] = [:]
            for line in told.output.split(separator: "\n") {
                let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map {
                    $0.split(separator: ",").map(String.init)
                }
                guard columns.count == fields.count, let from = columns[0].first, let to = columns[1].first else { continue }
                var longer = (columns[5].compactMap { Int($0) }[...], columns[6].compactMap { Int($0) }[...])
                var codes = columns[7].compactMap { Int($0) }[...]
                for index in columns[3].indices {
                    let opcode = Int(columns[3][index]) ?? -1
                    // 126 and 127 only say that the length stands behind them.
                    let first = Int(columns[4][index]) ?? -1
                    let length = first == 126 ? longer.0.popFirst() ?? -1 : first == 127 ? longer.1.popFirst() ?? -1 : first
                    let isFinal = ["1", "True"].contains(columns[2][index])
                    let client = from == "\(port)" ? to : from
                    if opcode >= 8 {
                        let code = opcode == 8 ? codes.popFirst() : nil
                        frames.append(
                            Frame(client: Int(client) ?? 0, isClients: to == "\(port)", opcode: opcode, length: length, code: code))
                        continue
                    }
                    let place = "\(from) \(to)"
                    let whole = (opcode: open[place]?.opcode ?? opcode, length: (open[place]?.length ?? 0) + length)
                    open[place] = isFinal ? nil : whole
                    if isFinal {
                        frames.append(
                            Frame(client: Int(client) ?? 0, isClients: to == "\(port)", opcode: whole.opcode, length: whole.length))
                    }
                }
            }
            return frames.sorted()
        }

        private func framesByGatehouse(_ lines: [JSON]) -> [Frame] {
            let opcodes = ["text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10]
            var clients: [Int: Int] = [:]
            for line in lines where line["event"].text == "session" {
                clients[line["number"].integer ?? 0] = line["client"].text?.split(separator: ":").last.flatMap { Int($0) }
            }
            return lines.filter { $0["event"].text == "message" }.map { line in
                Frame(
                    client: clients[line["number"].integer ?? 0] ?? 0, isClients: line["direction"].text == "client_to_server",
                    opcode: opcodes[line["type"].text ?? ""] ?? -1, length: line["size"].integer ?? -1, code: line["code"].integer)
            }.sorted()
        }

        // MARK: The tap's files

        /// What the writer can write, in one file: both sides, both IP versions, long pieces, numbers that wrap, every end.
        private func tapFile(_ scratch: ScratchFolder) throws -> String {
            var encoder = CaptureEncoder()
            encoder.begin(application: "Gatehouse test")
            encoder.secrets(Array("CLIENT_RANDOM 0011 2233\n".utf8))
            var now = Timestamp(nanoseconds: 1_700_000_000_123_456_789)
            let request =
                "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            let response =
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
            let long = [UInt8](repeating: 0x61, count: 300_001)
            let frame: [UInt8] = [0x82, 127, 0, 0, 0, 0, 0, 4, 0x93, 0xE1] + long
            let addresses: [(SocketAddress, SocketAddress)] = [
                (SocketAddress(v4: 0xCB00_7101, port: 50_001), SocketAddress(v4: 0x0A00_0001, port: 8000)),
                (
                    SocketAddress(high: 0x2001_0DB8_0000_0000, low: 1, port: 50_002),
                    SocketAddress(high: 0x2001_0DB8_0000_0000, low: 2, port: 8000)
                ),
            ]
            for (index, (client, server)) in addresses.enumerated() {
                var talks = Side.allCases.map { side in
                    TapConversation(
                        side: side,
                        initiator: SocketAddress(
                            high: client.high, low: client.low, port: client.port + UInt16(side.rawValue) * 10),
                        responder: server, number: 0xFFFF_FF00 &- UInt32(index) * 7)
                }
                let comment = TapComment(session: SessionID(UInt64(index + 1))).text
                for side in talks.indices { talks[side].open(at: now, comment: comment, into: &encoder) }
                /// What one end sends is received on its own side first, and sent on by the other.
                func send(_ end: TapConversation.End, _ bytes: [UInt8]) {
                    now = now + .milliseconds(3)
                    for side in end == .initiator ? [0, 1] : [1, 0] {
                        talks[side].data(from: end, bytes.span.bytes, at: now, into: &encoder)
                    }
                }
                send(.initiator, Array(request.utf8))
                send(.responder, Array(response.utf8))
                send(.responder, frame)
                send(.initiator, [0x81, 0x85, 0, 0, 0, 0] + Array("hello".utf8))
                talks[0].remark(TapComment(event: .heartbeat).text, from: .responder, at: now, into: &encoder)
                send(.responder, [0x89, 0x01, 0x70])
                send(.initiator, [0x8A, 0x81, 0, 0, 0, 0, 0x70])
                send(.responder, [0x88, 0x02, 0x03, 0xE9])
                if index == 0 { send(.initiator, [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9]) }
                for side in [1, 0] {
                    if index == 0 {
                        talks[side].finish(from: .responder, at: now, into: &encoder)
                        talks[side].finish(from: .initiator, at: now, into: &encoder)
                    } else {
                        talks[side].reset(from: .initiator, at: now, into: &encoder)
                    }
                }
            }
            encoder.statistics(.downstream, received: 20, dropped: 0, at: now)
            let path = scratch.file("tap.pcapng")
            try Data(encoder.buffer.copied()).write(to: URL(fileURLWithPath: path))
            return path
        }

        @Test(.enabled(if: tshark != nil, "tshark is not installed; Tests/Scripts/setup test installs it"))
        func `tshark finds no malformed packet, no bad checksum and nothing odd about TCP in the tap's files`() throws {
            let scratch = try ScratchFolder()
            let path = try tapFile(scratch)
            let options = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-d", "tcp.port==8000,http"]
            let all = try run(
                Self.tshark ?? "",
                ["-r", path, "-2"] + options + [
                    "-T", "fields", "-e", "frame.interface_name", "-e", "tcp.checksum.status", "-e", "tcp.stream",
                ])
            #expect(all.exit == .code(0), "\(all.errors)")
            let lines = all.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
            #expect(lines.count > 60)
            #expect(Set(lines.map { $0[0] }) == ["downstream", "upstream"])
            #expect(Set(lines.map { $0[1] }) == ["1"], "every checksum is verified and good")
            #expect(Set(lines.map { $0[2] }).count == 4)
            let odd = try run(
                Self.tshark ?? "",
                ["-r", path, "-2"] + options + [
                    "-Y",
                    "_ws.malformed || tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0 || (_ws.expert.severity >= 6291456 && !tcp.connection.rst)",
                    "-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message",
                ])
            #expect(odd.output == "", "\(odd.output)")
            let comments = try run(
                Self.tshark ?? "",
                ["-r", path, "-Y", "frame.comment contains \"gatehouse: session\"", "-T", "fields", "-e", "frame.comment"])
            #expect(comments.output.split(separator: "\n").count == 4)
        }

        @Test(.enabled(if: tshark != nil, "tshark is not installed; Tests/Scripts/setup test installs it"))
        func `analyze and tshark see the same frames in the tap's files`() throws {
            let scratch = try ScratchFolder()
            let path = try tapFile(scratch)
            // tshark sees both sides of a session, analyze each session once: what Gatehouse received.
            let theirs = try framesByTshark(path, port: 8000)
            let told = try analyze(["--messages", path])
            let ours = framesByGatehouse(told.lines)
            #expect(ours.count == 11)
            #expect(ours.allSatisfy { frame in theirs.contains(frame) }, "\(ours) \(theirs)")
            let sessions = told.lines.filter { $0["event"].text == "session" }
            #expect(sessions.map { $0["session"].text } == ["0000000000001", "0000000000002"])
        }

        // MARK: Captures of others

        @Test(
            .enabled(if: tshark != nil && mayCapture, "capturing needs tcpdump, tshark and root (or CAP_NET_RAW)"),
            arguments: ["lo", "any"])
        func `analyze and tshark agree on every frame of what tcpdump captured`(interface: String) throws {
            let scratch = try ScratchFolder()
            let peer = try Peer.shared(.websockets)
            let dump = try WireDump(port: peer.port, interface: interface, in: scratch)
            let path = dump.path
            let host = "ws://127.0.0.1:\(peer.port)"
            let exchanges = [
                ["\(host)/echo", "--size", "40000"], ["\(host)/echo", "--no-compression", "--size", "40000"],
                ["\(host)/close", "--do", "listen"],
                ["\(host)/going-away", "--do", "listen"], ["\(host)/origin", "--do", "listen", "--origin", "https://evil.example"],
            ]
            let told = try PeerClient.websockets.run(exchanges)
            #expect(told.count == exchanges.count)
            try dump.stop()

            let analysis = try analyze(["--messages", path])
            #expect(analysis.exit == .code(1), "the refused handshake is a problem: \(analysis.errors)")
            let sessions = analysis.lines.filter { $0["event"].text == "session" }
            #expect(sessions.count == 5)
            #expect(sessions.map { $0["status"].integer }.sorted { ($0 ?? 0) < ($1 ?? 0) } == [101, 101, 101, 101, 403])
            #expect(sessions.compactMap { $0["upstream"]["close_code"].integer }.sorted() == [1001, 4000, 4000, 4401])
            let ours = framesByGatehouse(analysis.lines)
            let theirs = try framesByTshark(path, port: Int(peer.port))
            #expect(ours.count > 30)
            #expect(ours == theirs)
            #expect(analysis.lines.last?["transport"]["missing_bytes"].integer == 0)
        }

        // MARK: The command

        @Test func `what is no capture says so in a sentence, with the exit code 3`() throws {
            let scratch = try ScratchFolder()
            for (text, words) in [
                ("", "empty"), ("GET / HTTP/1.1\r\n", "expected is a capture (pcap or pcapng), a HAR document or a ledger"),
            ] {
                let told = try run(Repository.gatehouse, ["analyze", try scratch.write(text, to: "file")])
                #expect(told.exit == .code(3))
                #expect(told.errors.contains(words))
            }
            #expect(try run(Repository.gatehouse, ["analyze", scratch.file("nothing-there")]).exit == .code(3))
            #expect(try run(Repository.gatehouse, ["analyze"]).exit == .code(2))
        }

        @Test func `reports are written as HAR and HTML, and over no other file unasked`() throws {
            let scratch = try ScratchFolder()
            let path = try tapFile(scratch)
            let har = scratch.file("out.har")
            let html = scratch.file("out.html")
            let first = try run(Repository.gatehouse, ["analyze", path, "--har", har, "--html", html])
            #expect(first.exit == .code(1), "\(first.errors)")
            let log = try JSON(parsing: scratch.read("out.har"))["log"]
            #expect(log["version"].text == "1.2")
            #expect(log["entries"].elements.count == 2)
            let messages = log["entries"][0]["_webSocketMessages"].elements
            #expect(messages.map { $0["opcode"].integer } == [2, 1, 9, 10, 8, 8])
            #expect(messages[1]["data"].text == "hello")
            let page = scratch.read("out.html")
            #expect(page.contains("default-src 'none'") && page.contains("</html>"))
            #expect(!page.contains("<script"))
            let again = try run(Repository.gatehouse, ["analyze", path, "--har", har])
            #expect(again.exit == .code(2))
            #expect(again.errors.contains("--force"))
            #expect(try run(Repository.gatehouse, ["analyze", path, "--har", har, "--force"]).exit == .code(1))
        }
    }
}
