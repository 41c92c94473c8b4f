import Glibc
import Testing

extension Integration {
    /// A peer that vanishes without FIN: its network is there no more, and what is sent to it is never acknowledged.
    @Suite struct PulledCableTests {
        /// Opens a session to Gatehouse and says nothing more.
        private static let client = """
            import socket, sys, time
            s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
            s.sendall(sys.argv[3].encode().decode("unicode_escape").encode())
            s.recv(4096)
            time.sleep(60)
            """

        @Test(
            .enabled(if: NetworkCable.obstacle == nil, Comment(rawValue: NetworkCable.obstacle ?? "")),
            arguments: IOBackend.available)
        func `it is noticed at interval and timeout, and the other side is told`(io: IOBackend) throws {
            let cable = try NetworkCable()
            let backend = try RawBackend()
            let scratch = try ScratchFolder()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: backend.url,
                "listen: \(NetworkCable.address):0\nheartbeat: {interval: 2s, timeout: 1s, sides: [client]}")
            let request = Upgrade.request().replacing("\r\n", with: "\\r\\n")
            let client = try cable.run(
                Repository.python, ["-c", Self.client, NetworkCable.address, "\(gatehouse.port)", request],
                output: scratch.file("out"), errors: scratch.file("errors"))
            let upstream = try backend.accept()
            _ = try upstream.readHead()
            try upstream.send(Upgrade.response())
            _ = try gatehouse.ledger.wait(for: "session.opened")
            try cable.pull()
            let pulled = ContinuousClock.now
            let close = try upstream.readFrame()
            let took = pulled.duration(to: .now)
            #expect(close.closeCode == 1001)
            #expect(took > .seconds(2) && took < .seconds(4), "\(took)")
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["downstream"]["end"].text == "timeout:heartbeat", "\(line)")
            #expect(line["verdict"]["cause"].text == "client-ignores-pings")
            client.send(SIGKILL)
            upstream.close()
        }

        @Test(
            .enabled(if: NetworkCable.obstacle == nil, Comment(rawValue: NetworkCable.obstacle ?? "")),
            arguments: IOBackend.available)
        func `so it is while bytes for it wait to be acknowledged`(io: IOBackend) throws {
            let cable = try NetworkCable()
            let backend = try RawBackend()
            let scratch = try ScratchFolder()
            let gatehouse = try GatehouseProcess(
                io: io, upstream: backend.url,
                "listen: \(NetworkCable.address):0\nheartbeat: {interval: 2s, timeout: 1s, sides: [client]}")
            let request = Upgrade.request().replacing("\r\n", with: "\\r\\n")
            let client = try cable.run(
                Repository.python, ["-c", Self.client, NetworkCable.address, "\(gatehouse.port)", request],
                output: scratch.file("out"), errors: scratch.file("errors"))
            let upstream = try backend.accept()
            _ = try upstream.readHead()
            try upstream.send(Upgrade.response())
            _ = try gatehouse.ledger.wait(for: "session.opened")
            try cable.pull()
            let pulled = ContinuousClock.now
            // The backend goes on talking: what goes to a side proves nothing of it.
            while pulled.duration(to: .now) < .seconds(6), !upstream.hasInput(within: 0.1) {
                try upstream.send(Frame.text("tick"))
            }
            let took = pulled.duration(to: .now)
            #expect(try upstream.readFrame().closeCode == 1001)
            #expect(took > .seconds(2) && took < .seconds(4), "\(took)")
            client.send(SIGKILL)
        }
    }
}
