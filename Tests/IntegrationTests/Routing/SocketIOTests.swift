import Foundation
import Testing

extension Integration {
    /// Real Socket.IO servers that know nothing of each other, real clients that begin with polling and upgrade.
    ///
    /// `GATEHOUSE_SOCKETIO_CONNECTS=1000` makes it as many as the release asks for.
    @Suite struct SocketIOTests {
        private static let connects = ProcessInfo.processInfo.environment["GATEHOUSE_SOCKETIO_CONNECTS"].flatMap { Int($0) } ?? 100

        private static func connect(_ gatehouse: GatehouseProcess, _ count: Int) throws -> JSON {
            let scratch = try ScratchFolder()
            let clients = try ChildProcess(
                Repository.python,
                [
                    Repository.peer("socketio_clients.py"), "http://127.0.0.1:\(gatehouse.port)", "--count", "\(count)",
                    "--together", "10",
                ],
                output: scratch.file("out"), errors: scratch.file("errors"))
            guard clients.waitForExit(within: 120 + Double(count) / 2) == .code(0),
                let told = scratch.read("out").split(separator: "\n").last.flatMap({ try? JSON(parsing: $0) })
            else { throw HarnessFailure("the clients: \(scratch.read("out")) \(scratch.read("errors"))") }
            return told
        }

        @Test(arguments: IOBackend.available)
        func `polling first, then the upgrade, over two servers: no connect fails`(io: IOBackend) throws {
            let a = try Peer(.socketIO, arguments: ["--name", "a"])
            let b = try Peer(.socketIO, arguments: ["--name", "b"])
            let gatehouse = try GatehouseProcess(
                io: io, "clusters: {app: {endpoints: [\(a.url), \(b.url)], affinity: {engine_io: true}}}\ncluster: app", workers: 2)
            let told = try Self.connect(gatehouse, Self.connects)
            let all = Double(Self.connects)
            #expect(told["failed"].number == 0 && told["connected"].number == all, "\(told)")
            #expect(told["upgraded"].number == all && told["answered"].number == all, "\(told)")
            // Both took part, or nothing was shown.
            for name in ["a", "b"] { #expect((told["names"][name].number ?? 0) > all / 5, "\(told)") }
            print("Socket.IO on \(io): \(told)")
        }

        @Test func `without affinity the same clients fail, so that the test above shows something`() throws {
            let a = try Peer(.socketIO, arguments: ["--name", "a"])
            let b = try Peer(.socketIO, arguments: ["--name", "b"])
            let gatehouse = try GatehouseProcess(
                io: .epoll, "clusters: {app: {endpoints: [\(a.url), \(b.url)]}}\ncluster: app")
            #expect(try Self.connect(gatehouse, 10)["failed"].number != 0)
            // Gatehouse saw the sid being given out a moment before: nothing has expired.
            let lines = try gatehouse.ledger.all("http.request") + gatehouse.ledger.all("session.refused")
            let causes = lines.compactMap { $0["verdict"]["cause"].text }
            #expect(causes.contains("session-not-sticky") && !causes.contains("session-expired"), "\(causes)")
        }
    }
}
