import CaptureFile
import Foundation
import Testing
import Wire

extension Integration {
    /// `gatehouse bundle`: a file that tar opens, with the session in it and no secret.
    @Suite struct BundleTests {
        private func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> (
            exit: ChildProcess.Exit?, output: String, errors: String
        ) {
            let scratch = try ScratchFolder()
            let child = try ChildProcess(
                program, arguments, output: scratch.file("out"), errors: scratch.file("errors"), environment: environment)
            return (child.waitForExit(within: 60), scratch.read("out"), scratch.read("errors"))
        }

        /// What tar finds in a bundle, by name.
        private func open(_ path: String, _ scratch: ScratchFolder) throws -> [String: String] {
            let listing = try run("tar", ["tzf", path])
            #expect(listing.exit == .code(0), "\(listing.errors)")
            #expect(try run("tar", ["xzf", path, "-C", scratch.path]).exit == .code(0))
            var files: [String: String] = [:]
            for name in listing.output.split(separator: "\n") {
                files[String(name.replacing("gatehouse-bundle/", with: ""))] = scratch.read(String(name))
            }
            return files
        }

        @Test func `a refusal's bundle has verdict, ledger, heads, versions and configuration, and no planted secret`() throws {
            let scratch = try ScratchFolder()
            let token = "planted-admin-token-0123456789"
            let ledger = scratch.file("ledger.jsonl")
            let gatehouse = try GatehouseProcess(
                io: .epoll, upstream: Peer.shared(.node).url,
                "# planted-comment\nlog: {output: \(ledger)}\nadmin: {listen: \"127.0.0.1:0\", token: \(token)}", output: ledger)
            let ready = try eventually(within: 20) { () -> [UInt16]? in
                let ports = scratch.read("ledger.jsonl").split(separator: "\n").compactMap { line -> UInt16? in
                    guard let line = try? JSON(parsing: line), ["listener.ready", "admin.ready"].contains(line["event"].text) else {
                        return nil
                    }
                    return line["address"].text?.split(separator: ":").last.flatMap { UInt16($0) }
                }
                return ports.count == 2 ? ports : nil
            }
            let ports = try #require(ready, "\(gatehouse.scratch.read("errors.txt"))")
            let isFirstPublic =
                scratch.read("ledger.jsonl").firstRange(of: "listener.ready")!.lowerBound
                < scratch.read("ledger.jsonl").firstRange(of: "admin.ready")!.lowerBound
            let (port, admin) = isFirstPublic ? (ports[0], ports[1]) : (ports[1], ports[0])
            let request =
                "GET /origin?access_token=planted-query HTTP/1.1\r\nHost: app.example\r\nOrigin: https://evil.example\r\n"
                + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Authorization: Bearer planted-bearer\r\nCookie: session=planted-cookie\r\n\r\n"
            let response = try gatehouse.exchange(request, port: port)
            #expect(response.status == 403)
            let line = try eventually(within: 10) {
                try scratch.read("ledger.jsonl").split(separator: "\n").map { try JSON(parsing: $0) }.first {
                    $0["event"].text == "session.refused"
                }
            }
            let session = try #require(line?["session"].text)

            let path = scratch.file("ticket.tar.gz")
            let arguments = [
                "bundle", "--session", session, "--config", gatehouse.scratch.file("gatehouse.yaml"), "--admin",
                "127.0.0.1:\(admin)",
                "--write", path,
            ]
            let told = try run(Repository.gatehouse, arguments, environment: ["GATEHOUSE_ADMIN_TOKEN": token])
            #expect(told.exit == .code(0), "\(told.errors)")
            let files = try open(path, scratch)
            #expect(files["verdict.txt"]?.contains("origin-not-allowed") == true)
            #expect(try JSON(parsing: files["verdict.json"] ?? "")["verdicts"][0]["verdict"]["cause"].text == "origin-not-allowed")
            #expect(files["heads.txt"]?.contains("Authorization: Bearer «redacted:") == true)
            #expect(files["ledger.jsonl"]?.split(separator: "\n").count ?? 0 >= 2, "how it was started, and the refusal")
            #expect(files["configuration.yaml"]?.contains("token: \"«redacted»\"") == true)
            #expect(files["versions.txt"]?.contains("OpenSSL 3") == true)
            #expect(files["admin/causes.json"]?.contains("origin-not-allowed") == true)
            for (name, text) in files { #expect(!text.contains("planted"), "\(name)") }

            let again = try run(Repository.gatehouse, arguments, environment: ["GATEHOUSE_ADMIN_TOKEN": token])
            #expect(again.exit == .code(2))
            #expect(again.errors.contains("--force"))
            let unknown = try run(
                Repository.gatehouse,
                ["bundle", "--session", "0000000000000", "--ledger", ledger, "--write", scratch.file("none.tar.gz")])
            #expect(unknown.exit == .code(3), "\(unknown.errors)")
            #expect(!FileManager.default.fileExists(atPath: scratch.file("none.tar.gz")))
            let since = try run(
                Repository.gatehouse, ["bundle", "--since", "10m", "--ledger", ledger, "--write", path, "--force"])
            #expect(since.exit == .code(0))
            #expect(since.output.contains("1 session"))
        }

        @Test func `of the tap's files only the session's own packets go along`() throws {
            let scratch = try ScratchFolder()
            let folder = scratch.file("captures")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            var encoder = CaptureEncoder()
            encoder.begin()
            var now = Timestamp(nanoseconds: 1_700_000_000_000_000_000)
            var talks: [TapConversation] = []
            for number in [UInt64(7), 8] {
                for side in Side.allCases {
                    talks.append(
                        TapConversation(
                            side: side, initiator: SocketAddress(v4: 0x0A00_0001, port: UInt16(5000 + number)),
                            responder: SocketAddress(v4: 0x0A00_0002, port: side == .downstream ? 80 : 8000)))
                    talks[talks.count - 1].open(at: now, comment: TapComment(session: SessionID(number)).text, into: &encoder)
                }
            }
            let request =
                "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            let response =
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
            for index in talks.indices {
                now = now + .milliseconds(1)
                talks[index].data(from: .initiator, Array(request.utf8).span.bytes, at: now, into: &encoder)
                talks[index].data(from: .responder, Array(response.utf8).span.bytes, at: now, into: &encoder)
                talks[index].finish(from: .initiator, at: now, into: &encoder)
                talks[index].finish(from: .responder, at: now, into: &encoder)
            }
            try Data(encoder.buffer.copied()).write(to: URL(fileURLWithPath: folder + "/one.pcapng"))
            let path = scratch.file("ticket.tar.gz")
            let told = try run(
                Repository.gatehouse, ["bundle", "--session", "\(SessionID(7))", "--captures", folder, "--write", path])
            #expect(told.exit == .code(0), "\(told.errors)")
            #expect(try open(path, scratch)["capture.pcapng"] != nil)
            let analyzed = try run(
                Repository.gatehouse, ["analyze", "--json", scratch.file("gatehouse-bundle/capture.pcapng")])
            let lines = try analyzed.output.split(separator: "\n").map { try JSON(parsing: $0) }
            #expect(lines.filter { $0["event"].text == "session" }.map { $0["session"].text } == ["\(SessionID(7))"])
            #expect(lines.last?["connections"]["all"].integer == 2, "both sides of it, and nobody else's")
        }
    }
}
