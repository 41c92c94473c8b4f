import HTTPWire
import TestSupport
import Testing
import Wire

/// RFC 9112 §3 and §5: what a good head gives.
@Suite struct RequestHeadTests {
    private let browser = request(
        """
        GET /chat/room?token=a%20b&x=1 HTTP/1.1
        Host: app.example.com:8443
        Connection: keep-alive, Upgrade
        Upgrade: websocket
        Origin: https://app.example.com
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
        Sec-WebSocket-Protocol: chat,  superchat
        sec-websocket-protocol:third
        Accept-Language:  en;q=0.9\t
        X-Empty:
        """)

    @Test func `a browser's upgrade has no fault and is taken apart by ranges`() {
        #expect(browser.faults == [] && browser.isForwardable && browser.refusalStatus == nil)
        #expect(browser.method == .get && browser.text(browser.methodRange) == "GET")
        #expect(browser.version == .http11 && browser.targetForm == .origin)
        #expect(browser.text(browser.targetRange) == "/chat/room?token=a%20b&x=1")
        #expect(browser.text(browser.pathRange) == "/chat/room")
        #expect(browser.queryRange.map { browser.text($0) } == "token=a%20b&x=1")
        #expect(browser.text(browser.lineRange) == "GET /chat/room?token=a%20b&x=1 HTTP/1.1")
        #expect(browser.fields.count == 10 && browser.framing == .none)
        #expect(browser.fields.map { $0.isPlain } == [true, true, true, true, true, true, true, false, false, false])
    }

    @Test func `values come without the blanks around them, names in any case`() {
        #expect(browser.value(of: .acceptLanguage).map { browser.text($0) } == "en;q=0.9")
        #expect(browser.value(of: .host).map { browser.text($0) } == "app.example.com:8443")
        #expect(browser.values(of: .secWebSocketProtocol).map { browser.text($0) } == ["chat,  superchat", "third"])
        #expect(browser.elements(of: .secWebSocketProtocol).map { browser.text($0) } == ["chat", "superchat", "third"])
        #expect(browser.value(of: FieldName("x-EMPTY")!)?.isEmpty == true)
        #expect(browser.value(of: FieldName("x-absent")!) == nil)
        #expect(browser.count(of: .secWebSocketProtocol) == 2 && browser.count(of: .cookie) == 0)
        #expect(browser.contains(token: "third", in: .secWebSocketProtocol))
        #expect(!browser.contains(token: "super", in: .secWebSocketProtocol))
        #expect(browser.isUpgrade(to: "websocket") && !browser.isUpgrade(to: "h2c"))
    }

