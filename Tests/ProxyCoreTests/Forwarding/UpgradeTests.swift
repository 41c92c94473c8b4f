import HTTPWire
import ProxyCore
import TestSupport
import Testing
import Wire

/// RFC 6455 §4.1, §4.2.1; threats C1, C2, C5–C10.
@Suite struct UpgradeTests {
    private let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    private let version = "Sec-WebSocket-Version: 13"

    private func ask(
        line: String = "GET /ws HTTP/1.1", connection: String = "Connection: Upgrade", upgrade: String = "Upgrade: websocket",
        version: String = "Sec-WebSocket-Version: 13", key: String = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", more: String = ""
    ) -> RequestHead {
        let lines = [line, "Host: a", connection, upgrade, version, key, more].filter { !$0.isEmpty }
        return requestHead(lines.joined(separator: "\n"))
    }

    @Test func `a right handshake is one, in every spelling of its tokens`() {
        #expect(UpgradeRequest(ask()) == .webSocket)
        #expect(UpgradeRequest(ask(connection: "Connection: keep-alive, UPGRADE", upgrade: "Upgrade: WebSocket")) == .webSocket)
        #expect(UpgradeRequest(ask(upgrade: "Upgrade: h2c, websocket")) == .webSocket)
        #expect(UpgradeRequest(ask(more: "Content-Length: 0")) == .webSocket)
        #expect(UpgradeRequest(requestHead("GET / HTTP/1.1\nHost: a")) == .none)
    }

    @Test(arguments: ["h2c", "websocket/13", "\"websocket\"", "web socket", "websockets", "TLS/1.0"])
    func `C7 C8 anything but websocket is ignored`(_ protocolName: String) {
        #expect(UpgradeRequest(ask(upgrade: "Upgrade: \(protocolName)")) == .ignored)
    }

    @Test func `C1 C5 C6 what no server may accept is refused before the backend`() {
        let cases: [(RequestHead, UpgradeRequest.Refusal)] = [
            (ask(line: "POST /ws HTTP/1.1"), .methodNotGet), (ask(line: "GET /ws HTTP/1.0"), .versionTooOld),
            (ask(more: "Content-Length: 1"), .bodyPresent), (ask(more: "Transfer-Encoding: chunked"), .bodyPresent),
            (ask(connection: ""), .connectionOptionMissing), (ask(connection: "Connection: close"), .connectionOptionMissing),
            (ask(version: ""), .versionFieldMissing), (ask(version: version + "\n" + version), .versionFieldRepeated),
            (ask(version: "Sec-WebSocket-Version: 8"), .versionUnsupported),
            (ask(version: "Sec-WebSocket-Version: 13, 8"), .versionUnsupported),
            (ask(version: "Sec-WebSocket-Version: 013"), .versionUnsupported),
            (ask(key: ""), .keyMissing), (ask(key: key + "\n" + key), .keyRepeated),
            (ask(key: "Sec-WebSocket-Key: short"), .keyInvalid), (ask(key: "Sec-WebSocket-Key:"), .keyInvalid),
            (ask(key: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=x"), .keyInvalid),
            (ask(key: "Sec-WebSocket-Key: dGhlIHNhbXBsZSB!b25jZQ=="), .keyInvalid),
            (ask(key: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==x"), .keyInvalid),
        ]
        for (head, expected) in cases {
            #expect(UpgradeRequest(head) == .refused(expected))
            #expect(expected.status == (expected == .versionUnsupported ? 426 : 400))
        }
    }

    private func answer(
        upgrade: String = "Upgrade: websocket", connection: String = "Connection: Upgrade",
        accept: String = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", more: String = ""
    ) -> ResponseHead {
        let lines = ["HTTP/1.1 101 Switching Protocols", upgrade, connection, accept, more].filter { !$0.isEmpty }
        return responseHead(lines.joined(separator: "\n"))
    }

    @Test func `a valid 101 opens the tunnel`() {
        let offered = ask(more: "Sec-WebSocket-Protocol: chat, v2\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        #expect(UpgradeResponse.fault(of: answer(), to: offered) == nil)
        #expect(UpgradeResponse.fault(of: answer(upgrade: "Upgrade: WebSocket", connection: "Connection: upgrade"), to: offered) == nil)
        let chosen = "Sec-WebSocket-Protocol: v2\nSec-WebSocket-Extensions: Permessage-Deflate; server_max_window_bits=10"
        #expect(UpgradeResponse.fault(of: answer(more: chosen), to: offered) == nil)
    }

    @Test func `C2 C10 a 101 with anything wrong is a 502`() {
        let offered = ask(more: "Sec-WebSocket-Protocol: chat")
        let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        let cases: [(ResponseHead, ResponseFault)] = [
            (answer(upgrade: ""), .upgradeFieldWrong), (answer(upgrade: "Upgrade: h2c"), .upgradeFieldWrong),
            (answer(upgrade: "Upgrade: websocket, h2c"), .upgradeFieldWrong),
            (answer(connection: ""), .connectionOptionMissing), (answer(connection: "Connection: close"), .connectionOptionMissing),
            (answer(accept: ""), .acceptKeyMissing), (answer(accept: accept + "\n" + accept), .acceptKeyRepeated),
            (answer(accept: "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="), .acceptKeyWrong),
            (answer(accept: "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO="), .acceptKeyWrong),
            (answer(accept: "Sec-WebSocket-Accept:"), .acceptKeyWrong),
            (answer(more: "Content-Length: 0"), .switchingProtocolsWithLength),
            (answer(more: "Transfer-Encoding: chunked"), .switchingProtocolsWithLength),
            (answer(more: "Sec-WebSocket-Protocol: other"), .subprotocolNotOffered),
            (answer(more: "Sec-WebSocket-Protocol: CHAT"), .subprotocolNotOffered),
            (answer(more: "Sec-WebSocket-Protocol:"), .subprotocolNotOffered),
            (answer(more: "Sec-WebSocket-Protocol: chat, chat"), .subprotocolRepeated),
            (answer(more: "Sec-WebSocket-Protocol: chat\nSec-WebSocket-Protocol: chat"), .subprotocolRepeated),
            (answer(more: "Sec-WebSocket-Extensions: permessage-deflate"), .extensionNotOffered),
        ]
        for (head, expected) in cases { #expect(UpgradeResponse.fault(of: head, to: offered) == expected) }
        let broken = answer(more: "X : 1")
        #expect(UpgradeResponse.fault(of: broken, to: offered)?.name == "blank_before_colon")
    }
}
