import EventLoop
import TestSupport
import Testing
import Wire

@Suite struct ConnectionTests {
    @Test(arguments: EventLoop.Backend.available)
    func `bytes go both ways between a connected and an accepted end`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let socket = try test.listen()
        let (client, server) = try test.pair(socket, owner: 42)
        test.loop.startReceiving(client)
        test.send(client, bytes("hello"))
        try test.run("bytes at the server") { test.log(server).bytes == bytes("hello") }
        test.send(server, bytes("world"))
        try test.run("bytes at the client") { test.log(client).bytes == bytes("world") }
        #expect(test.owners[client] == 42)
        test.loop.setOwner(server, 43)
        test.send(client, bytes("!"))
        try test.run("one more byte") { test.log(server).count == 6 }
        #expect(test.owners[server] == 43)
        #expect(test.loop.peerAddress(client) == socket.address)
        #expect(test.loop.localAddress(client) == test.loop.peerAddress(server))
    }

    @Test(arguments: EventLoop.Backend.available)
    func `bytes that were sent before the connection stood arrive`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let socket = try test.listen()
        let client = try test.loop.connect(to: socket.address, owner: 1)
        test.send(client, bytes("early "))
        test.send(client, bytes("bird"))
        try test.run("the early bytes") { test.accepted.first.map { test.log($0).bytes == bytes("early bird") } ?? false }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a FIN is reported once, after all bytes, and the other way stays open`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let (client, server) = try test.pair(try test.listen())
        test.loop.startReceiving(client)
        test.send(client, bytes("last words"))
        test.loop.finish(client)
        try test.run("the FIN") { test.log(server).finished == 1 }
        #expect(test.log(server).bytes == bytes("last words"))
        #expect(test.log(server).order == "rf")
        test.send(server, bytes("answer"))
        test.loop.close(server, .afterSending)
        try test.run("the answer and its FIN") { test.log(client).finished == 1 }
        #expect(test.log(client).bytes == bytes("answer"))
        test.settle()
        #expect(test.log(server).finished == 1)
        #expect(test.log(client).failures.isEmpty)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `an RST is reported as a failure and not as an end`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let (client, server) = try test.pair(try test.listen())
        test.loop.close(client, .reset)
        try test.run("the RST") { !test.log(server).failures.isEmpty }
        test.settle()
        #expect(test.log(server).failures == [104])
        #expect(test.log(server).finished == 0)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `an RST is reported while receiving is paused`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let (client, server) = try test.pair(try test.listen())
        test.send(client, bytes("x"))
        try test.run("the byte") { test.log(server).count == 1 }
        test.loop.pauseReceiving(server)
        test.settle()
        // Going on and pausing again asks no second time.
        test.loop.startReceiving(server)
        test.settle()
        test.loop.pauseReceiving(server)
        test.settle()
        test.loop.close(client, .reset)
        try test.run("the RST") { !test.log(server).failures.isEmpty }
        test.settle()
        #expect(test.log(server).failures == [104])
        #expect(test.log(server).finished == 0)
        test.loop.close(server, .now)
        try test.run("both slots are free") { test.loop.connectionCount == 0 }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a connection that was paused is closed like any other`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let socket = try test.listen()
        for _ in 0..<3 {
            let (client, server) = try test.pair(socket)
            test.loop.pauseReceiving(server)
            test.loop.pauseReceiving(client)
            test.settle(.milliseconds(5))
            test.loop.close(server, .now)
            test.loop.close(client, .now)
        }
        try test.run("all slots are free") { test.loop.connectionCount == 0 }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `an RST is reported to a side that sends to it after its FIN`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let (client, server) = try test.pair(try test.listen())
        test.loop.finish(client)
        try test.run("the FIN") { test.log(server).finished == 1 }
        test.loop.close(client, .reset)
        test.settle()
        test.send(server, bytes("into the void"))
        try test.run("the failure of the send") { test.log(server).failures.count == 1 }
        test.send(server, bytes("again"))
        test.settle()
        #expect(test.log(server).failures.count == 1)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a refused connection fails with its errno`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let socket = try BoundSocket.bind(SocketAddress(v4: 0x7F00_0001, port: 0), shared: false)
        socket.close()
        do {
            let client = try test.loop.connect(to: socket.address, owner: 1)
            try test.run("the refusal") { test.log(client).failures == [111] }
            #expect(!test.log(client).connected)
        } catch let failure as LoopFailure {
            #expect(failure.errno == 111)
        }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `the name of a former tenant of a slot is refused`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let socket = try test.listen()
        let (old, oldServer) = try test.pair(socket)
        test.loop.close(old, .now)
        test.loop.close(oldServer, .now)
        try test.run("both slots free") { test.loop.connectionCount == 0 }
        let (new, newServer) = try test.pair(socket)
        #expect(Set([new.slot, newServer.slot]) == Set([old.slot, oldServer.slot]))
        #expect(new != old && new != oldServer)
        test.send(old, bytes("stale"))
        test.loop.close(old, .reset)
        test.loop.close(oldServer, .reset)
        test.loop.finish(oldServer)
        test.loop.pauseReceiving(oldServer)
        test.settle()
        #expect(test.log(newServer).bytes.isEmpty)
        #expect(test.log(newServer).order.isEmpty)
        test.send(new, bytes("alive"))
        try test.run("the new tenant's bytes") { test.log(newServer).bytes == bytes("alive") }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `nothing is reported of a connection that was closed here`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let (client, server) = try test.pair(try test.listen())
        test.send(client, bytes("x"))
        test.loop.close(server, .now)
        let before = test.log(server).order
        test.settle()
        #expect(test.log(server).order == before)
        test.loop.close(client, .now)
        try test.run("no connections left") { test.loop.connectionCount == 0 }
        #expect(test.loop.buffersInUse == 0)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `close after sending sends everything first`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let (client, server) = try test.pair(try test.listen())
        let payload = [UInt8](repeating: 0x61, count: 3 << 20)
        test.send(client, payload)
        test.loop.close(client, .afterSending)
        try test.run("all bytes and the FIN") { test.log(server).finished == 1 }
        #expect(test.log(server).count == payload.count)
        #expect(test.log(server).failures.isEmpty)
    }

    @Test(arguments: EventLoop.Backend.available)
    func `notifyWhenSent reports drained at once when nothing is queued, and else after it`(
        _ backend: EventLoop.Backend
    ) throws {
        let test = try LoopHarness(backend)
        let (client, server) = try test.pair(try test.listen())
        test.loop.notifyWhenSent(client)
        try test.run("drained of an empty queue") { test.log(client).drained == 1 }
        test.send(client, bytes("x"))
        test.loop.notifyWhenSent(client)
        try test.run("drained after the send") { test.log(client).drained == 2 && test.log(server).count == 1 }
    }

    @Test(arguments: EventLoop.Backend.available)
    func `a listener that was stopped accepts no more`(_ backend: EventLoop.Backend) throws {
        let test = try LoopHarness(backend)
        let socket = try test.listen()
        _ = try test.pair(socket)
        test.loop.stopListening(tag: 1)
        test.settle()
        if let client = try? test.loop.connect(to: socket.address, owner: 1) {
            try test.run("a refusal") { test.log(client).failures == [111] }
        }
        #expect(test.accepted.count == 1)
    }
}
