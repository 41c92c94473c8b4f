import ProxyCore
import TestSupport
import Testing
import Wire

struct RestartMessageTests {
    private static let offer = RestartOffer(
        generation: 3,
        listeners: [
            OfferedListener(.plain, SocketAddress(host: "0.0.0.0", port: 8080), count: 2),
            OfferedListener(.tls, SocketAddress(host: "::", port: 8443), count: 2),
            OfferedListener(.admin, SocketAddress(host: "127.0.0.1", port: 9900), count: 1),
            OfferedListener(.control, nil, count: 1),
        ])

    @Test func `each message comes back as it was said`() throws {
        let messages: [RestartMessage] = [
            .take, .offer(RestartMessageTests.offer), .more, .ready, .yours, .refused("not now"), .restart, .done(pid: 4711),
        ]
        for message in messages { #expect(try RestartMessage(parsing: message.bytes) == message) }
    }

    @Test func `the offer is a text that a person can read`() {
        #expect(
            String(decoding: RestartMessage.offer(RestartMessageTests.offer).bytes, as: UTF8.self) == """
                gatehouse-restart 1 offer
                generation 3
                plain 0.0.0.0:8080 2
                tls [::]:8443 2
                admin 127.0.0.1:9900 1
                control - 1

                """)
    }

    @Test(arguments: [
        ("", RestartMessageFault.notText), ("gatehouse-restart 1 take", .notText), ("gatehouse-restart 1 ta\u{0}ke\n", .notText),
        ("GET / HTTP/1.1\r\n", .notText), ("GET / HTTP/1.1\n", .otherProtocol), ("gatehouse-restart 1\n", .otherProtocol),
        ("gatehouse-restart 2 take\n", .otherVersion("2")), ("gatehouse-restart 1 steal\n", .unknownVerb("steal")),
        ("gatehouse-restart 1 take\nmore\n", .malformed("more")), ("gatehouse-restart 1 done\n-1\n", .malformed("-1")),
        ("gatehouse-restart 1 offer\n", .malformed("")), ("gatehouse-restart 1 offer\ngeneration x\n", .malformed("generation x")),
        ("gatehouse-restart 1 offer\ngeneration 0\nplain 1.2.3.4:80 0\n", .malformed("plain 1.2.3.4:80 0")),
        ("gatehouse-restart 1 offer\ngeneration 0\nplain 1.2.3.4:80 99999999999999999999\n", .malformed("plain 1.2.3.4:80 99999999999999999999")),
        ("gatehouse-restart 1 offer\ngeneration 0\nplain - 1\n", .malformed("plain - 1")),
        ("gatehouse-restart 1 offer\ngeneration 0\ncontrol 1.2.3.4:80 1\n", .malformed("control 1.2.3.4:80 1")),
        ("gatehouse-restart 1 offer\ngeneration 0\nplain 1.2.3.4:80 4096\nplain 1.2.3.4:81 1\n", .malformed("plain 1.2.3.4:81 1")),
    ])
    func `what isn't one is named`(text: String, fault: RestartMessageFault) {
        #expect(throws: fault) { try RestartMessage(parsing: Array(text.utf8)) }
    }

    @Test func `a message beyond the limit is refused, and no cut of a message is taken for one or traps`() {
        #expect(throws: RestartMessageFault.tooLong(RestartMessage.sizeLimit + 1)) {
            try RestartMessage(parsing: [UInt8](repeating: 0x61, count: RestartMessage.sizeLimit + 1))
        }
        let whole = RestartMessage.offer(RestartMessageTests.offer).bytes
        for count in 0..<whole.count where whole[..<count].last != 0x0A {
            #expect(throws: RestartMessageFault.self) { try RestartMessage(parsing: Array(whole[..<count])) }
        }
        var random = SplitMix64(seed: 7)
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<3 { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
            _ = try? RestartMessage(parsing: bytes)
        }
    }

    @Test func `a reason stays one line of bounded length`() throws {
        let message = RestartMessage.refused("two\nlines\u{0} " + String(repeating: "x", count: 5000))
        guard case .refused(let reason) = try RestartMessage(parsing: message.bytes) else {
            Issue.record("no refusal")
            return
        }
        #expect(reason.hasPrefix("two lines  xxx") && reason.utf8.count == RestartMessage.reasonLimit)
    }
}
