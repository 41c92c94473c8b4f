import HTTPWire
import ProxyCore
import TestSupport
import Testing

/// RFC 9110 §7.8; threats C7, C8, C9.
@Suite struct OtherUpgradeTests {
    private func asked(_ lines: String) -> String? {
        OtherUpgrade.protocols(requestHead("GET / HTTP/1.1\nHost: a\n" + lines)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `protocols go on as they were listed`() {
        #expect(asked("Connection: Upgrade\nUpgrade: tcp") == "tcp")
        #expect(asked("Connection: keep-alive, upgrade\nUpgrade: SPDY/3.1, IRC/6.9") == "SPDY/3.1, IRC/6.9")
        #expect(asked("Connection: Upgrade\nUpgrade: a\nUpgrade: b") == "a, b")
    }

    @Test(
        arguments: [
            "h2c", "H2C", "tcp, h2c", "h2c, tcp", "HTTP/2.0", "http/1.1", "h2", "h3", "websocket", "WebSocket/13", "tcp/", "/1",
            "a/b/c", "a b", "\"tcp\"",
        ])
    func `what speaks HTTP again, and what is no protocol, is never asked for`(_ value: String) {
        #expect(asked("Connection: Upgrade\nUpgrade: \(value)") == nil)
    }

    @Test func `without Connection, with settings of HTTP 2, or in HTTP 1_0 nothing is asked for`() {
        #expect(asked("Upgrade: tcp") == nil)
        #expect(asked("Connection: Upgrade") == nil)
        #expect(asked("Connection: Upgrade, HTTP2-Settings\nUpgrade: tcp\nHTTP2-Settings: AAMAAABkAAQAAP__") == nil)
        #expect(OtherUpgrade.protocols(requestHead("GET / HTTP/1.0\nConnection: Upgrade\nUpgrade: tcp")) == nil)
    }

    @Test func `an answer switches to what was asked for`() {
        let request = requestHead("GET / HTTP/1.1\nHost: a\nConnection: Upgrade\nUpgrade: tcp, irc/6.9")
        func isAnswer(_ text: String) -> Bool { OtherUpgrade.isAnswer(responseHead(text), to: request) }
        #expect(isAnswer("HTTP/1.1 101 X\nConnection: Upgrade\nUpgrade: TCP"))
        #expect(isAnswer("HTTP/1.1 101 X\nConnection: upgrade\nUpgrade: IRC/6.9"))
        #expect(!isAnswer("HTTP/1.1 101 X\nConnection: Upgrade\nUpgrade: websocket"))
        #expect(!isAnswer("HTTP/1.1 101 X\nConnection: Upgrade\nUpgrade: tcp, h2c"))
        #expect(!isAnswer("HTTP/1.1 101 X\nConnection: Upgrade"))
        #expect(!isAnswer("HTTP/1.1 101 X\nUpgrade: tcp"))
        #expect(!isAnswer("HTTP/1.1 200 X\nConnection: Upgrade\nUpgrade: tcp"))
    }

    @Test func `the wish is written anew, and only where the route lets it pass`() throws {
        let head = requestHead("GET / HTTP/1.1\nHost: a\nConnection: Upgrade, X\nUpgrade: tcp\nX: 1")
        var passing = context(head)
        passing.otherUpgrade = OtherUpgrade.protocols(head)
        let sent = try #require(forwarded(head, passing))
        #expect(sent.all("upgrade") == ["tcp"] && sent.all("connection") == ["Upgrade"] && sent.all("x").isEmpty)
        let without = try #require(forwarded(head, context(head)))
        #expect(without.all("upgrade").isEmpty && without.all("connection").isEmpty)
    }
}