    @Test func `every known name is recognised in every case, and its neighbours are not`() {
        for known in KnownField.allCases { #expect(known.bit == 1 << UInt64(known.rawValue)) }
        for known in KnownField.allCases where known != .other {
            let name = "\(known.name)"
            for spelling in [name, name.uppercased(), name.prefix(1).uppercased() + name.dropFirst()] {
                #expect(FieldName(spelling)?.known == known, "\(spelling)")
                let head = request("GET / HTTP/1.1\n\(spelling): 1")
                #expect(head.fields[0].known == known)
            }
            for near in [name + "x", String(name.dropLast()), "q" + name.dropFirst(), name.dropLast() + "_"] {
                #expect(FieldName(near)?.known != known, "\(near)")
            }
        }
    }

    @Test func `an empty name, or one with other than token characters, is no field name`() {
        for text in ["", "a b", "a:", "ä", "a\r\n"] { #expect(FieldName(text) == nil, "\(text)") }
        #expect(FieldName("X-Api-Key")?.description == "x-api-key")
    }

    @Test func `commas in quoted strings do not part elements`() {
        let head = request("GET / HTTP/1.1\nHost: a\nUpgrade: \"a,websocket\", x, , \"b\\\",websocket\"")
        #expect(!head.contains(token: "websocket", in: .upgrade))
        #expect(head.elements(of: .upgrade).map { head.text($0) }.count == 3)
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close", false), ("HTTP/1.1", "Connection: a, CLOSE", false),
        ("HTTP/1.0", "", false), ("HTTP/1.0", "Connection: Keep-Alive", true),
        ("HTTP/1.0", "Connection: keep-alive\nConnection: close", false),
    ])
    func `keep-alive is the default of 1_1 and an option of 1_0`(_ version: String, _ field: String, _ expected: Bool) {
        #expect(request("GET / \(version)\nHost: a" + (field.isEmpty ? "" : "\n" + field)).keepAlive == expected)
    }

    @Test func `connection options are told apart`() {
        let head = request("GET / HTTP/1.1\nHost: a\nConnection: Upgrade, HTTP2-Settings\nConnection: close")
        #expect(head.connection == [.upgrade, .named, .close])
        #expect(request("GET / HTTP/1.1\nHost: a\nConnection: a b").kinds == [.connectionOptionInvalid])
    }

    @Test func `an absolute target names the host, and its path may be empty`() {
        let head = request("GET http://b.example:81/x?y HTTP/1.1\nHost: a")
        #expect(head.targetForm == .absolute && head.kinds == [.hostDiffersFromTarget] && head.isForwardable)
        #expect(head.authorityRange.map { head.text($0) } == "b.example:81")
        #expect(head.text(head.pathRange) == "/x" && head.queryRange.map { head.text($0) } == "y")
        #expect(head.effectiveHost.map { head.text($0) } == "b.example:81")
        let bare = request("GET http://a?q HTTP/1.1\nHost: A")
        #expect(bare.faults.isEmpty && bare.pathRange.isEmpty && bare.queryRange.map { bare.text($0) } == "q")
    }

    @Test func `only HTTP 1_1 clients expect a 100`() {
        #expect(request("POST / HTTP/1.1\nHost: a\nExpect: 100-Continue\nContent-Length: 1").expectsContinue)
        #expect(!request("POST / HTTP/1.0\nExpect: 100-continue\nContent-Length: 1").expectsContinue)
        #expect(!request("POST / HTTP/1.1\nHost: a\nContent-Length: 1").expectsContinue)
    }

    @Test func `methods are case-sensitive and unknown ones are let through`() {
        #expect(request("get / HTTP/1.1\nHost: a").method == .other)
        for (text, method) in [
            ("GET", HTTPMethod.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete),
            ("OPTIONS", .options), ("PATCH", .patch), ("TRACE", .trace), ("PROPFIND", .other),
        ] {
            let head = request("\(text) / HTTP/1.1\nHost: a")
            #expect(head.method == method && head.isForwardable)
        }
    }

    @Test func `text shows every octet and colours no terminal`() {
        let head = RequestHead(copy: bytes("GET / HTTP/1.1\r\nHost: a\r\nX: \\", 0x1B, "[31m", 0xFF, "\r\n\r\n"))
        #expect(head.value(of: FieldName("x")!).map { head.text($0) } == "\\\\\\x1b[31m\\xff")
        #expect(head.text(0..<100_000, limit: 3) == "GET")
    }

    @Test func `octets are kept as they came, odd ones too`() {
        let raw = bytes("\r\nGET  / HTTP/1.1\nhOsT : a\r\n\tfold\r\n\r\n")
        #expect(RequestHead(copy: raw).bytes == raw)
    }

    @Test func `faults are bounded, and the refusal is not crowded out by odd ones`() {
        let lines = (0..<60).map { "X\($0): \u{e9}" }.joined(separator: "\n")
        let head = request("GET / HTTP/1.1\nHost: a\n\(lines)\nContent-Length: x")
        #expect(head.faults.count == 32)
        #expect(head.refusal?.kind == .contentLengthInvalid && head.refusalStatus == 400)
    }

    @Test func `random and mutated heads never trap and never lose octets`() {
        var random = SplitMix64(seed: 5)
        let good = browser.bytes
        for _ in 0..<4000 {
            var mutant = good
            for _ in 0...(random.next() % 4) {
                let at = Int(random.next() % UInt64(mutant.count))
                switch random.next() % 4 {
                case 0: mutant[at] = UInt8(truncatingIfNeeded: random.next())
                case 1 where mutant.count > 1: mutant.remove(at: at)
                case 2: mutant.insert([0, 0x0D, 0x0A, 0x20, 0x3A, 0x2C][Int(random.next() % 6)], at: at)
                default: mutant = Array(mutant[..<max(at, 1)])
                }
            }
            let head = RequestHead(copy: mutant)
            #expect(head.bytes == mutant)
            for field in head.fields {
                #expect(field.name.upperBound <= mutant.count && field.value.upperBound <= mutant.count)
            }
            for fault in head.faults { #expect(fault.at.upperBound <= mutant.count) }
            _ = ResponseHead(copy: mutant)
        }
    }
}
