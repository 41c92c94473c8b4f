import HTTPWire
import ProxyCore
import TestSupport
import Testing

/// RFC 9110 §6.5.1; threat D11.
@Suite struct TrailerForwardingTests {
    private let head = responseHead("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nConnection: X-Hop")

    private func passed(_ lines: String...) -> [String] {
        let section = lines.map { $0 + "\r\n" }.joined()
        let passed = TrailerForwarding.lines(of: Array(section.utf8), behind: head)
        return String(decoding: passed, as: UTF8.self).split(separator: "\r\n").map(String.init)
    }

    @Test func `checksums, signatures and statuses go on in their order and case`() {
        let safe = [
            "X-Checksum: abc", "Digest: sha-256=x", "grpc-status: 0", "grpc-message: ok: fine", "Server-Timing: db;dur=53",
            "ETag: \"x\"",
            "Signature: sig=:x:", "X-Empty:",
        ]
        #expect(
            TrailerForwarding.lines(of: bytes(safe.map { $0 + "\r\n" }.joined()), behind: head).elementsEqual(
                bytes(safe.map { $0 + "\r\n" }.joined())))
    }

    @Test(
        arguments: [
            "Transfer-Encoding: chunked", "Content-Length: 5", "Host: evil", "Trailer: x", "TE: trailers", "Connection: close",
            "Upgrade: x",
            "Keep-Alive: x", "Proxy-Authenticate: x", "Authorization: x", "WWW-Authenticate: x", "Cookie: a=b", "Set-Cookie: a=b",
            "Content-Type: text/html", "Content-Encoding: gzip", "Content-Range: x", "Content-Security-Policy: x",
            "Cache-Control: x",
            "Expect: 100-continue", "Max-Forwards: 1", "If-Match: x", "Range: x", "Age: 1", "Date: x", "Expires: x", "Location: /",
            "Retry-After: 1", "Vary: x", "Via: x", "X-Forwarded-For: 1.2.3.4", "x_forwarded_for: 1.2.3.4", "Forwarded: for=x",
            "X-Real-IP: 1", "X_Cluster_Client_IP: 1", "True-Client-IP: 1", "Sec-WebSocket-Accept: x", "Sec-Fetch-Site: x",
            "Origin: x", "Access-Control-Allow-Origin: *",
            "X-User: root",
            "X_Original_URL: /", "X-HTTP-Method-Override: DELETE", "Gatehouse-Verdict: x", "hOsT: evil", "X-Hop: 1",
            "content_length: 5",
        ])
    func `what frames, routes, identifies or explains the content stays behind`(_ line: String) {
        #expect(passed("X-Before: 1", line, "X-Behind: 2") == ["X-Before: 1", "X-Behind: 2"])
    }

    @Test func `what the configuration removes is removed behind the body, too, in every spelling`() throws {
        let removed = try ["X-Tenant", "X_User_Id", "ETag"].map { try #require(FieldName($0)) }
        let section = bytes("X-Tenant: evil\r\nx_TENANT: evil\r\nX-User-ID: root\r\nX_User_Id: root\r\nETag: x\r\nX-Tenants: 1\r\n")
        #expect(TrailerForwarding.lines(of: section, behind: head, without: removed) == bytes("X-Tenants: 1\r\n"))
        let announcing = requestHead(
            "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nTrailer: X-Sum, X-Tenant, X-User, x_scope")
        var told = context(announcing)
        told.removed = removed
        told.extra = try ["X-User", "X-Scope"].map { .init(name: try #require(FieldName($0)), value: bytes("ann")) }
        let sent = try #require(forwarded(announcing, told))
        #expect(sent.all("trailer") == ["X-Sum"])
    }

    @Test func `trailers are taken by who says so in HTTP 1_1`() {
        #expect(TrailerForwarding.isAccepted(by: requestHead("GET / HTTP/1.1\nHost: a\nTE: trailers")))
        #expect(TrailerForwarding.isAccepted(by: requestHead("GET / HTTP/1.1\nHost: a\nTE: gzip;q=0.5, Trailers")))
        #expect(!TrailerForwarding.isAccepted(by: requestHead("GET / HTTP/1.1\nHost: a\nTE: gzip")))
        #expect(!TrailerForwarding.isAccepted(by: requestHead("GET / HTTP/1.1\nHost: a")))
        #expect(!TrailerForwarding.isAccepted(by: requestHead("GET / HTTP/1.0\nTE: trailers")))
    }

    @Test func `the wish for trailers goes upstream as ours, and what is announced loses what stays behind`() throws {
        let head = requestHead(
            "POST / HTTP/1.1\nHost: a\nTE: trailers, gzip\nConnection: TE\nTransfer-Encoding: chunked\nTrailer: X-Sum, Host, X-Two")
        let sent = try #require(forwarded(head, context(head)))
        #expect(sent.all("te") == ["trailers"] && sent.all("connection") == ["TE"])
        #expect(sent.all("trailer") == ["X-Sum, X-Two"])
    }

    @Test func `a response announces trailers to those who take them`() {
        let response = responseHead("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: X-Sum, Set-Cookie")
        func told(_ request: RequestHead) -> (forwards: Bool, announced: [String]) {
            let plan = ResponsePlan(request: request, framing: response.framing(forRequestMethod: request.method))
            var writer = HeadWriter()
            ResponseForwarding.write(response, toRequest: request, plan: plan, keepsConnection: true, into: &writer)
            return (plan.forwardsTrailers, ResponseHead(copy: writer.bytes).all("trailer"))
        }
        let taker = told(requestHead("GET / HTTP/1.1\nHost: a\nTE: trailers"))
        #expect(taker.forwards && taker.announced == ["X-Sum"])
        let other = told(requestHead("GET / HTTP/1.1\nHost: a"))
        #expect(!other.forwards && other.announced.isEmpty)
        let old = told(requestHead("GET / HTTP/1.0\nTE: trailers"))
        #expect(!old.forwards && old.announced.isEmpty)
    }
}
