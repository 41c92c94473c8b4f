import Foundation
import Testing

extension Integration {
    /// `gatehouse capture` on the loopback: what it tells live is what `analyze` and tshark find in its file.
    @Suite struct CaptureTests {
        private static let tshark = Repository.find("tshark")
        private static let hasLibrary = dlopen("libpcap.so.0.8", RTLD_LAZY) != nil || dlopen("libpcap.so.1", RTLD_LAZY) != nil
        private static let mayCapture = hasLibrary && getuid() == 0
        private static let reason: Comment = "capturing needs libpcap (apt package libpcap0.8) and root or CAP_NET_RAW"

        private func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> (
            exit: ChildProcess.Exit?, output: String, errors: String
        ) {
            let scratch = try ScratchFolder()
            let child = try ChildProcess(
                program, arguments, output: scratch.file("out"), errors: scratch.file("errors"), environment: environment)
            return (child.waitForExit(within: 60), scratch.read("out"), scratch.read("errors"))
        }

        private func lines(_ text: String) throws -> [JSON] { try text.split(separator: "\n").map { try JSON(parsing: $0) } }

        /// Captures on the loopback while `body` speaks to `port`; ended with Ctrl-C once `sessions` sessions were told.
        private func capture(
            port: UInt16, _ arguments: [String], sessions: Int, _ scratch: ScratchFolder, _ body: () throws -> Void
        ) throws -> (exit: ChildProcess.Exit?, lines: [JSON], errors: String) {
            let child = try ChildProcess(
                Repository.gatehouse, ["capture", "--interface", "lo", "--port", "\(port)", "--json"] + arguments,
                output: scratch.file("live"), errors: scratch.file("live-errors"))
            #expect(holds(within: 20) { scratch.read("live-errors").contains("listening on") }, "\(scratch.read("live-errors"))")
            try body()
            let isTold = holds(within: 20) {
                scratch.read("live").components(separatedBy: "\"event\":\"session\"").count > sessions
            }
            #expect(isTold, "\(scratch.read("live"))")
            child.send(SIGINT)
            let exit = child.waitForExit(within: 20)
            return (exit, try lines(scratch.read("live")), scratch.read("live-errors"))
        }

        @Test(.enabled(if: mayCapture, reason))
        func `what is told live is what analyze and tshark find in the file`() throws {
            let scratch = try ScratchFolder()
            let path = scratch.file("wire.pcapng")
            let peer = try Peer.shared(.node)
            let host = "ws://127.0.0.1:\(peer.port)"
            let live = try capture(port: peer.port, ["--write", path], sessions: 4, scratch) {
                _ = try PeerClient.node.run([
                    ["\(host)/echo", "--size", "70000"], ["\(host)/close", "--do", "listen"],
                    ["\(host)/subprotocol", "--do", "listen", "--subprotocol", "chat.v2"],
                    ["\(host)/origin", "--do", "listen", "--origin", "https://evil.example"],
                ])
            }
            #expect(live.exit == .code(1), "a refusal is a problem: \(live.errors)")
            #expect(live.lines.filter { $0["event"].text == "session.opened" }.count == 3)
            let told = live.lines.filter { $0["event"].text == "session" }
            #expect(told.map { $0["outcome"].text } == ["closed", "broken", "closed", "refused"])
            let counts = try #require(live.lines.first { $0["event"].text == "capture" })
            #expect(counts["dropped"].integer == 0)
            #expect((counts["packets"].integer ?? 0) > 30)

            let analyzed = try run(Repository.gatehouse, ["analyze", "--json", "--messages", path])
            let again = try lines(analyzed.output)
            // Fingerprints of secrets are salted anew in each run; nothing else may differ.
            for (one, other) in zip(told, again.filter { $0["event"].text == "session" }) {
                for key in ["number", "outcome", "time", "client", "server", "status", "messages", "findings", "verdict", "order"] {
                    #expect("\(one[key])" == "\(other[key])", "\(key)")
                }
            }
            #expect(again.filter { $0["event"].text == "session" }.count == 4)

            guard let tshark = Self.tshark else { return print("no tshark here: the file is read by Gatehouse alone") }
            let frames = try run(
                tshark,
                [
                    "-r", path, "-d", "tcp.port==\(peer.port),http", "-Y", "websocket", "-T", "fields", "-E", "occurrence=a", "-e",
                    "websocket.opcode",
                ])
            let opcodes = frames.output.split(whereSeparator: { $0 == "\n" || $0 == "," })
            let expected = again.filter { $0["event"].text == "message" }.reduce(0) { $0 + ($1["frames"].integer ?? 0) }
            #expect(expected > 10 && opcodes.count == expected, "\(frames.errors)")
            let odd = try run(tshark, ["-r", path, "-Y", "_ws.malformed || tcp.analysis.lost_segment"])
            #expect(odd.output.isEmpty, "\(odd.output)")
        }

