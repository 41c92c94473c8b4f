import Glibc
import Testing

extension Integration {
    /// Pings of Gatehouse's own: they keep a session, find out who is gone, and nobody else sees them.
    @Suite struct HeartbeatTests {
        private func gatehouse(
            _ io: IOBackend, _ origin: RawBackend, _ heartbeat: String, _ more: String = ""
        ) throws -> GatehouseProcess {
            try GatehouseProcess(io: io, upstream: origin.url, "heartbeat: \(heartbeat)\n\(more)")
        }

        /// Closes a session from both ends.
        private func finish(_ session: RawSession) throws {
            try session.backend.send(Frame.close(1000))
            try session.client.send(Frame.close(1000, masked: true))
            session.backend.finishSending()
        }

        @Test(arguments: IOBackend.available)
        func `a silent client is pinged, and its pong stays here`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{interval: 300ms, timeout: 20s, sides: [client]}")
            let session = try RawSession(through: gatehouse, to: origin)
            let ping = try session.client.readFrame()
            #expect(ping.opcode == 9 && ping.final && ping.payload.count == 8)
            let text = Frame.text("a", masked: true)
            let own = Frame.pong("8 bytes!", masked: true)
            let pong = Frame.frame(0xA, ping.payload, masked: true)
            try session.client.send(text + own + pong + Frame.ping("mine", masked: true) + text)
            #expect(
                try session.backend.read(2 * text.count + own.count + 10) == text + own + Frame.ping("mine", masked: true) + text)
            // The same pong once more answers nothing of ours.
            try session.client.send(pong + text)
            #expect(try session.backend.read(pong.count + text.count) == pong + text)
            let next = try session.client.readFrame()
            #expect(next.opcode == 9 && next.payload.count == 8 && next.payload != ping.payload)
            let admin = try gatehouse.admin("/api/sessions").text
            #expect(admin.contains("\"downstream_heartbeat\":{\"pings\":2,\"pongs\":1,\"rtt_last_ms\":"), "\(admin)")
            #expect(!admin.contains("upstream_heartbeat"))
            try finish(session)
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["downstream"]["heartbeat"]["pings"].integer == 2)
            #expect(line["downstream"]["heartbeat"]["pongs"].integer == 1)
            for key in ["rtt_last_ms", "rtt_median_ms", "rtt_max_ms"] {
                #expect(!line["downstream"]["heartbeat"][key].isNull, "\(line)")
            }
            #expect(line["upstream"]["heartbeat"].isNull)
            #expect(line["downstream"]["frames"]["pong"].integer == 2, "ours is not among what was relayed")
            let metrics = try gatehouse.admin("/metrics").text
            #expect(metrics.contains("gatehouse_heartbeats_total{side=\"downstream\"} 2\n"), "\(metrics)")
            #expect(metrics.contains("gatehouse_heartbeat_rtt_seconds_count{side=\"downstream\"} 1\n"))
        }

        @Test(arguments: IOBackend.available)
        func `a silent backend is pinged masked, and its pong is found in pieces`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{interval: 300ms, timeout: 20s, sides: [upstream]}")
            let session = try RawSession(through: gatehouse, to: origin)
            let head = try session.backend.read(14)
            #expect(head[0] == 0x89 && head[1] == 0x88)
            let payload = (0..<8).map { head[6 + $0] ^ head[2 + $0 % 4] }
            let start = Frame.frame(0x1, Array("frag".utf8), final: false)
            let end = Frame.frame(0x0, Array("ment".utf8))
            let stream = start + Frame.frame(0xA, payload) + end
            for byte in stream { try session.backend.send([byte]) }
            #expect(try session.client.read(start.count + end.count) == start + end)
            try finish(session)
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["upstream"]["heartbeat"]["pongs"].integer == 1)
            #expect(line["upstream"]["frames"]["pong"].integer == 0)
            #expect(line["upstream"]["fault"].isNull)
        }

        @Test(arguments: IOBackend.available)
        func `a ping waits for the end of the frame that is under way, and stands between fragments`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{interval: 300ms, timeout: 20s, sides: [client]}")
            let session = try RawSession(through: gatehouse, to: origin)
            let first = Frame.frame(0x1, Array("the first fragment of two".utf8), final: false)
            let second = Frame.frame(0x0, Array("and the last".utf8))
            try session.backend.send(Array(first[..<9]))
            #expect(try session.client.read(9) == Array(first[..<9]))
            #expect(try session.client.isSilent(for: 0.8), "something came in the middle of a frame")
            try session.backend.send(Array(first[9...]) + second)
            #expect(try session.client.read(first.count - 9) == Array(first[9...]))
            let ping = try session.client.readFrame()
            #expect(ping.opcode == 9 && ping.payload.count == 8)
            #expect(try session.client.read(second.count) == second)
            try session.client.send(Frame.frame(0xA, ping.payload, masked: true))
            try finish(session)
            #expect(try gatehouse.ledger.wait(for: "session.closed")["downstream"]["heartbeat"]["pongs"].integer == 1)
        }

        @Test(arguments: IOBackend.available, [false, true])
        func `a client that is gone ends the session, and the backend is told`(io: IOBackend, enforce: Bool) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(
                io, origin, "{interval: 500ms, timeout: 500ms, sides: [client]}", "websocket: {enforce: \(enforce)}")
            let session = try RawSession(through: gatehouse, to: origin)
            #expect(try session.client.readFrame().opcode == 9)
            let close = try session.backend.readFrame()
            #expect(close.closeCode == 1001)
            #expect(try session.client.readToEnd() == [])
            #expect(session.client.end == .reset)
            try session.backend.send(Frame.close(1001))
            session.backend.finishSending()
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["first"].text == "gatehouse")
            #expect(line["downstream"]["end"].text == "timeout:heartbeat")
            #expect(line["verdict"]["cause"].text == "client-ignores-pings", "\(line)")
            #expect(line["order"].texts.first == "downstream.timeout")
            let metrics = try gatehouse.admin("/metrics").text
            #expect(metrics.contains("gatehouse_heartbeats_unanswered_total{side=\"downstream\"} 1\n"))
            #expect(metrics.contains("gatehouse_timeouts_total{timeout=\"heartbeat\"} 1\n"))
        }

        @Test(arguments: IOBackend.available)
        func `a client that only stopped speaking hears the backend to its end, however long it speaks`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{interval: 200ms, timeout: 200ms, sides: [upstream]}")
            let session = try RawSession(through: gatehouse, to: origin)
            session.client.finishSending()
            let text = Frame.text("still here")
            for _ in 0..<12 {
                try session.backend.send(text)
                #expect(try session.client.read(text.count) == text)
                #expect(try session.client.isSilent(for: 0.1))
            }
            session.backend.finishSending()
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["upstream"]["end"].text == "fin" && line["downstream"]["end"].text == "fin", "\(line)")
        }

        @Test(arguments: IOBackend.available)
        func `a backend that is gone ends the session, and the client is told`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{interval: 500ms, timeout: 500ms, sides: [upstream]}")
            let session = try RawSession(through: gatehouse, to: origin)
            let close = try session.client.readFrame()
            #expect(close.closeCode == 1011 && close.closeReason == "the other side stopped answering")
            try session.client.send(Frame.close(1011, masked: true))
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["upstream"]["end"].text == "timeout:heartbeat")
            #expect(line["downstream"]["close_code_sent"].integer == 1011)
            #expect(line["verdict"]["cause"].text == "server-ignores-pings", "\(line)")
        }

        @Test(arguments: IOBackend.available)
        func `who dies in the middle of a frame leaves no place for a close`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{interval: 400ms, timeout: 400ms, sides: [upstream]}")
            let session = try RawSession(through: gatehouse, to: origin)
            let frame = Frame.text("cut in the middle")
            try session.backend.send(Array(frame[..<8]))
            #expect(try session.client.readToEnd() == Array(frame[..<8]))
            #expect(session.client.end == .reset)
            #expect(try gatehouse.ledger.wait(for: "session.closed")["upstream"]["end"].text == "timeout:heartbeat")
        }

        @Test(arguments: IOBackend.available)
        func `traffic postpones pings, whoever is asked`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{interval: 2s, timeout: 2s}")
            let session = try RawSession(through: gatehouse, to: origin)
            let (up, down) = (Frame.text("up", masked: true), Frame.text("down"))
            for _ in 0..<20 {
                try session.client.send(up)
                #expect(try session.backend.read(up.count) == up)
                try session.backend.send(down)
                #expect(try session.client.read(down.count) == down)
                #expect(try session.client.isSilent(for: 0.2))
            }
            try finish(session)
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["downstream"]["heartbeat"].isNull && line["upstream"]["heartbeat"].isNull)
        }

        @Test(arguments: [Peer.Kind.websockets, .node, .aiohttp, .uvicornWebsockets], IOBackend.available)
        func `real peers answer, and never see a pong of the other side`(server: Peer.Kind, io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(server).url, "heartbeat: {interval: 400ms, timeout: 10s}")
            for client in PeerClient.allCases {
                let told = try client.run("ws://127.0.0.1:\(gatehouse.port)/echo", ["--do", "idle", "--seconds", "2"])
                #expect(told["result"].text == "still here", "\(client): \(told)")
                #expect(told["code"].integer == (server == .aiohttp ? 1000 : 4000), "\(client): \(told)")
            }
            for line in try gatehouse.ledger.wait(forAll: 2, "session.closed") {
                for side in ["downstream", "upstream"] {
                    let heartbeat = line[side]["heartbeat"]
                    #expect((heartbeat["pings"].integer ?? 0) >= 3, "\(line)")
                    #expect((heartbeat["pongs"].integer ?? 0) >= (heartbeat["pings"].integer ?? 0) - 1)
                    #expect(line[side]["frames"]["pong"].integer == 0 && line[side]["frames"]["ping"].integer == 0)
                }
            }
        }

        @Test(arguments: IOBackend.available)
        func `a backend that stops running is noticed at interval and timeout`(io: IOBackend) throws {
            let peer = try Peer(.node)
            let gatehouse = try GatehouseProcess(
                io: io, upstream: peer.url, "heartbeat: {interval: 2s, timeout: 1s, sides: [upstream]}")
            let client = try gatehouse.connect()
            try client.send(Upgrade.request("/echo"))
            _ = try client.readHead()
            let text = Frame.text("alive", masked: true)
            try client.send(text)
            #expect(try client.readFrame().text == "alive")
            peer.child.send(SIGSTOP)
            let began = ContinuousClock.now
            let close = try client.readFrame()
            let took = ContinuousClock.now - began
            peer.child.send(SIGCONT)
            #expect(close.closeCode == 1011)
            #expect(took > .seconds(2) && took < .seconds(4), "\(took)")
        }

        @Test(arguments: IOBackend.available)
        func `a client whose application beats by itself isn't beaten twice, and one whose beat stays out is asked`(io: IOBackend)
            throws
        {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{interval: 4s, timeout: 30s, sides: [client]}")
            func open(_ target: String, _ subprotocol: String? = nil) throws -> RawSession {
                guard let subprotocol else {
                    return try RawSession(through: gatehouse, to: origin, request: Upgrade.request(target))
                }
                return try RawSession(
                    through: gatehouse, to: origin,
                    request: Upgrade.request(target, with: ("Sec-WebSocket-Protocol", subprotocol)),
                    response: Upgrade.response("Sec-WebSocket-Protocol: \(subprotocol)"))
            }
            // Nobody beats on the client's side here: asked as usual, within 4 s and a step of the grid.
            let asked = [
                try open("/ws"), try open("/echo/123/abcdefgh/websocket"), try open("/cable", "actioncable-v1-json"),
                try open("/graphql", "graphql-ws"),
            ]
            // Here the client's own beat may come up to 5 s after its last.
            let beating = [
                try open("/socket.io/?EIO=4&transport=websocket"), try open("/socket/websocket?vsn=2.0.0"),
                try open("/graphql", "graphql-transport-ws"),
            ]
            for session in asked { #expect(try session.client.readFrame().opcode == 9) }
            for session in beating { #expect(try session.client.isSilent(for: 0)) }
            let beat = Frame.text("2", masked: true)
            for session in beating { try session.client.send(beat) }
            for session in beating { #expect(try session.backend.read(beat.count) == beat) }
            // The beat that comes every 4.2 s would have been a ping each time.
            for session in beating { #expect(try session.client.isSilent(for: session.client === beating[0].client ? 4.2 : 0)) }
            // Now it stays out.
            for session in beating { #expect(try session.client.readFrame().opcode == 9) }
        }

        @Test(arguments: IOBackend.available)
        func `auto gets shorter where sessions die of less silence`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{interval: auto}")
            let sessions = try (0..<3).map { _ in try RawSession(through: gatehouse, to: origin) }
            #expect(try sessions[0].client.isSilent(for: 2.3))
            for session in sessions { session.backend.finishSending() }
            for session in sessions { session.client.close() }
            let line = try gatehouse.ledger.wait(for: "heartbeat.learnt")
            #expect(line["sessions"].integer == 3)
            #expect(line["before_ms"].description.hasPrefix("25000"), "\(line)")
            let session = try RawSession(through: gatehouse, to: origin)
            #expect(try session.client.readFrame().opcode == 9, "a ping, long before 25 s")
        }
    }
}
