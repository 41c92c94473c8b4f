import HTTPWire
import Probing
import Testing
import Wire

@testable import Tools

/// The recorded request, as another server gets it.
@Suite struct ReplayRequestTests {
    private static let key = "AQIDBAUGBwgJCgsMDQ4PEA=="

    private func request(
        _ rules: [String] = [], to url: String = "ws://127.0.0.1:8000", origin: String, key: String = "dGhlIHNhbXBsZSBub25jZQ==",
        extensions: String = "permessage-deflate", isPlain: Bool = true
    )
        throws -> String
    {
        let head =
            "GET /ws?token=old HTTP/1.1\r\nHost: app.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\nOrigin: \(origin)\r\nCookie: s=1\r\nSec-WebSocket-Extensions: \(extensions)\r\n\r\n"
        let place = try DiagnosePlace(url)
        return String(
            decoding: ReplayRequest(
                RequestHead(copy: Array(head.utf8)), to: place, hasPath: place.target != "/", rules: try RewriteRules(rules),
                key: Self.key, isPlain: isPlain
            ).bytes, as: UTF8.self)
    }

    @Test func `host and own origin become the target's, the key is fresh, and in the plain nothing is offered`() throws {
        #expect(
            try request(origin: "https://app.example.com")
                == "GET /ws?token=old HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: \(Self.key)\r\nSec-WebSocket-Version: 13\r\nOrigin: http://127.0.0.1:8000\r\nCookie: s=1\r\n\r\n"
        )
    }

    @Test func `compression is offered as it was, and nothing else`() throws {
        let offer = "permessage-deflate; client_max_window_bits, x-other; a=1, permessage-deflate;server_max_window_bits=10"
        let text = try request(origin: "x", extensions: offer, isPlain: false)
        #expect(
            text.contains(
                "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, permessage-deflate;server_max_window_bits=10\r\n"
            ), "\(text)")
        #expect(!(try request(origin: "x", extensions: "x-other", isPlain: false).contains("Extensions")))
    }

    @Test func `a foreign origin and an invalid key stay, since they may be why it failed`() throws {
        let text = try request(origin: "https://evil.example", key: "short")
        #expect(text.contains("\r\nOrigin: https://evil.example\r\n"))
        #expect(text.contains("\r\nSec-WebSocket-Key: short\r\n"))
    }

    @Test func `rules set, add and leave out`() throws {
        let text = try request(
            [
                "host=h.example", "origin=https://o.example", "header:Cookie", "header:Authorization=Bearer new", "query:token=t2",
                "query:x=1",
            ],
            origin: "https://evil.example")
        #expect(text.hasPrefix("GET /ws?token=t2&x=1 HTTP/1.1\r\nHost: h.example\r\n"))
        #expect(text.contains("\r\nOrigin: https://o.example\r\n"))
        #expect(!text.contains("Cookie"))
        #expect(text.hasSuffix("\r\nAuthorization: Bearer new\r\n\r\n"))
    }

    @Test func `octets that are no ASCII, and backslashes, go out as they were recorded`() throws {
        let head = "GET /caf\u{E9}\\?q=\\ HTTP/1.1\r\nHost: a\r\nX-Name: André \\ «x»\r\nOrigin: https://é.example\r\n"
        let recorded = RequestHead(copy: Array(head.utf8) + Array("X-Raw: ".utf8) + [0xE9, 0x0D, 0x0A, 0x0D, 0x0A])
        let bytes = ReplayRequest(
            recorded, to: try DiagnosePlace("ws://127.0.0.1:8000"), hasPath: false, rules: try RewriteRules(["query:x=1"]),
            key: Self.key
        ).bytes
        let expected =
            "GET /caf\u{E9}\\?q=\\&x=1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nX-Name: André \\ «x»\r\nOrigin: https://é.example\r\nX-Raw: "
        #expect(bytes == Array(expected.utf8) + [0xE9, 0x0D, 0x0A, 0x0D, 0x0A])
    }

    @Test func `a path in the target stands in the place of the recorded one`() throws {
        #expect(try request(to: "ws://127.0.0.1:8000/other", origin: "x").hasPrefix("GET /other HTTP/1.1\r\n"))
    }
}
