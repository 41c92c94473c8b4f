import Glibc
import Testing

extension Integration {
    /// Where clients belong is known to the new process of a hot restart as well.
    @Suite struct InheritedAffinityTests {
        private let scratch: ScratchFolder
        private let backends: Backends

        init() throws {
            scratch = try ScratchFolder()
            backends = try Backends(3)
        }

        private func gatehouse(_ io: IOBackend, _ affinity: String) throws -> GatehouseProcess {
            try GatehouseProcess(
                io: io,
                backends.cluster("affinity: \(affinity)")
                    + "restart: {socket: \(scratch.file("control"))}\ndrain: {window: 2s, timeout: 8s}", workers: 2)
        }

        private static let path = "/socket.io/?EIO=4&transport="

        private static func packet(_ sid: String) -> String {
            #"0{"sid":"\#(sid)","upgrades":["websocket"],"pingInterval":25000}"#
        }

        private func bindings(_ gatehouse: GatehouseProcess) throws -> Int? {
            try JSON(parsing: try gatehouse.admin("/api/endpoints").text)["clusters"].elements.first?["bindings"].integer
        }

        @Test(arguments: IOBackend.available)
        func `the next poll and the upgrade of an Engine.IO session reach its endpoint through the new process`(io: IOBackend)
            throws
        {
            let old = try gatehouse(io, "{engine_io: true}")
            var homes: [(sid: String, index: Int)] = []
            for number in 0..<9 {
                let sid = "lv_VI97HAXpY6yYWAAA\(number)"
                homes.append((sid, try backends.exchange(old, Self.path + "polling", body: Self.packet(sid)).index))
            }
            #expect(Set(homes.map(\.index)).count == 3)
            // Accepted by the old process: it will open a session there when the new one serves already.
            let early = try old.connect()
            try early.send("GET \(Self.path)poll")
            let new = try gatehouse(io, "{engine_io: true}")
            _ = try new.ledger.wait(for: "restart.taken_over")
            #expect(try bindings(new) == 9)
            for (sid, index) in homes {
                #expect(try backends.exchange(new, Self.path + "polling&sid=\(sid)", body: "6").index == index)
                #expect(try backends.session(new, Self.path + "websocket&sid=\(sid)").index == index)
            }
            for line in try new.ledger.wait(forAll: 9, "http.request") { #expect(line["affinity"]["outcome"].text == "kept") }
            try early.send("ing HTTP/1.1\r\nHost: app.example\r\n\r\n")
            let (index, connection) = try backends.next()
            _ = try connection.readHead()
            let body = Self.packet("late")
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try early.readResponse().text == body)
            #expect(try holds(within: 5) { try bindings(new) == 10 }, "what the old one learns while it drains is told as well")
            #expect(try backends.exchange(new, Self.path + "polling&sid=late", body: "6").index == index)
            #expect(try old.ledger.all("restart.failed").isEmpty)
            #expect(old.child.waitForExit(within: 15) == .code(0))
            #expect(try backends.exchange(new, Self.path + "polling&sid=late", body: "6").index == index)
        }

        @Test func `a cookie of the application's leads to the endpoint that set it, in the third process as well`() throws {
            let io = IOBackend.available[0]
            let first = try gatehouse(io, "{application_cookie: sessionid}")
            var homes: [(name: String, index: Int)] = []
            for name in ["one", "two", "three", "four"] {
                homes.append((name, try backends.exchange(first, answer: ["Set-Cookie: sessionid=\(name)"]).index))
            }
            let second = try gatehouse(io, "{application_cookie: sessionid}")
            _ = try second.ledger.wait(for: "restart.taken_over")
            let third = try gatehouse(io, "{application_cookie: sessionid}")
            _ = try third.ledger.wait(for: "restart.taken_over")
            for (name, index) in homes {
                #expect(try backends.exchange(third, fields: [("Cookie", "sessionid=\(name)")]).index == index)
            }
            // A process that learns in another way has no use for them, and starts all the same.
            let other = try gatehouse(io, "{engine_io: true}")
            _ = try other.ledger.wait(for: "restart.taken_over")
            #expect(try bindings(other) == 0)
        }

        @Test(arguments: IOBackend.available)
        func `a signed cookie holds in the new process where the configuration has the keys`(io: IOBackend) throws {
            let rule = "{cookie: {name: g, keys: [0123456789abcdef0123456789abcdef]}}"
            let old = try gatehouse(io, rule)
            let first = try backends.exchange(old)
            let cookie = try #require(first.response.cookie("g"))
            let new = try gatehouse(io, rule)
            _ = try new.ledger.wait(for: "restart.taken_over")
            for number in 1...4 {
                let next = try backends.exchange(new, fields: [("Cookie", cookie)])
                #expect(next.index == first.index && next.response.field("Set-Cookie") == nil)
                #expect(try new.ledger.wait(forAll: number, "http.request")[number - 1]["affinity"]["outcome"].text == "kept")
            }
        }

        @Test(arguments: ["mute", "gone"])
        func `a running process that doesn't tell what it learnt is followed without that`(mode: String) throws {
            let peer = try ChildProcess(
                Repository.python, [Repository.peer("restart_peer.py"), "pretend", scratch.file("control"), mode],
                output: scratch.file("out"), errors: scratch.file("errors"))
            let port = try eventually {
                try scratch.read("out").split(separator: "\n").first.flatMap { try JSON(parsing: $0)["port"].integer }
            }
            let gatehouse = try GatehouseProcess(
                io: .epoll,
                backends.cluster("affinity: {engine_io: true}")
                    + "restart: {socket: \(scratch.file("control"))}\nlisten: 127.0.0.1:\(try #require(port))")
            #expect(Int(gatehouse.port) == port)
            #expect(try gatehouse.ledger.wait(for: "restart.taken_over")["predecessor_gone"].bool == (mode == "gone"))
            #expect(try bindings(gatehouse) == 0)
            #expect(try backends.exchange(gatehouse).response.status == 200)
            #expect(peer.waitForExit(within: 15) == .code(0), "\(scratch.read("errors"))")
        }
    }
}
