import TestSupport
import Testing

extension Integration {
    /// After the 101: bytes received are bytes sent, and an end is carried across as what it was.
    @Suite struct RelayTests {
        /// Frames of every kind, whole and fragmented, with different masking keys, as one stream.
        private static func stream(masked: Bool, seed: UInt64) -> [UInt8] {
            var random = SplitMix64(seed: seed)
            func payload(_ size: Int) -> [UInt8] { (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
            func key() -> [UInt8] { payload(4) }
            var bytes: [UInt8] = []
            for size in [0, 1, 125, 126, 127, 65_535, 65_536, 300_000] {
                bytes += Frame.frame(0x2, payload(size), masked: masked, key: key())
                bytes += Frame.frame(0x9, payload(size % 126), masked: masked, key: key())
                bytes += Frame.frame(0x2, payload(size / 3), final: false, masked: masked, key: key())
                bytes += Frame.frame(0xA, payload(7), masked: masked, key: key())
                bytes += Frame.frame(0x0, payload(size / 2), final: false, masked: masked, key: key())
                bytes += Frame.frame(0x0, [], masked: masked, key: [0, 0, 0, 0])
            }
            return bytes + Frame.text("snö ☃", masked: masked)
        }

        @Test(arguments: IOBackend.available)
        func `what one end sends is byte for byte what the other gets, both ways at once`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let up = Self.stream(masked: true, seed: 1)
            let down = Self.stream(masked: false, seed: 2)
            var random = SplitMix64(seed: 3)
            var sentUp = 0
            var sentDown = 0
            var gotUp: [UInt8] = []
            var gotDown: [UInt8] = []
            while sentUp < up.count || sentDown < down.count {
                let nextUp = min(up.count, sentUp + Int(random.next() % 20_000) + 1)
                try session.client.send(Array(up[sentUp..<nextUp]))
                let nextDown = min(down.count, sentDown + Int(random.next() % 20_000) + 1)
                try session.backend.send(Array(down[sentDown..<nextDown]))
                gotUp += try session.backend.read(nextUp - sentUp)
                gotDown += try session.client.read(nextDown - sentDown)
                (sentUp, sentDown) = (nextUp, nextDown)
            }
            #expect(gotUp == up)
            #expect(gotDown == down)
            try session.client.send(Frame.close(1000, masked: true))
            _ = try session.backend.readFrame()
            try session.backend.send(Frame.close(1000))
            _ = try session.client.readFrame()
            session.backend.finishSending()
            session.client.finishSending()
            let line = try forwarding.gatehouse.ledger.wait(for: "session.closed")
            #expect(line["downstream"]["bytes"].integer == up.count + 8)
            #expect(line["upstream"]["bytes"].integer == down.count + 4)
            #expect(line["downstream"]["messages"]["binary"].integer == 16)
            #expect(line["downstream"]["messages"]["text"].integer == 1)
            #expect(line["downstream"]["frames"]["ping"].integer == 8)
            #expect(line["upstream"]["frames"]["continuation"].integer == 16)
            #expect(line["downstream"]["fault"].isNull && line["upstream"]["fault"].isNull)
        }

        @Test(arguments: IOBackend.available)
        func `a stream one byte at a time is the same stream`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let bytes = Frame.text("one byte at a time", masked: true) + Frame.ping("p", masked: true)
            for byte in bytes { try session.client.send([byte]) }
            #expect(try session.backend.read(bytes.count) == bytes)
        }

        @Test(arguments: IOBackend.available)
        func `what breaks the rules passes as it is, and is said in the ledger`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let broken = Frame.text("unmasked from a client") + bytes(0xF3, 0x05, "hello", 0x00, 0xFF)
            try session.client.send(broken)
            #expect(try session.backend.read(broken.count) == broken)
            let reply = Frame.frame(0x3, [1, 2, 3], reserved: 7, masked: true)
            try session.backend.send(reply)
            #expect(try session.client.read(reply.count) == reply)
            session.client.close()
            _ = try session.backend.readToEnd()
            session.backend.close()
            let line = try forwarding.gatehouse.ledger.wait(for: "session.closed")
            #expect(line["downstream"]["fault"]["name"].text == "unmasked-from-client")
            #expect(line["downstream"]["fault"]["offset"].integer == 0)
            #expect(!line["upstream"]["fault"].isNull)
        }

