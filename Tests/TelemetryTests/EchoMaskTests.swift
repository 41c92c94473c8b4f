import Diagnosis
import HTTPWire
import TestSupport
import Testing

@testable import Telemetry

@Suite struct `What a server repeats of the request's secrets` {
    private static let redaction = LogRedaction(key: (1, 2))
    private static let secrets = [
        "Yq81-query-token", "c00kie-value-77", "bearer-opaque-5", "api-key-0123456", "subprotocol-secret", "dec0ded/secret",
    ]

    private func request(_ target: String, _ fields: [String]) -> RequestHead {
        RequestHead(copy: bytes((["GET \(target) HTTP/1.1", "Host: h"] + fields).joined(separator: "\r\n"), "\r\n\r\n"))
    }

    private var everything: RequestHead {
        request(
            "/ws?room=7&token=Yq81-query-token&key=dec0ded%2Fsecret",
            [
                "Cookie: session=c00kie-value-77; lang=html", "Authorization: Bearer bearer-opaque-5", "X-Api-Key: api-key-0123456",
                "Sec-WebSocket-Protocol: bearer, subprotocol-secret",
            ])
    }

    private func mask(_ request: RequestHead) -> EchoMask {
        var heads = HeadMask()
        return EchoMask(request, &heads, `What a server repeats of the request's secrets`.redaction)
    }

    @Test func `every kind of secret is covered in body and head, at its place and with its fingerprint`() throws {
        let body = "Forbidden: " + Self.secrets.joined(separator: " | ") + " <html lang=html>"
        let observation = LedgerSamples.handshake(
            request: everything.bytes,
            response: bytes("HTTP/1.1 403 Forbidden\r\nX-Why: bad Yq81-query-token\r\nContent-Length: \(body.utf8.count)\r\n\r\n"),
            body: Array(body.utf8))
        #expect(mask(everything).conceal(observation))
        let text = String(decoding: observation.bodyStart, as: UTF8.self)
        let response = try #require(observation.response)
        let head = String(decoding: response.bytes, as: UTF8.self)
        for secret in Self.secrets {
            #expect(!text.contains(secret))
            #expect(!head.contains(secret))
        }
        #expect(text.utf8.count == body.utf8.count && text.hasSuffix("<html lang=html>") && text.hasPrefix("Forbidden: "))
        #expect(response.status == 403 && response.fields.count == 2)
        let fingerprint = Array("Yq81-query-token".utf8).withUnsafeBufferPointer { Self.redaction.fingerprint($0) }
        let digits = String(fingerprint, radix: 16)
        #expect(text.contains(digits) && head.contains(digits))
        // A second time finds nothing: what stands there is no secret.
        #expect(!mask(everything).conceal(observation))
    }

    @Test func `words as short as a setting of a page are left alone`() {
        var octets = Array("dark html".utf8)
        #expect(!mask(request("/ws?key=dark", ["Cookie: lang=html"])).cover(&octets))
        #expect(octets == Array("dark html".utf8))
    }

    @Test func `the longest of two that begin alike is covered wholly`() {
        var octets = Array("secret-one-and-more!".utf8)
        #expect(mask(request("/ws", ["Cookie: a=secret-one; b=secret-one-and-more"])).cover(&octets))
        #expect(octets.last == UInt8(ascii: "!") && !String(decoding: octets, as: UTF8.self).contains("more"))
    }

    @Test(arguments: 0...24) func `an answer cut at any octet is no trouble`(_ length: Int) {
        var octets = Array("bad Yq81-query-token end".utf8.prefix(length))
        let whole = mask(everything).cover(&octets)
        #expect(whole == (length >= 20) && octets.count == length)
    }

    @Test func `a head full of cookies costs no more than its bound`() {
        let cookies = (0..<2000).map { "c\($0)=value-\($0)" }.joined(separator: "; ")
        var octets = Array(repeating: UInt8(ascii: "v"), count: 2048)
        #expect(!mask(request("/ws", ["Cookie: \(cookies)"])).cover(&octets))
    }

    @Test func `a verdict that quotes the answer has no secret`() throws {
        let observation = LedgerSamples.handshake(
            request: Array(
                "GET /socket.io/?EIO=4&transport=polling&sid=jdmcWzyc5aodhFlAAAG HTTP/1.1\r\nHost: h\r\n\r\n".utf8),
            response: Array("HTTP/1.1 400 Bad Request\r\nserver: uvicorn\r\nContent-Length: 37\r\n\r\n".utf8),
            body: Array("\"Invalid session jdmcWzyc5aodhFlAAAG\"".utf8))
        let head = try #require(observation.request)
        mask(head).conceal(observation)
        let verdict = try #require(HandshakeJudge.judge(observation).verdict)
        #expect(verdict.evidence.contains { $0.observed.contains("Invalid session") })
        #expect(!"\(verdict)".contains("jdmcWzyc5aodhFlAAAG"))
    }
}
