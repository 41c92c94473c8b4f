import HTTPWire
import TestSupport
import Testing
import Wire

/// RFC 9112 §4 and §6.3; threats D18.
@Suite struct ResponseHeadTests {
    @Test func `a response is taken apart by ranges`() {
        let head = response("HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\nServer: x")
        #expect(head.faults.isEmpty && head.status == 101 && head.version == .http11)
        #expect(head.text(head.reasonRange) == "Switching Protocols")
        #expect(head.connection == .upgrade && head.contains(token: "websocket", in: .upgrade))
        #expect(!head.isInterim && response("HTTP/1.1 103 Early Hints").isInterim)
        #expect(head.text(head.lineRange) == "HTTP/1.1 101 Switching Protocols")
    }

    @Test func `the reason may be empty, and even its blank may be missing`() {
        #expect(response("HTTP/1.1 200 ").faults.isEmpty)
        let bare = response("HTTP/1.0 200")
        #expect(bare.kinds == [.reasonSeparatorMissing] && bare.isForwardable && bare.status == 200)
        #expect(bare.reasonRange.isEmpty && bare.version == .http10)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\nContent-Length: 3", HTTPMethod.get, BodyFraming.contentLength(3)),
        ("HTTP/1.1 200 OK\nContent-Length: 3", .head, .none),
        ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", .get, .chunked), ("HTTP/1.1 200 OK", .get, .untilClose),
        ("HTTP/1.1 304 Not Modified\nContent-Length: 3", .get, .none), ("HTTP/1.1 204 No Content", .get, .none),
        ("HTTP/1.1 100 Continue", .post, .none), ("HTTP/1.1 101 Switching", .get, .none),
    ])
    func `the end of the body follows from status, method and fields`(
        _ text: String, _ method: HTTPMethod, _ framing: BodyFraming
    ) {
        let head = response(text)
        #expect(head.faults.isEmpty && head.framing(forRequestMethod: method) == framing)
    }

    @Test(arguments: [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            HeadFault.Kind.transferEncodingWithContentLength
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", .contentLengthRepeated),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", .contentLengthRepeated),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .contentLengthInvalid),
        ("HTTP/1.1 204 No\r\nContent-Length: x\r\n\r\n", .contentLengthInvalid),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInHTTP10),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .transferEncodingUnsupported),
        ("HTTP/1.1 200 OK\r\nX: a\0\r\n\r\n", .nulOctet), ("HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200 O\0K\r\n\r\n", .nulOctet), ("HTTP/1.1 200 O\rK\r\n\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200 OK\r\nX: a\r\n fold\r\n\r\n", .obsoleteLineFolding),
        ("HTTP/1.1 200 OK\r\nX : a\r\n\r\n", .blankBeforeColon), ("HTTP/1.1 200 OK\nX: a\n\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\r\n", .headNotTerminated), ("HTTP/1.1 20 OK\r\n\r\n", .statusInvalid),
        ("HTTP/1.1 2000 OK\r\n\r\n", .statusInvalid), ("HTTP/1.1 099 OK\r\n\r\n", .statusInvalid),
        ("HTTP/1.1 600 OK\r\n\r\n", .statusInvalid), ("HTTP/1.1  200 OK\r\n\r\n", .statusInvalid),
        ("HTTP/1.1 2x0 OK\r\n\r\n", .statusInvalid), ("HTTP/2.0 200 OK\r\n\r\n", .versionUnsupported),
        ("ICY 200 OK\r\n\r\n", .versionInvalid), ("\r\n", .headEmpty),
    ])
    func `D18 a response that readers could take differently is never forwarded`(
        _ raw: String, _ kind: HeadFault.Kind
    ) {
        let head = ResponseHead(copy: bytes(raw))
        #expect(head.faults.contains { $0.kind == kind }, "found \(head.kinds)")
        #expect(!head.isForwardable)
        if kind.severity == .ambiguousFraming {
            guard case .invalid = head.framing(forRequestMethod: .head) else {
                Issue.record("framing \(head.framing(forRequestMethod: .head))")
                return
            }
        }
    }

    @Test func `a length where no body may be is odd`() {
        #expect(response("HTTP/1.1 204 No\nContent-Length: 5").kinds == [.lengthWithoutBody])
        #expect(response("HTTP/1.1 101 X\nTransfer-Encoding: chunked").kinds == [.lengthWithoutBody])
        #expect(response("HTTP/1.1 204 No\nContent-Length: 0").kinds == [])
    }
}
