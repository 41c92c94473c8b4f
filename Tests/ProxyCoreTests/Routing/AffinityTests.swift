import HTTPWire
import ProxyCore
import TestSupport
import Testing
import Wire

struct AffinityCookieTests {
    private let settings = AffinityCookie.Settings(name: bytes("gatehouse"), maximumAge: .seconds(1000))
    private let code = [UInt8](repeating: 0xA5, count: 32)

    private func value(_ line: [UInt8]) -> [UInt8] { Array(line.dropFirst("gatehouse=".utf8.count).prefix { $0 != 0x3B }) }

    @Test func `what is written is read again`() throws {
        let line = AffinityCookie.field(settings, endpoint: 0x00AB_CDEF, issued: 1_700_000_000, code: code)
        let cookie = try #require(AffinityCookie(value(line)))
        #expect(cookie.endpoint == 0x00AB_CDEF && cookie.issued == 1_700_000_000 && cookie.code == code)
        #expect(
            cookie.signed(cluster: "app") == AffinityCookie.signed(endpoint: 0x00AB_CDEF, issued: 1_700_000_000, cluster: "app"))
        #expect(cookie.signed(cluster: "app") != cookie.signed(cluster: "ap"))
    }

    @Test func `attributes are as they were set`() {
        var settings = settings
        func attributes() -> String {
            let line = AffinityCookie.field(settings, endpoint: 1, issued: 2, code: code)
            return String(decoding: line.drop { $0 != 0x3B }, as: UTF8.self)
        }
        #expect(attributes() == "; Path=/; Max-Age=1000; Secure; HttpOnly; SameSite=Lax")
        settings.isSecure = false
        settings.isHTTPOnly = false
        settings.sameSite = .none
        settings.path = "/ws"
        #expect(attributes() == "; Path=/ws; Max-Age=1000; SameSite=None")
    }

    @Test func `what is no cookie of ours is none`() throws {
        let good = value(AffinityCookie.field(settings, endpoint: 1, issued: 2, code: code))
        #expect(AffinityCookie(good) != nil)
        var bad: [[UInt8]] = [
            [], bytes("1"), bytes("1..."), bytes("...."), good + bytes("A"), Array(good.dropLast()), bytes("2") + good.dropFirst(),
            good + bytes(".x"), [UInt8](repeating: 0x31, count: 65536), good.map { $0 == 0x2E ? 0x2C : $0 },
            bytes("1.000000000000000G.2.") + good.suffix(43), bytes("1.0000000000000001.-2.") + good.suffix(43),
            bytes("1.000000000000000A.2.") + good.suffix(43), bytes("1.0000000000000001..") + good.suffix(43),
        ]
        bad += (0..<256).map { byte in good.dropLast() + [UInt8(byte)] }.filter { $0 != good && AffinityCookie($0)?.code != code }
            .filter { AffinityCookie($0) == nil }
        #expect(bad.count > 200, "the last digit has bits that must be zero")
        for value in bad { #expect(AffinityCookie(value) == nil, "\(String(decoding: value.prefix(80), as: UTF8.self))") }
    }

    @Test func `it is stale when its life is over or its time has yet to come`() throws {
        let cookie = try #require(AffinityCookie(value(AffinityCookie.field(settings, endpoint: 1, issued: 5000, code: code))))
        #expect([4939, 4940, 5000, 6000, 6001].map { cookie.isStale(settings, now: $0) } == [true, false, false, false, true])
        #expect([5500, 5501].map { cookie.isAging(settings, now: $0) } == [false, true])
        let far = try #require(AffinityCookie(value(AffinityCookie.field(settings, endpoint: 1, issued: .max, code: code))))
        #expect(far.isStale(settings, now: .max - 100) && !far.isAging(settings, now: 0))
    }
}

struct AffinityTableTests {
    private func at(_ seconds: UInt64) -> Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

    @Test func `a binding is found until nobody used it for long enough`() {
        var table = AffinityTable(entries: 100, memory: .seconds(10), now: at(0))
        table.learn(bytes("a"), 1, now: at(9))
        #expect(table.find(bytes("a"), now: at(11)) == 1)
        #expect(table.find(bytes("b"), now: at(11)) == nil)
        #expect(table.find(bytes("a"), now: at(19)) == 1, "used at 11, so it is young")
        #expect(table.find(bytes("a"), now: at(60)) == nil)
        #expect(table.count == 0)
    }

    @Test func `a flood takes no more room than there is, and what is used survives it`() {
        var table = AffinityTable(entries: 100, memory: .seconds(1000), now: at(0))
        table.learn(bytes("mine"), 7, now: at(0))
        for index in 0..<1000 {
            table.learn(bytes("flood \(index)"), 1, now: at(1))
            #expect(table.count <= 101)
            if index % 20 == 0 { #expect(table.find(bytes("mine"), now: at(1)) == 7) }
        }
        #expect(table.find(bytes("flood 0"), now: at(1)) == nil)
    }
}

struct InheritedTableTests {
    private let now = Timestamp(nanoseconds: 1)

    @Test func `what is told is what is bound, what was used last first`() {
        var table = AffinityTable(entries: 8, memory: .seconds(10), now: now)
        for number in 0..<6 { table.learn(bytes("k\(number)"), UInt64(number), now: now) }
        // Four are a generation: the last two are the young ones.
        #expect(Set(table.latest(2)) == [.init(key: bytes("k4"), endpoint: 4), .init(key: bytes("k5"), endpoint: 5)])
        #expect(table.latest(100).count == table.count && Set(table.latest(100)).count == 6)
        _ = table.find(bytes("k0"), now: now)
        #expect(table.latest(3).contains(.init(key: bytes("k0"), endpoint: 0)))
    }