        @Test(.enabled(if: mayCapture, reason))
        func `with a key log of Gatehouse's, the file decrypts by itself`() throws {
            let scratch = try ScratchFolder()
            let (path, keys) = (scratch.file("wire.pcapng"), scratch.file("keys.log"))
            let authority = try CertificateAuthority()
            let certificate = try authority.issue("localhost", "127.0.0.1")
            let gatehouse = try GatehouseProcess(
                io: .epoll, upstream: Peer.shared(.node).url,
                "listen: [{address: \"127.0.0.1:0\", tls: {certificate: \(certificate.certificate), key: \(certificate.key), key_log: \(keys)}}]"
            )
            #expect(gatehouse.scratch.read("errors.txt").contains("decrypt these sessions"), "a key log is said loudly")
            let permissions = try FileManager.default.attributesOfItem(atPath: keys)[.posixPermissions] as? Int
            #expect(permissions == 0o600)
            let live = try capture(port: gatehouse.port, ["--write", path, "--keylog", keys], sessions: 0, scratch) {
                let told = try PeerClient.node.run(
                    "wss://localhost:\(gatehouse.port)/echo", ["--ca", authority.file])
                #expect(told["result"].text == "same")
                // What the interface saw last, the capture has when the size rests.
                var size = -1
                _ = try eventually(within: 10) { () -> Bool? in
                    usleep(200_000)
                    let now = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
                    defer { size = now }
                    return now == size && now > 2000 ? true : nil
                }
            }
            #expect((live.lines.first { $0["event"].text == "capture" }?["keys"].integer ?? 0) >= 4, "\(live.lines)")
            guard let tshark = Self.tshark else { return print("no tshark here: nobody decrypts the file") }
            let frames = try run(
                tshark,
                ["-r", path, "-d", "tls.port==\(gatehouse.port),http", "-Y", "websocket", "-T", "fields", "-e", "websocket.opcode"])
            #expect(frames.output.contains("8"), "the close frame: \(frames.output) \(frames.errors)")
            let again = try run(
                Repository.gatehouse, ["capture", "--interface", "lo", "--for", "1s", "--write", path])
            #expect(again.exit == .code(2))
            #expect(again.errors.contains("--force"))
        }

        @Test(.enabled(if: mayCapture, reason))
        func `under sudo the file belongs to who called it, and a folder of root's is closed`() throws {
            let scratch = try ScratchFolder()
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: scratch.path)
            let sudo = ["SUDO_UID": "65534", "SUDO_GID": "65534"]
            let path = scratch.file("wire.pcapng")
            let told = try run(
                Repository.gatehouse, ["capture", "--interface", "lo", "--port", "1", "--for", "1s", "--write", path],
                environment: sudo)
            #expect(told.exit == .code(0), "\(told.errors)")
            #expect(told.errors.contains("now user 65534"))
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.ownerAccountID] as? Int == 65534)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: scratch.path)
            let closed = try run(
                Repository.gatehouse, ["capture", "--interface", "lo", "--port", "1", "--for", "1s", "--write", path, "--force"],
                environment: sudo)
            #expect(closed.exit == .code(2))
            #expect(closed.errors.contains("can't be written"))
        }

        @Test(
            .enabled(if: hasLibrary && (getuid() != 0 || Repository.find("setpriv") != nil), "needs libpcap, and setpriv for root"))
        func `who may not capture is told three ways, and the exit code is 3`() throws {
            let command = ["capture", "--interface", "lo", "--port", "8000", "--for", "1s"]
            let told =
                getuid() != 0
                ? try run(Repository.gatehouse, command)
                : try run("setpriv", ["--bounding-set", "-net_raw", "--inh-caps", "-net_raw", Repository.gatehouse] + command)
            #expect(told.exit == .code(3), "\(told.errors)")
            for way in ["CAP_NET_RAW", "sudo gatehouse capture", "setcap", "tcpdump -i lo"] { #expect(told.errors.contains(way)) }
        }

        @Test(.enabled(if: mayCapture, reason))
        func `an interface that isn't there and a filter that is none are said`() throws {
            let absent = try run(Repository.gatehouse, ["capture", "--interface", "gatehouse9", "--for", "1s"])
            #expect(absent.exit == .code(3))
            #expect(absent.errors.contains("there are any, lo"))
            let wrong = try run(Repository.gatehouse, ["capture", "--filter", "tcp porrt 1", "--for", "1s"])
            #expect(wrong.exit == .code(2))
            #expect(wrong.errors.contains("--filter"))
        }
    }
}
