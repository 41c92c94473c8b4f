import HTTPWire
import ProxyCore
import TestSupport
import Testing
import Wire

/// RFC 9110 §7.6, §15.2; threats C9, D17, D18, D22.
@Suite struct ResponseForwardingTests {
    private let ask = requestHead("GET / HTTP/1.1\nHost: a")
    private let old = requestHead("GET / HTTP/1.0\nHost: a\nConnection: keep-alive")
    private let headOnly = requestHead("HEAD / HTTP/1.1\nHost: a")

    private func relay(_ text: String, _ request: RequestHead, keeps: Bool = true, verdict: [UInt8]? = nil) -> ResponseHead {
        let head = responseHead(text)
        let plan = ResponsePlan(request: request, framing: head.framing(forRequestMethod: request.method))
        var writer = HeadWriter()
        ResponseForwarding.write(head, toRequest: request, plan: plan, keepsConnection: keeps, verdict: verdict, into: &writer)
        let sent = ResponseHead(copy: writer.bytes)
        #expect(sent.faults.isEmpty, "\(sent.faults.map(\.kind))")
        return sent
    }

    @Test func `D17 fields of the backend's connection stay behind, the others keep their order`() {
        let sent = relay(
            """
            HTTP/1.1 200 Fine
            Date: now
            Connection: keep-alive, X-Private
            Keep-Alive: timeout=5
            X-Private: 1
            Set-Cookie: a=1
            Set-Cookie: b=2
            Content-Length: 003
            Upgrade: h2c
            Trailer: X-Sum
            Gatehouse-Verdict: forged
            Server: x
            """, ask)
        #expect(sent.text(sent.lineRange) == "HTTP/1.1 200 Fine")
        #expect(
            sent.lines == [
                "date: now", "set-cookie: a=1", "set-cookie: b=2", "server: x", "content-length: 3", "via: 1.1 gatehouse",
            ])
    }

    @Test func `the connection is stated for the client's version`() {
        #expect(relay("HTTP/1.1 200 OK\nContent-Length: 1", ask, keeps: false).all("connection") == ["close"])
        #expect(relay("HTTP/1.1 200 OK\nContent-Length: 1\nConnection: close", ask).all("connection").isEmpty)
        #expect(relay("HTTP/1.1 200 OK\nContent-Length: 1", old).all("connection") == ["keep-alive"])
        #expect(relay("HTTP/1.1 200 OK", ask).all("connection") == ["close"])
        #expect(relay("HTTP/1.0 200 OK\nContent-Length: 1", ask).all("via") == ["1.0 gatehouse"])
    }

    @Test func `chunks go to HTTP 1_1, and to HTTP 1_0 payload until the end`() {
        let chunked = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked"
        let sent = relay(chunked, ask)
        #expect(sent.framing(forRequestMethod: .get) == .chunked && sent.all("connection").isEmpty)
        let plain = relay(chunked, old)
        #expect(plain.all("transfer-encoding").isEmpty && plain.all("connection") == ["close"])
        #expect(ResponsePlan(request: old, framing: .chunked).nextHop == .payload)
        #expect(ResponsePlan(request: ask, framing: .chunked).nextHop == .sameFraming)
    }

    @Test func `HEAD and 304 keep what they say of the body, 204 has nothing to say`() {
        #expect(relay("HTTP/1.1 200 OK\nContent-Length: 9", headOnly).all("content-length") == ["9"])
        #expect(relay("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", headOnly).all("transfer-encoding") == ["chunked"])
        #expect(relay("HTTP/1.1 304 X\nContent-Length: 9", ask).all("content-length") == ["9"])
        #expect(relay("HTTP/1.1 204 X\nContent-Length: 0", ask).all("content-length").isEmpty)
        #expect(relay("HTTP/1.1 200 OK", headOnly).all("connection").isEmpty)
    }

    @Test func `a verdict rides on the refusal`() {
        let sent = relay("HTTP/1.1 403 Forbidden\nContent-Length: 0", ask, verdict: bytes("origin-not-allowed; id=1"))
        #expect(sent.all("gatehouse-verdict") == ["origin-not-allowed; id=1"])
        #expect(relay("HTTP/1.1 403 X\nContent-Length: 0", ask, verdict: bytes("a\r\nEvil: 1")).all("evil").isEmpty)
    }

    @Test func `a 426 keeps saying what to upgrade to`() {
        let sent = relay(
            "HTTP/1.1 426 Upgrade Required\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nContent-Length: 0",
            ask, keeps: false)
        #expect(sent.all("upgrade") == ["websocket"] && sent.all("connection") == ["close, Upgrade"])
        #expect(sent.all("sec-websocket-version") == ["13"])
    }

    @Test func `the 101 goes on with its proof and nothing of the connection`() {
        let head = responseHead(
            "HTTP/1.1 101 Switching Protocols\nUpgrade: WebSocket\nConnection: upgrade, x-y\nX-Y: 1\nSec-WebSocket-Accept: z\nKeep-Alive: 1"
        )
        var writer = HeadWriter()
        ResponseForwarding.writeUpgrade(head, toRequest: ask, into: &writer)
        let sent = ResponseHead(copy: writer.bytes)
        #expect(sent.lines == ["upgrade: websocket", "connection: Upgrade", "sec-websocket-accept: z", "via: 1.1 gatehouse"])
        #expect(sent.status == 101)
    }

    @Test func `D22 interim responses go to HTTP 1_1 only, and not without end`() {
        let hints = responseHead("HTTP/1.1 103 Early Hints\nLink: </a>\nConnection: x\nContent-Length: 3")
        var writer = HeadWriter()
        let toNew = ResponseForwarding.writeInterim(hints, toRequest: ask, into: &writer)
        #expect(toNew && ResponseHead(copy: writer.bytes).lines == ["link: </a>"])
        let toOld = ResponseForwarding.writeInterim(hints, toRequest: old, into: &writer)
        #expect(!toOld && writer.bytes.isEmpty)
        #expect(ResponseForwarding.fault(of: hints, forUpgrade: false, interimCount: 9) == nil)
        #expect(ResponseForwarding.fault(of: hints, forUpgrade: false, interimCount: 10) == .tooManyInterim)
    }

    @Test func `C9 D18 what must not go on has a fault with a name`() {
        let switched = responseHead("HTTP/1.1 101 X\nUpgrade: websocket\nConnection: Upgrade")
        #expect(ResponseForwarding.fault(of: switched, forUpgrade: false) == .switchingProtocolsUnasked)
        #expect(ResponseForwarding.fault(of: switched, forUpgrade: true) == nil)
        let long = responseHead("HTTP/1.1 101 X\nContent-Length: 5")
        #expect(ResponseForwarding.fault(of: long, forUpgrade: true) == .switchingProtocolsWithLength)
        let both = responseHead("HTTP/1.1 200 OK\nContent-Length: 5\nTransfer-Encoding: chunked")
        #expect(ResponseForwarding.fault(of: both, forUpgrade: false)?.name == "transfer_encoding_with_content_length")
        #expect(ResponseForwarding.fault(of: responseHead("HTTP/1.1 200 OK"), forUpgrade: false) == nil)
    }

    @Test func `D18 a backend's connection is kept only if the next response can be told from this one`() {
        func keeps(_ text: String, _ method: HTTPMethod = .get) -> Bool {
            ResponseForwarding.keepsUpstream(responseHead(text), requestMethod: method)
        }
        #expect(keeps("HTTP/1.1 200 OK\nContent-Length: 1") && keeps("HTTP/1.1 200 OK\nTransfer-Encoding: chunked"))
        #expect(!keeps("HTTP/1.1 200 OK") && keeps("HTTP/1.1 200 OK", .head) && keeps("HTTP/1.1 204 No"))
        #expect(!keeps("HTTP/1.1 200 OK\nContent-Length: 1\nConnection: close") && !keeps("HTTP/1.0 200 OK\nContent-Length: 1"))
        #expect(!keeps("HTTP/1.1 204 No\nContent-Length: 5"))
    }
}