    @Test func `only what is new or moved is news`() {
        var table = AffinityTable(entries: 4, memory: .seconds(10), now: now)
        let news = [1, 1, 2].map { table.learn(bytes("a"), $0, now: now) }
        #expect(news == [true, false, true])
        table.learn(bytes("b"), 1, now: now)
        table.learn(bytes("c"), 1, now: now)
        let again = table.learn(bytes("a"), 2, now: now)
        #expect(!again, "in the old generation, and known")
    }

    @Test func `what this process learnt itself is newer than what it inherits`() {
        var table = AffinityTable(entries: 100, memory: .seconds(10), now: now)
        table.learn(bytes("a"), 1, now: now)
        table.inherit(bytes("a"), 2, now: now)
        table.inherit(bytes("b"), 3, now: now)
        #expect(table.find(bytes("a"), now: now) == 1 && table.find(bytes("b"), now: now) == 3)
    }
}

struct EngineIOReadingTests {
    @Test(arguments: [
        (#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000}"#, "lv_VI97HAXpY6yYWAAAC"),
        (#"97:0{"sid":"abc","upgrades":[]}2:40"#, "abc"),
        (#"___eio[0]("0{\"sid\":\"abc\",\"upgrades\":[]}");"#, "abc"),
        (#"0{"upgrades":[], "sid": "abc"}"#, "abc"),
        (#"0{"sid":"abc"#, nil), (#"0{"sid":""}"#, nil), (#"{"sid":"abc"}"#, nil), (#"4{"sid":"abc"}"#, nil), ("ok", nil),
        ("", nil),
        (#"2probe"#, nil), (#"40{"sid":"abc"}"#, "abc"),
    ])
    func `the name is read where the packet is the one that opens`(_ body: String, _ sid: String?) {
        #expect(EngineIOReading.sid(Array(body.utf8)) == sid.map { Array($0.utf8) })
    }

    @Test func `the binary length of protocol 3 is passed`() {
        #expect(EngineIOReading.sid(bytes(0x00, 0x09, 0x07, 0xFF, #"0{"sid":"abc","#)) == bytes("abc"))
    }

    @Test func `a name that never ends is none`() {
        #expect(EngineIOReading.sid(bytes(#"0{"sid":""#) + [UInt8](repeating: 0x61, count: 4096) + bytes("\"")) == nil)
    }
}

struct RoutingKeyTests {
    private func hash(_ key: String, _ fields: String = "", target: String = "/rooms/7/ws", peer: SocketAddress = client) throws
        -> UInt64?
    {
        let head = requestHead("GET \(target) HTTP/1.1\nHost: h.example" + (fields.isEmpty ? "" : "\n" + fields))
        let identity = ClientIdentity(peer: peer, isSecure: false, trustedProxies: trusted, head: head)
        let path = Array(target.prefix { $0 != "?" }.utf8)
        return RequestView(head: head, identity: identity, user: nil).hash(try #require(RoutingKey(key)), path: path)
    }

    @Test(arguments: [
        "address", "header.X-Room", "cookie.session", "query.room", "path.1", "path.32", "claims.tenant.id", "user",
    ])
    func `a key reads as it is written`(_ text: String) {
        #expect(RoutingKey(text)?.description == text.replacing("X-Room", with: "x-room"))
    }

    @Test(arguments: [
        "", "room", "header.", "header.a b", "cookie.", "cookie.a=b", "path.0", "path.id", "path.33", "scopes", "query.",
    ])
    func `what names nothing of a request is no key`(_ text: String) { #expect(RoutingKey(text) == nil) }

    @Test func `equal values have one hash, wherever they stand`() throws {
        let seven = KeyHash.of(Array("7".utf8))
        #expect(try hash("path.2") == seven)
        #expect(try hash("query.room", target: "/ws?a=1&room=%37") == seven)
        #expect(try hash("header.x-room", "X-Room: 7") == seven)
        #expect(try hash("cookie.room", "Cookie: a=b; room=7") == seven)
        #expect(try hash("path.2", target: "/rooms/8/ws") != seven)
    }

    @Test func `what is absent, empty or said twice has none`() throws {
        #expect(try hash("path.4") == nil)
        #expect(try hash("path.2", target: "/rooms/") == nil)
        #expect(try hash("query.room", target: "/ws?room=1&room=2") == nil)
        #expect(try hash("header.x-room", "X-Room: 1\nX-Room: 2") == nil)
        #expect(try hash("cookie.room") == nil && hash("user") == nil && hash("claims.a") == nil)
    }

    @Test func `clients of one IPv6 network are one, of IPv4 they are not`() throws {
        func address(_ text: String) throws -> SocketAddress { try #require(SocketAddress(host: text, port: 1)) }
        #expect(try hash("address", peer: address("2001:db8::1")) == hash("address", peer: address("2001:db8::2")))
        #expect(try hash("address", peer: address("2001:db8:0:1::1")) != hash("address", peer: address("2001:db8::1")))
        #expect(try hash("address", peer: address("192.0.2.1")) != hash("address", peer: address("192.0.2.2")))
        #expect(
            try hash("address", "X-Forwarded-For: 192.0.2.1", peer: edge) == hash("address", peer: address("192.0.2.1")))
    }
}
