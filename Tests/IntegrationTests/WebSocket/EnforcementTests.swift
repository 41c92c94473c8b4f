import TestSupport
import Testing

extension Integration {
    /// `websocket.enforce: true`: a breach ends the session with its code, after everything valid before it was delivered.
    @Suite struct EnforcementTests {
        private static let configuration = "websocket: {enforce: true, message_limit: 64KiB}\ntimeouts: {closing: 1s}"

        /// What a client sends, and the close code that it gets.
        static let breaches: [(what: String, bytes: [UInt8], code: Int)] = [
            ("unmasked", Frame.text("hello"), 1002),
            ("reserved opcode", Frame.frame(0x3, [], masked: true), 1002),
            ("reserved control opcode", Frame.frame(0xB, [], masked: true), 1002),
            ("reserved bits", Frame.frame(0x1, [], reserved: 2, masked: true), 1002),
            ("RSV1 without an extension", Frame.frame(0x1, [], reserved: 4, masked: true), 1002),
            ("fragmented ping", Frame.frame(0x9, [], final: false, masked: true), 1002),
            ("ping of 126 bytes", Frame.frame(0x9, [UInt8](repeating: 0, count: 126), masked: true), 1002),
            ("continuation without start", Frame.frame(0x0, [], masked: true), 1002),
            (
                "data inside a message",
                Frame.frame(0x1, [], final: false, masked: true) + Frame.text("x", masked: true), 1002
            ),
            ("length of 2^63", [0x82, 0xFF, 0x80] + [UInt8](repeating: 0, count: 7) + Frame.maskingKey, 1002),
            ("length in too long a form", [0x82, 0xFE, 0, 5] + Frame.maskingKey + [1, 2, 3, 4, 5], 1002),
            ("invalid UTF-8", Frame.frame(0x1, [0xC0, 0xAF], masked: true), 1007),
            (
                "a surrogate over fragments",
                Frame.frame(0x1, [0xED], final: false, masked: true) + Frame.frame(0x0, [0xA0, 0x80], masked: true),
                1007
            ),
            ("an unfinished character", Frame.frame(0x1, [0xE2, 0x82], masked: true), 1007),
            ("close of one byte", Frame.frame(0x8, [3], masked: true), 1002),
            ("close code 1005", Frame.close(1005, masked: true), 1002),
            ("close code 999", Frame.close(999, masked: true), 1002),
            ("close reason not UTF-8", Frame.frame(0x8, [3, 0xE8, 0xFF], masked: true), 1007),
            ("message over the limit", Frame.binary([UInt8](repeating: 0, count: 70_000), masked: true), 1009),
            ("1 GiB declared", [0x82, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0] + Frame.maskingKey + [1], 1009),
        ]

        @Test(arguments: IOBackend.available)
        func `a client's breach closes with its code, and none of it reaches the backend`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, Self.configuration)
            for (number, (what, breach, code)) in Self.breaches.enumerated() {
                let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
                let before = Frame.text("valid", masked: true)
                try session.client.send(before + breach)
                do {
                    #expect(try session.backend.read(before.count) == before, "\(what): the message before it was lost")
                    let answer = try session.client.readFrame()
                    #expect(answer.closeCode == code, "\(what): \(answer)")
                    // The backend is told as well; what it gets is a masked close of ours or a start of what was valid.
                    let rest = try session.backend.readFrame()
                    #expect(rest.opcode == 8 || !rest.final, "\(what): the breach reached the backend: \(rest)")
                } catch {
                    Issue.record("\(what): \(error)")
                }
                session.client.close()
                session.backend.close()
                let line = try forwarding.gatehouse.ledger.wait(forAll: number + 1, "session.closed")[number]
                #expect(!line["downstream"]["fault"].isNull, "\(what)")
                #expect(line["first"].text == "gatehouse", "\(what): \(line["order"])")
            }
        }

        @Test(arguments: IOBackend.available)
        func `a server's breach closes both sides`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, Self.configuration)
            for (what, breach, code) in [
                ("masked by the server", Frame.text("hello", masked: true), 1002),
                ("invalid UTF-8", Frame.frame(0x1, [0xFF]), 1007),
                ("HTTP in the tunnel", bytes("HTTP/1.1 500 Internal Server Error\r\n\r\n"), 1002),
            ] {
                let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
                try session.backend.send(Frame.text("valid") + breach)
                #expect(try session.client.readFrame().text == "valid", "\(what)")
                #expect(try session.backend.readFrame().closeCode == code, "\(what)")
                let told = try session.client.readFrame()
                #expect(told.opcode == 8, "\(what): \(told)")
            }
        }

        @Test(arguments: IOBackend.available)
        func `what is valid passes as it is`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, Self.configuration)
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let snowman = Array("☃".utf8)
            let valid =
                Frame.frame(0x1, [snowman[0]], final: false, masked: true) + Frame.ping("between", masked: true)
                + Frame.frame(0x0, [snowman[1], snowman[2]], masked: true) + Frame.binary([0xFF, 0xFE], masked: true)
                + Frame.close(4000, "bye", masked: true)
            for byte in valid { try session.client.send([byte]) }
            #expect(try session.backend.read(valid.count) == valid)
        }

        @Test(arguments: IOBackend.available)
        func `empty fragments without end are stopped`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.websockets).url, Self.configuration)
            // As many fragments as a message may have; the client then resets, and nothing is wrong with what it sent.
            let fine = try PeerClient.misbehave("tiny-fragments", port: gatehouse.port, count: 131_000, seconds: 1)
            #expect(fine["status"].integer == 101)
            let first = try gatehouse.ledger.wait(for: "session.closed")
            #expect(first["downstream"]["fault"].isNull, "\(first)")
            #expect(first["downstream"]["frames"]["continuation"].integer == 131_000)
            let told = try PeerClient.misbehave("tiny-fragments", port: gatehouse.port, count: 300_000, seconds: 5)
            #expect(told["status"].integer == 101)
            let line = try gatehouse.ledger.wait(forAll: 2, "session.closed")[1]
            #expect(line["downstream"]["fault"]["name"].text == "too-many-fragments")
            // Of what came, the limit's number of frames was read and no more.
            #expect((131_000...131_072).contains(line["downstream"]["frames"]["continuation"].integer ?? 0))
        }
    }
}
