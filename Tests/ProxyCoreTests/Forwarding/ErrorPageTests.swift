import HTTPWire
import ProxyCore
import TestSupport
import Testing
import Wire

/// Threats D19, G9: our own answers are valid, traceable, and hold no markup of anybody else.
@Suite struct ErrorPageTests {
    private let session = SessionID(0x0123_4567_89AB_CDEF)

    /// Head and content of a page, the head known to be valid.
    private func parts(_ page: [UInt8]) throws -> (ResponseHead, String) {
        var scanner = HeadScanner(limit: page.count)
        guard case .complete(let length) = scanner.scan(page.span.bytes) else {
            Issue.record("no end of head")
            return (responseHead("HTTP/1.1 500 X"), "")
        }
        let head = ResponseHead(copy: Array(page[..<length]))
        #expect(head.faults.isEmpty)
        return (head, String(decoding: page[length...], as: UTF8.self))
    }

    @Test(arguments: [400, 401, 403, 404, 405, 408, 413, 414, 417, 421, 426, 429, 431, 500, 501, 502, 503, 504, 505, 418])
    func `each status has a valid page of the length that it says, with id and reason`(_ status: Int) throws {
        let page = ErrorPage.response(status: status, reason: "some_reason", session: session, request: nil, cause: "some-cause")
        let (head, content) = try parts(page)
        #expect(head.status == status && head.framing(forRequestMethod: .get) == .contentLength(UInt64(content.utf8.count)))
        #expect(content.contains("\(session)") && content.contains("some_reason") && content.contains("some-cause"))
        #expect(content.contains(ErrorPage.escapedForHTML(ErrorPage.sentence(status))) && head.connection.contains(.close))
        #expect(head.all("gatehouse-verdict") == ["some-cause; id=\(session)"])
        #expect(head.all("retry-after").isEmpty == !(status == 503 || status == 429))
        #expect(head.all("allow").isEmpty == (status != 405))
        #expect(head.all("sec-websocket-version") == (status == 426 ? ["13"] : []))
    }

    @Test func `JSON for those who prefer it, and no content for HEAD`() throws {
        let json = requestHead("GET / HTTP/1.1\nHost: a\nAccept: application/json")
        let (head, content) = try parts(
            ErrorPage.response(status: 503, reason: "r", session: session, request: json, retryAfter: 7))
        #expect(head.all("content-type") == ["application/json; charset=utf-8"] && head.all("retry-after") == ["7"])
        #expect(
            content
                == "{\"status\":503,\"title\":\"Service Unavailable\",\"reason\":\"r\",\"message\":\"The application can't be reached at the moment; try again later.\",\"session\":\"\(session)\"}\n"
        )
        let only = requestHead("HEAD / HTTP/1.1\nHost: a")
        let (bare, none) = try parts(ErrorPage.response(status: 404, reason: "r", session: session, request: only))
        #expect(none.isEmpty && bare.all("content-length") != ["0"])
    }

    @Test func `everything is escaped, and no value splits the head`() throws {
        let evil = "<img src=x onerror='a()'>\"&\r\nEvil: 1\u{1B}\u{2028}"
        var page = ErrorPage(status: 502, reason: evil, session: session)
        page.cause = evil
        page.sentence = evil
        page.fields = [("X", "a\r\nEvil: 1"), ("Bad Name", "1"), ("Good", "1")]
        for accept in ["text/html", "application/json"] {
            var writer = HeadWriter()
            page.write(to: requestHead("GET / HTTP/1.1\nHost: a\nAccept: \(accept)"), keepsConnection: true, into: &writer)
            let (head, content) = try parts(writer.bytes)
            #expect(head.all("evil").isEmpty && head.all("x").isEmpty && head.all("good") == ["1"])
            #expect(head.all("gatehouse-verdict").isEmpty && head.all("connection").isEmpty)
            #expect(!content.contains("<img") && !content.unicodeScalars.contains("\u{1B}"))
            #expect(!content.unicodeScalars.contains("\u{2028}") || accept == "text/html")
        }
    }

    @Test func `the field says how sure the verdict is`() throws {
        var page = ErrorPage(status: 403, reason: "r", session: session)
        page.cause = "some-cause"
        page.confidence = "possible"
        var writer = HeadWriter()
        page.write(to: nil, keepsConnection: false, into: &writer)
        #expect(try parts(writer.bytes).0.all("gatehouse-verdict") == ["some-cause; id=\(session); confidence=possible"])
    }

    @Test func `426 and HTTP 1_0 get the Connection that they need`() throws {
        var page = ErrorPage(status: 426, reason: "r", session: session)
        page.fields = [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
        var writer = HeadWriter()
        page.write(to: nil, keepsConnection: false, into: &writer)
        let (head, _) = try parts(writer.bytes)
        #expect(head.all("upgrade") == ["websocket"] && head.all("sec-websocket-version") == ["13"])
        #expect(head.all("connection") == ["close, Upgrade"])
        page.status = 404
        page.write(to: requestHead("GET / HTTP/1.0\nHost: a"), keepsConnection: true, into: &writer)
        #expect(try parts(writer.bytes).0.all("connection") == ["keep-alive"])
    }
}
