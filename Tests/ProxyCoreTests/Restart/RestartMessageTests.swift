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

    private static let batch = LearntBatch(
        cluster: "app", rule: "engine_io",
        bindings: [
            .init(key: bytes("lv_VI97"), endpoint: 0x00AB_CDEF_0123_4567), .init(key: bytes(0, 0x20, 0xFF), endpoint: .max),
        ])

    @Test func `what was learnt is a text as well, whatever bytes the values have`() {
        #expect(
            String(decoding: RestartMessage.learnt(RestartMessageTests.batch).bytes, as: UTF8.self) == """
                gatehouse-restart 1 learnt
                app engine_io
                00abcdef01234567 6c765f56493937
                ffffffffffffffff 0020ff

                """)
    }

    @Test(arguments: [
        ("", ""), ("app\n", "app"), ("app engine_io x\n", "app engine_io x"), (" engine_io\n", " engine_io"),
        ("a b\n0123456789abcdef\n", "0123456789abcdef"), ("a b\n0123456789abcdef \n", "0123456789abcdef "),
        ("a b\n0123456789abcdef 6\n", "0123456789abcdef 6"), ("a b\n0123456789abcdeF 61\n", "0123456789abcdeF 61"),
        ("a b\n0123456789abcdef6 61\n", "0123456789abcdef6 61"), ("a b\n0123456789abcdef 6g\n", "0123456789abcdef 6g"),
        ("a b\n\n", ""),
    ])
    func `what is no batch is named`(lines: String, shown: String) {
        #expect(throws: RestartMessageFault.malformed(shown)) {
            try RestartMessage(parsing: Array("gatehouse-restart 1 learnt\n\(lines)".utf8))
        }
    }

    @Test func `a value longer than any that is learnt is none`() {
        func message(_ count: Int) -> RestartMessage {
            .learnt(LearntBatch(cluster: "a", rule: "b", bindings: [.init(key: [UInt8](repeating: 7, count: count), endpoint: 1)]))
        }
        #expect(throws: Never.self) { try RestartMessage(parsing: message(128).bytes) }
        #expect(throws: RestartMessageFault.self) { try RestartMessage(parsing: message(129).bytes) }
    }

    @Test func `however much was learnt, each part fits into a message and none is lost`() throws {
        let bindings = (0..<2000).map { number in
            LearntBatch.Binding(
                key: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 1 + number % 128), endpoint: UInt64(number))
        }
        let name = String(repeating: "n", count: 200)
        let parts = LearntBatch(cluster: name, rule: "application_cookie", bindings: bindings).parts
        #expect(parts.count > 10 && parts.flatMap(\.bindings) == bindings)
        for part in parts {
            #expect(RestartMessage.learnt(part).bytes.count <= RestartMessage.sizeLimit)
            #expect(try RestartMessage(parsing: RestartMessage.learnt(part).bytes) == .learnt(part))
        }
        #expect(LearntBatch(cluster: "a", rule: "b", bindings: []).parts.isEmpty)
    }

    @Test func `each message comes back as it was said`() throws {
        let messages: [RestartMessage] = [
            .take, .offer(RestartMessageTests.offer), .more, .ready, .yours, .refused("not now"), .restart, .done(pid: 4711),
            .learn, .learnt(RestartMessageTests.batch), .told,
            .offer(RestartOffer(generation: 1, listeners: RestartMessageTests.offer.listeners, learntVersion: 7)),
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
        ("gatehouse-restart 1 offer\ngeneration 0\nlearnt x\n", .malformed("learnt x")),
        ("gatehouse-restart 1 learn\nnow\n", .malformed("now")), ("gatehouse-restart 1 told\nall\n", .malformed("all")),
        ("gatehouse-restart 1 offer\ngeneration 0\nplain 1.2.3.4:80 0\n", .malformed("plain 1.2.3.4:80 0")),
        (
            "gatehouse-restart 1 offer\ngeneration 0\nplain 1.2.3.4:80 99999999999999999999\n",
            .malformed("plain 1.2.3.4:80 99999999999999999999")
        ),
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
        for whole in [
            RestartMessage.offer(RestartMessageTests.offer).bytes, RestartMessage.learnt(RestartMessageTests.batch).bytes,
        ] {
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
