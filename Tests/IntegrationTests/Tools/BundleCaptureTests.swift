import Foundation
import Testing

extension Integration {
    /// `gatehouse bundle` finds the tap's files and the ledger where the configuration says that they are.
    @Suite struct BundleCaptureTests {
        @Test func `the configuration's capture.directory is where the session's packets are looked for`() throws {
            let scratch = try ScratchFolder()
            let origin = try RawBackend()
            let gatehouse = try GatehouseProcess(
                io: .epoll, upstream: origin.url, "capture: {directory: \(scratch.file("captures")), mode: always}",
                scratch: scratch)
            for _ in 0..<2 {
                let session = try RawSession(through: gatehouse, to: origin)
                try session.client.send(Frame.text("hello", masked: true))
                #expect(try session.backend.readFrame().text == "hello")
                session.client.reset()
                _ = try session.backend.readToEnd()
            }
            let name = try #require(try gatehouse.ledger.wait(forAll: 2, "session.closed")[1]["session"].text)
            gatehouse.stop()

            let path = scratch.file("ticket.tar.gz")
            let told = try run(
                Repository.gatehouse,
                [
                    "bundle", "--session", name, "--config", scratch.file("gatehouse.yaml"), "--ledger",
                    scratch.file("ledger.jsonl"),
                    "--write", path,
                ])
            #expect(told.exit == .code(0), "\(told.errors)")
            #expect(told.output.contains("capture.pcapng"), "\(told.output)")
            #expect(try run("tar", ["xzf", path, "-C", scratch.path]).exit == .code(0))
            let lines = try Captures.analyze([scratch.file("gatehouse-bundle/capture.pcapng")])
            #expect(lines.filter { $0["event"].text == "session" }.map { $0["session"].text } == [name])
            #expect(scratch.read("gatehouse-bundle/README.txt").contains("capture.pcapng"))
        }

        @Test func `a directory that the configuration names and that isn't there is said, and the rest is written`() throws {
            let scratch = try ScratchFolder()
            let gatehouse = try GatehouseProcess(io: .epoll, upstream: "http://127.0.0.1:1", "", scratch: scratch)
            #expect(try gatehouse.exchange(Upgrade.request()).status == 502)
            let name = try #require(try gatehouse.ledger.wait(for: "session.refused")["session"].text)
            gatehouse.stop()
            let file = try scratch.write(
                "listen: 127.0.0.1:0\nupstream: http://127.0.0.1:1\ncapture: {directory: \(scratch.file("nowhere")), mode: always}\n",
                to: "other.yaml")
            let told = try run(
                Repository.gatehouse,
                [
                    "bundle", "--session", name, "--config", file, "--ledger", scratch.file("ledger.jsonl"), "--write",
                    scratch.file("t.tar.gz"),
                ])
            #expect(told.exit == .code(0), "\(told.errors)")
            #expect(told.errors.contains("nowhere"), "\(told.errors)")
            #expect(told.output.contains("verdict.txt") && !told.output.contains("capture.pcapng"), "\(told.output)")
        }
    }
}
