import Foundation
import Testing

extension Integration {
    /// `gatehouse diagnose` as a shell and a script see it: what it prints, and its exit codes.
    @Suite struct DiagnoseTests {
        private func diagnose(_ arguments: [String]) throws -> (exit: ChildProcess.Exit?, output: String, errors: String) {
            let scratch = try ScratchFolder()
            let child = try ChildProcess(
                Repository.gatehouse, ["diagnose"] + arguments, output: scratch.file("out"), errors: scratch.file("errors"))
            let exit = child.waitForExit(within: 30)
            return (exit, scratch.read("out"), scratch.read("errors"))
        }

        @Test func `an unreachable host is a verdict in text and in JSON, and the exit code 3`() throws {
            let port = try RawBackend().port
            let text = try diagnose(["ws://127.0.0.1:\(port)/ws"])
            #expect(text.exit == .code(3), "\(text.output)\(text.errors)")
            #expect(text.output.contains("upstream-refused"))
            #expect(!text.output.contains("\u{1B}"), "colour where there is no terminal")
            let json = try diagnose(["ws://127.0.0.1:\(port)/ws", "--json"])
            #expect(json.exit == .code(3))
            let report = try JSON(parsing: json.output)
            #expect(report["verdict"]["cause"].text == "upstream-refused")
            #expect(report["handshakes"].elements.count == 1)
        }

        @Test(arguments: [
            [], ["app.example"], ["ftp://app.example/"], ["ws://app.example/", "--timeout", "soon"],
            ["ws://app.example/", "--nonsense"],
        ])
        func `what is no question is a fault of usage, on standard error, with the exit code 2`(_ arguments: [String]) throws {
            let told = try diagnose(arguments)
            #expect(told.exit == .code(2))
            #expect(told.output.isEmpty)
            #expect(told.errors.contains("gatehouse diagnose"))
        }

        @Test func `a real server's healthy handshake has no verdict`() throws {
            let peer = try Peer.shared(.websockets)
            let healthy = try diagnose(["ws://127.0.0.1:\(peer.port)/echo", "--browser", "--json"])
            #expect(healthy.exit == .code(0), "\(healthy.output)\(healthy.errors)")
            #expect(try JSON(parsing: healthy.output)["verdict"].isNull)
        }

        @Test func `a certificate for another name is a verdict`() throws {
            let authority = try CertificateAuthority()
            let certificate = try authority.issue("other.example")
            let server = try GatehouseProcess(
                io: .epoll, upstream: RawBackend().url,
                "listen: [{address: \"127.0.0.1:0\", tls: {certificate: \(certificate.certificate), key: \(certificate.key)}}]")
            let told = try diagnose([
                "wss://app.example:\(server.port)/ws", "--resolve", "app.example:127.0.0.1", "--ca", authority.file, "--json",
            ])
            #expect(told.exit == .code(1), "\(told.output)\(told.errors)")
            #expect(try JSON(parsing: told.output)["verdict"]["cause"].text == "certificate-wrong-name")
        }
    }
}
