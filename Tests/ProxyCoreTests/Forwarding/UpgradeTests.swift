import Diagnosis
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
        version: String = "Sec-WebSocket-Version: 13", key: String = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        more: String = ""
    ) -> RequestHead {
        let lines = [line, "Host: a", connection, upgrade, version, key, more].filter { !$0.isEmpty }
        return requestHead(lines.joined(separator: "\n"))
    }

    @Test func `a right handshake goes on, in every spelling of its tokens`() {
        for head in [
            ask(), ask(connection: "Connection: keep-alive, UPGRADE", upgrade: "Upgrade: WebSocket"),
            ask(upgrade: "Upgrade: h2c, websocket"), ask(more: "Content-Length: 0"),
        ] {
            #expect(head.isForwardable && UpgradeRequestCheck.isWebSocketAttempt(head))
            #expect(UpgradeRequestCheck.refusal(head) == nil)
            let sent = forwarded(head, context(head, upgrade: true))
            #expect(sent?.all("upgrade") == ["websocket"] && sent?.all("connection") == ["Upgrade"])
            #expect(sent?.all("sec-websocket-key") == ["dGhlIHNhbXBsZSBub25jZQ=="])
        }
        #expect(!UpgradeRequestCheck.isWebSocketAttempt(requestHead("GET / HTTP/1.1\nHost: a")))
    }

    @Test(arguments: ["h2c", "websocket/13", "\"websocket\"", "web socket", "websockets", "TLS/1.0"])
    func `C7 C8 anything but websocket never goes on as an upgrade`(_ protocolName: String) {
        let head = ask(upgrade: "Upgrade: \(protocolName)")
        #expect(UpgradeRequestCheck.refusal(head) != nil)
        let plain = ask(upgrade: "Upgrade: \(protocolName)", version: "", key: "")
        #expect(!UpgradeRequestCheck.isWebSocketAttempt(plain))
        let sent = forwarded(plain, context(plain))
        #expect(sent?.all("upgrade") == [] && sent?.all("connection") == [])
    }

    @Test func `C1 C5 C6 what no server may accept is refused before the backend`() {
        let cases: [(RequestHead, Int)] = [
            (ask(line: "POST /ws HTTP/1.1"), 405), (ask(line: "GET /ws HTTP/1.0"), 426),
            (ask(more: "Content-Length: 1"), 400), (ask(more: "Transfer-Encoding: chunked"), 400),
            (ask(connection: ""), 400), (ask(connection: "Connection: close"), 400),
            (ask(version: ""), 426), (ask(version: version + "\n" + version), 426),
            (ask(version: "Sec-WebSocket-Version: 8"), 426), (ask(version: "Sec-WebSocket-Version: 13, 8"), 426),
            (ask(version: "Sec-WebSocket-Version: 013"), 426), (ask(key: ""), 400), (ask(key: key + "\n" + key), 400),
            (ask(key: "Sec-WebSocket-Key: short"), 400), (ask(key: "Sec-WebSocket-Key:"), 400),
            (ask(key: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=x"), 400),
            (ask(key: "Sec-WebSocket-Key: dGhlIHNhbXBsZSB!b25jZQ=="), 400),
            (ask(key: "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==x"), 400),
        ]
        for (head, status) in cases {
            let refusal = UpgradeRequestCheck.refusal(head)
            #expect(refusal?.status == status && refusal?.needsVersionField == (status == 426), "\(head.lines)")
        }
    }

    private func answer(
        upgrade: String = "Upgrade: websocket", connection: String = "Connection: Upgrade",
        accept: String = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", more: String = ""
    ) -> ResponseHead {
        let lines = ["HTTP/1.1 101 Switching Protocols", upgrade, connection, accept, more].filter { !$0.isEmpty }
        return responseHead(lines.joined(separator: "\n"))
    }

    /// The two questions that are asked of a 101, in their order.
    private func opens(_ response: ResponseHead, _ request: RequestHead) -> Bool {
        ResponseForwarding.fault(of: response, forUpgrade: true) == nil && UpgradeResponseCheck.isValid101(request, response)
    }

    @Test func `a valid 101 opens the tunnel`() {
        let offered = ask(
            more: "Sec-WebSocket-Protocol: chat, v2\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        #expect(opens(answer(), offered))
        #expect(opens(answer(upgrade: "Upgrade: WebSocket", connection: "Connection: upgrade"), offered))
        #expect(
            opens(
                answer(more: "Sec-WebSocket-Protocol: v2\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10"),
                offered))
    }

    @Test func `C2 C10 a 101 with anything wrong is a 502`() {
        let offered = ask(more: "Sec-WebSocket-Protocol: chat")
        let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        #expect(opens(answer(more: "Sec-WebSocket-Protocol: chat"), offered))
        let cases = [
            answer(upgrade: ""), answer(upgrade: "Upgrade: h2c"), answer(connection: ""), answer(connection: "Connection: close"),
            answer(accept: ""), answer(accept: accept + "\n" + accept), answer(accept: "Sec-WebSocket-Accept:"),
            answer(accept: "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            answer(accept: "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO="),
            answer(more: "Content-Length: 0"), answer(more: "Transfer-Encoding: chunked"),
            answer(more: "Sec-WebSocket-Protocol: other"), answer(more: "Sec-WebSocket-Protocol: CHAT"),
            answer(more: "Sec-WebSocket-Protocol: chat, chat"),
            answer(more: "Sec-WebSocket-Protocol: chat\nSec-WebSocket-Protocol: chat"),
            answer(more: "Sec-WebSocket-Extensions: permessage-deflate"), answer(more: "X : 1"),
        ]
        for head in cases { #expect(!opens(head, offered), "\(head.lines)") }
    }
}