        @Test(arguments: IOBackend.available)
        func `a close handshake is recorded with codes, reasons and order`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            try session.backend.send(Frame.close(4401, "token expired"))
            #expect(try session.client.readFrame().closeReason == "token expired")
            try session.client.send(Frame.close(4401, masked: true))
            #expect(try session.backend.readFrame().closeCode == 4401)
            session.backend.finishSending()
            #expect(try session.client.readToEnd() == [])
            session.client.finishSending()
            let line = try forwarding.gatehouse.ledger.wait(for: "session.closed")
            #expect(line["first"].text == "upstream")
            #expect(line["upstream"]["close_code"].integer == 4401)
            #expect(line["upstream"]["close_reason"].text == "token expired")
            #expect(line["downstream"]["close_code"].integer == 4401)
            let order = line["order"].texts
            #expect(order.first == "upstream.close_frame 4401")
            #expect(order.firstIndex(of: "downstream.close_frame 4401") == 1, "\(order)")
            #expect(order.contains("upstream.fin"))
            #expect(line["verdict"]["cause"].text == "token-expired", "\(line["verdict"])")
        }

        @Test(arguments: IOBackend.available)
        func `FIN of one side is FIN for the other, which may still finish`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let last = Frame.text("last words", masked: true)
            try session.client.send(last)
            session.client.finishSending()
            #expect(try session.backend.readToEnd() == last)
            #expect(session.backend.end == .fin)
            try session.backend.send(Frame.text("still here"))
            #expect(try session.client.readFrame().text == "still here")
            session.backend.finishSending()
            #expect(try session.client.readToEnd() == [])
            #expect(session.client.end == .fin)
            let line = try forwarding.gatehouse.ledger.wait(for: "session.closed")
            #expect(line["first"].text == "downstream")
            #expect(line["downstream"]["end"].text == "fin")
            #expect(line["upstream"]["end"].text == "fin")
        }

        @Test(arguments: IOBackend.available)
        func `RST of one side is RST for the other, after what came before it`(io: IOBackend) throws {
            for clientFirst in [true, false] {
                let forwarding = try Forwarding(io: io)
                let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
                let (first, other) = clientFirst ? (session.client, session.backend) : (session.backend, session.client)
                let words = Frame.text("before the cut", masked: clientFirst)
                try first.send(words)
                #expect(try other.read(words.count) == words)
                first.reset()
                _ = try other.readToEnd()
                #expect(other.end == .reset, "\(clientFirst ? "client" : "backend") first")
                let line = try forwarding.gatehouse.ledger.wait(for: "session.closed")
                let side = clientFirst ? "downstream" : "upstream"
                #expect(line["first"].text == side)
                #expect(line[side]["end"].text == "rst")
                #expect(line["order"].texts.first == "\(side).rst")
                #expect(clientFirst || !line["verdict"]["cause"].isNull, "a backend's RST has a cause")
            }
        }

        @Test(arguments: IOBackend.available)
        func `a backend that vanishes within a frame takes the client's connection along`(io: IOBackend) throws {
            let peer = try Peer(.misbehavingOrigin)
            let gatehouse = try GatehouseProcess(io: io, upstream: peer.url)
            for behaviour in ["torn-frame-fin", "torn-frame-reset"] {
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/\(behaviour)"))
                #expect(Response.status(of: try client.readHead()) == 101)
                #expect(try client.read(104).count == 104)
                if behaviour == "torn-frame-reset" { try client.send([0x89]) }
                #expect(try client.readToEnd() == [])
                #expect(client.end == (behaviour == "torn-frame-reset" ? .reset : .fin))
                client.close()
            }
            let held = try gatehouse.connect()
            try held.send(Upgrade.request("/right"))
            #expect(Response.status(of: try held.readHead()) == 101)
            peer.child.send(9)
            #expect(try held.readToEnd() == [])
            held.close()
            let lines = try gatehouse.ledger.wait(forAll: 3, "session.closed")
            #expect(lines.allSatisfy { $0["first"].text == "upstream" })
            // One FIN doesn't say whether the handler or the process died; both must be named, one as the alternative.
            let verdict = lines[2]["verdict"]
            let named = [verdict["cause"].text] + verdict["alternatives"].elements.map { $0["cause"].text }
            #expect(named.contains("server-crashed"), "\(verdict)")
            // The next one is told so, and the process is fine.
            #expect(try gatehouse.exchange(Upgrade.request("/right")).status == 502)
        }

        @Test(arguments: IOBackend.available)
        func `an HTTP response inside the tunnel passes and is recognised`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.misbehavingOrigin).url)
            let client = try gatehouse.connect()
            try client.send(Upgrade.request("/http-after-101"))
            #expect(Response.status(of: try client.readHead()) == 101)
            #expect(try client.readHead().hasPrefix("HTTP/1.1 500"))
            client.close()
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["verdict"]["cause"].text == "bytes-not-frames")
        }

        @Test(arguments: IOBackend.available)
        func `a side that doesn't read holds the other back, and memory stays`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.websockets).url)
            _ = try gatehouse.exchange(Upgrade.request("/origin"))
            let before = gatehouse.child.residentMemory
            let told = try PeerClient.misbehave("never-reads", port: gatehouse.port, seconds: 20)
            #expect(told["status"].integer == 101)
            #expect(told["outcome"].text == "held back", "\(told)")
            // All receive buffers of its one worker (Docs/Memory.md): on a busy machine one turn may bring what fills a good part of them, before the
            // pause takes hold. Without one it would be the hundreds of megabytes that the client is ready to send.
            #expect(gatehouse.child.residentMemory - before < 80 << 20)
        }

        @Test(arguments: IOBackend.available)
        func `a session that is silent for the idle timeout ends, and the ledger names the timer`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "timeouts: {idle: 300ms}")
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            _ = try session.client.readToEnd()
            _ = try session.backend.readToEnd()
            let line = try forwarding.gatehouse.ledger.wait(for: "session.closed")
            #expect(line["first"].text == "gatehouse")
            #expect(
                line["downstream"]["end"].text == "timeout:idle" || line["upstream"]["end"].text == "timeout:idle",
                "\(line)")
            #expect((line["downstream"]["idle_ms"].number ?? 0) >= 250)
        }

        @Test(arguments: IOBackend.available)
        func `a side that takes nothing for the write timeout ends the session, and the ledger names it`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "timeouts: {write: 300ms}")
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let block = Frame.binary([UInt8](repeating: 7, count: 1 << 20))
            let isCut = try holds {
                do { return try session.backend.sendWhatFits(block, within: 0.1) < 0 } catch is HarnessFailure { return true }
            }
            #expect(isCut, "the backend can send for ever")
            let line = try forwarding.gatehouse.ledger.wait(for: "session.closed")
            #expect(line["first"].text == "gatehouse")
            #expect(line["downstream"]["end"].text == "timeout:write", "\(line)")
        }

        @Test(arguments: IOBackend.available)
        func `an RST is carried across while the other side doesn't read`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let block = Frame.binary([UInt8](repeating: 7, count: 1 << 20))
            var sent = block.count
            while sent == block.count { sent = try session.backend.sendWhatFits(block, within: 0.3) }
            // The client takes nothing, so nothing is received from the backend, whose RST counts all the same.
            session.backend.reset()
            let isSeen = try holds {
                _ = try session.client.receive()
                return try !forwarding.gatehouse.ledger.all("session.closed").isEmpty
            }
            #expect(isSeen)
            let line = try forwarding.gatehouse.ledger.wait(for: "session.closed")
            #expect(line["upstream"]["end"].text == "rst", "\(line)")
        }

        @Test(arguments: IOBackend.available)
        func `resets by the hundred leave nothing behind`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.websockets).url)
            _ = try gatehouse.exchange(Upgrade.request("/origin"))
            _ = try gatehouse.ledger.wait(for: "session.refused")
            let before = gatehouse.child.openDescriptors
            _ = try PeerClient.misbehave("resets", port: gatehouse.port, count: 300)
            _ = try gatehouse.ledger.wait(forAll: 300, "session.closed", within: 20)
            #expect(
                holds { gatehouse.child.openDescriptors <= before + 2 },
                "\(gatehouse.child.openDescriptors) descriptors, \(before) before")
        }
    }
}
