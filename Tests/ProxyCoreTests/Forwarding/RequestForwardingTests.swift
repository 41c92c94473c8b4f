import HTTPWire
import ProxyCore
import TestSupport
import Testing
import Wire

/// RFC 9110 §7.6, RFC 9112 §3.2; threats A15, A16, B18–B20, C7, C8, D14, D17, D19.
@Suite struct RequestForwardingTests {
    private func send(_ text: String, _ change: (inout ForwardingContext) -> Void = { _ in }) -> RequestHead? {
        let head = requestHead(text)
        var context = context(head)
        change(&context)
        let sent = forwarded(head, context)
        if let sent { #expect(sent.faults.isEmpty, "\(sent.faults.map(\.kind))") }
        return sent
    }

    @Test func `a plain request goes on with its fields in order and ours behind them`() throws {
        let sent = try #require(send("GET /a?b HTTP/1.1\nHost: App:81\nConnection: keep-alive\nAccept:  */* \nCookie: a=b"))
        #expect(sent.text(sent.lineRange) == "GET /a?b HTTP/1.1")
        #expect(
            sent.lines == [
                "host: App:81", "accept: */*", "cookie: a=b", "x-forwarded-for: 203.0.113.7", "x-forwarded-proto: http",
                "x-forwarded-host: App:81", "x-forwarded-port: 8080",
                "forwarded: for=203.0.113.7;host=\"App:81\";proto=http", "via: 1.1 gatehouse",
            ])
    }

    @Test func `D17 fields of the connection stay behind`() throws {
        let sent = try #require(
            send(
                """
                GET / HTTP/1.1
                Host: a
                Connection: close, X-Private , keep-alive
                Connection: x-other
                Keep-Alive: timeout=5
                Proxy-Connection: keep-alive
                Proxy-Authorization: Basic x
                Proxy-Authenticate: x
                TE: gzip
                Trailer: X-Sum
                X-Private: 1
                X-OTHER: 2
                X-Kept: 3
                Via: 1.0 before
                """))
        #expect(sent.lines.prefix(3) == ["host: a", "x-kept: 3", "via: 1.0 before"])
        #expect(sent.all("via") == ["1.0 before", "1.1 gatehouse"])
        for name in [
            "connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "te", "trailer",
            "x-private", "x-other",
        ] {
            #expect(sent.all(name).isEmpty, "\(name)")
        }
    }

    @Test func `B19 a client can't strip our fields, its Host or its framing through Connection`() throws {
        let sent = try #require(
            send(
                "POST / HTTP/1.1\nHost: a\nContent-Length: 3\nConnection: X-Forwarded-For, Forwarded, Via, Host, Content-Length, close"
            ))
        #expect(sent.all("x-forwarded-for") == ["203.0.113.7"] && sent.all("forwarded").count == 1)
        #expect(sent.all("via") == ["1.1 gatehouse"] && sent.all("host") == ["a"])
        #expect(sent.framing == .contentLength(3))
    }

    @Test(arguments: [
        "X-Forwarded-For", "X_Forwarded_For", "x_forwarded-FOR", "X-Forwarded-Proto", "X-Real-IP", "X_Real_IP", "Forwarded",
        "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "x_forwarded_ssl", "X-Forwarded-Scheme", "Proxy",
    ])
    func `B18 B20 what an untrusted client says of itself is replaced, in every spelling`(_ name: String) throws {
        let sent = try #require(send("GET / HTTP/1.1\nHost: a\n\(name): evil"))
        #expect(!sent.lines.contains { $0.contains("evil") })
        #expect(sent.all("x-forwarded-for") == ["203.0.113.7"])
    }

    @Test(arguments: [
        "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "cf-connecting-ipv6", "CF-Pseudo-IPv4", "Fastly-Client-IP",
        "Fly-Client-IP",
        "X-Client-IP", "X_Client_IP", "X-Cluster-Client-IP", "x_cluster-client_ip", "Akamai-Client-IP", "X-Azure-ClientIP",
        "X-Envoy-External-Address", "X-Vercel-Forwarded-For", "CloudFront-Viewer-Address", "X-Original-Forwarded-For",
        "X-Remote-Addr",
        "Client-IP", "Forwarded-For", "X-Forwarded", "X-Nf-Client-Connection-IP", "DO-Connecting-IP", "WL-Proxy-Client-IP",
    ])
    func `B20 fields that name a client's address pass from a trusted proxy and from nobody else`(_ name: String) throws {
        let text = "GET / HTTP/1.1\nHost: a\nX-Before: 1\n\(name): 198.51.100.9\nX-Behind: 2"
        let stranger = try #require(send(text))
        #expect(!stranger.lines.contains { $0.contains("198.51.100.9") })
        #expect(stranger.lines.prefix(3) == ["host: a", "x-before: 1", "x-behind: 2"])
        let head = requestHead(text)
        let sent = try #require(forwarded(head, context(head, peer: edge)))
        #expect(sent.all(name.lowercased()) == ["198.51.100.9"])
        #expect(sent.all("x-forwarded-for") == ["10.0.0.1"], "the edge's own word begins the list, not the field")
    }

    @Test(arguments: [
        "X-Skip", "X-Zip", "Client-Zip", "X-Tip", "X-Customer", "X-Sort-Order", "True-Client-Id", "X-User-IPs", "IP", "P",
    ])
    func `names that only end so go on`(_ name: String) throws {
        let sent = try #require(send("GET / HTTP/1.1\nHost: a\n\(name): 1"))
        #expect(sent.all(name.lowercased()) == ["1"])
    }

    @Test func `B20 what else a trusted edge says of itself goes on, and lookalikes of the family too`() throws {
        let head = requestHead("GET / HTTP/1.1\nHost: a\nX-Forwarded-Prefix: /app\nX-Forward: 1\nProxy: http://evil")
        let sent = try #require(forwarded(head, context(head, peer: edge)))
        #expect(sent.all("x-forwarded-prefix") == ["/app"] && sent.all("x-forward") == ["1"] && sent.all("proxy").isEmpty)
        #expect(
            send("GET / HTTP/1.1\nHost: a\nX-Forward: 1\nProxy-Name: x")?.lines.prefix(3) == [
                "host: a", "x-forward: 1", "proxy-name: x",
            ])
    }

    @Test func `B19 a client can't strip its handshake of what was judged`() throws {
        let sent = try #require(
            send(
                "GET / HTTP/1.1\nHost: a\nUpgrade: websocket\nConnection: Upgrade, Sec-WebSocket-Key, Sec-WebSocket-Version, Origin\nSec-WebSocket-Key: k\nSec-WebSocket-Version: 13\nOrigin: https://a"
            ) { $0.isWebSocketUpgrade = true })
        #expect(sent.all("sec-websocket-key") == ["k"] && sent.all("sec-websocket-version") == ["13"] && sent.all("origin").isEmpty)
    }

    @Test(arguments: ["X-User", "x_user", "X_USER", "X-Auth_Group"])
    func `B18 identity fields of the configuration are removed in every spelling and set anew`(_ name: String) throws {
        let user = try #require(FieldName("X-User"))
        let group = try #require(FieldName("X-Auth-Group"))
        let sent = try #require(
            send("GET / HTTP/1.1\nHost: a\n\(name): admin\nX-Users: kept") {
                $0.removed = [group]
                $0.extra = [.init(name: user, value: bytes("alice"))]
            })
        #expect(sent.all("x-user") == ["alice"] && sent.all("x-users") == ["kept"])
        #expect(!sent.lines.contains { $0.contains("admin") })
    }

    @Test func `A16 fields that name another path are removed`() throws {
        let sent = try #require(
            send("GET / HTTP/1.1\nHost: a\nX-Original-URL: /admin\nX-Rewrite-URL: /admin\nX_Original_URL: /admin"))
        #expect(!sent.lines.contains { $0.contains("admin") })
    }

    @Test func `B20 a trusted peer's lists go on with one more hop, and its word stands`() throws {
        let head = requestHead(
            """
            GET / HTTP/1.1
            Host: internal:80
            X-Forwarded-For: 198.51.100.1, 10.0.0.9
            X-Forwarded-For: 10.0.0.8
            X-Forwarded-Proto: https
            X-Forwarded-Host: app.example
            """)
        let sent = try #require(forwarded(head, context(head, peer: edge)))
        #expect(sent.all("x-forwarded-for") == ["198.51.100.1, 10.0.0.9, 10.0.0.8, 10.0.0.1"])
        #expect(sent.all("x-forwarded-proto") == ["https"] && sent.all("x-forwarded-host") == ["app.example"])
        #expect(sent.all("x-forwarded-port") == ["443"])
        #expect(
            sent.all("forwarded") == [
                "for=198.51.100.1;host=app.example;proto=https, for=10.0.0.9, for=10.0.0.8, for=10.0.0.1;host=\"internal:80\";proto=http"
            ])
    }

    @Test func `B20 a client's Forwarded doesn't pass an edge that keeps up X-Forwarded-For`() throws {
        let head = requestHead(
            "GET / HTTP/1.1\nHost: a\nForwarded: for=10.9.9.9;proto=https;host=evil\nX-Forwarded-For: 198.51.100.1\nX-Forwarded-Proto: http"
        )
        let sent = try #require(forwarded(head, context(head, peer: edge)))
        #expect(sent.all("x-forwarded-for") == ["198.51.100.1, 10.0.0.1"] && sent.all("x-forwarded-proto") == ["http"])
        #expect(sent.all("forwarded") == ["for=198.51.100.1;proto=http, for=10.0.0.1;host=a;proto=http"])
    }

    @Test func `B20 a list of Forwarded alone gives X-Forwarded-For too`() throws {
        let head = requestHead("GET / HTTP/1.1\nHost: a\nForwarded: for=\"[2001:db8::1]:9\";proto=https, for=unknown")
        let sent = try #require(forwarded(head, context(head, peer: edge)))
        #expect(sent.all("x-forwarded-for") == ["2001:db8::1, unknown, 10.0.0.1"])
        #expect(
            sent.all("forwarded") == [
                "for=\"[2001:db8::1]:9\";proto=https, for=unknown, for=10.0.0.1;host=a;proto=http"
            ])
    }

    @Test func `an IPv6 client is written as RFC 7239 asks`() throws {
        let head = requestHead("GET / HTTP/1.1\nHost: a")
        let peer = try #require(SocketAddress(host: "2001:db8::7", port: 1))
        let sent = try #require(forwarded(head, context(head, peer: peer, isSecure: true)))
        #expect(sent.all("x-forwarded-for") == ["2001:db8::7"] && sent.all("x-forwarded-proto") == ["https"])
        #expect(sent.all("forwarded") == ["for=\"[2001:db8::7]\";host=a;proto=https"])
    }

    @Test func `C7 h2c is not asked for any further`() throws {
        let sent = try #require(
            send("GET / HTTP/1.1\nHost: a\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMA"))
        #expect(sent.lines.prefix(1) == ["host: a"])
        #expect(sent.all("upgrade").isEmpty && sent.all("connection").isEmpty && sent.all("http2-settings").isEmpty)
    }

    @Test(arguments: ["Upgrade: websocket", "Upgrade: WebSocket, h2c", "Upgrade: h2c\nUpgrade: websocket"])
    func `C8 websocket is the only protocol that is ever sent on`(_ field: String) throws {
        let sent = try #require(
            send("GET /ws HTTP/1.1\nHost: a\nConnection: keep-alive, Upgrade\n\(field)\nSec-WebSocket-Key: x") {
                $0.isWebSocketUpgrade = true
            })
        #expect(sent.all("upgrade") == ["websocket"] && sent.all("connection") == ["Upgrade"])
        #expect(sent.all("sec-websocket-key") == ["x"])
        let plain = try #require(send("GET /ws HTTP/1.1\nHost: a\nConnection: Upgrade\n\(field)"))
        #expect(plain.all("upgrade").isEmpty && plain.all("connection").isEmpty)
    }

    @Test func `D14 absolute form becomes origin form, and its host replaces Host`() throws {
        let sent = try #require(send("GET http://real.example:81/x?y HTTP/1.1\nHost: other"))
        #expect(sent.text(sent.lineRange) == "GET /x?y HTTP/1.1" && sent.all("host") == ["real.example:81"])
        #expect(sent.all("x-forwarded-host") == ["real.example:81"])
        #expect(send("GET http://a HTTP/1.1\nHost: a").map { $0.text($0.targetRange) } == "/")
        #expect(send("GET http://a?q HTTP/1.1\nHost: a").map { $0.text($0.targetRange) } == "/?q")
        #expect(send("OPTIONS http://a HTTP/1.1\nHost: a").map { $0.text($0.targetRange) } == "*")
        #expect(send("OPTIONS * HTTP/1.1\nHost: a").map { $0.text($0.targetRange) } == "*")
    }

    @Test func `D14 CONNECT is refused with 405, and a faulty head with its own status`() {
        let connect = requestHead("CONNECT a:443 HTTP/1.1\nHost: a")
        #expect(RequestForwarding.refusal(of: connect)?.status == 405)
        let bad = requestHead("POST / HTTP/1.1\nHost: a\nContent-Length: 1\nTransfer-Encoding: chunked")
        #expect(RequestForwarding.refusal(of: bad)?.status == 400)
        #expect(RequestForwarding.refusal(of: bad)?.name == "transfer_encoding_with_content_length")
        #expect(send("CONNECT a:443 HTTP/1.1\nHost: a") == nil)
        #expect(RequestForwarding.refusal(of: requestHead("GET / HTTP/1.1\nHost: a")) == nil)
    }

    @Test func `D1 whatever is refused leaves nothing in the writer`() {
        let bad = requestHead("POST / HTTP/1.1\nHost: a\nContent-Length: x")
        var writer = HeadWriter()
        writer.statusLine(200, reason: "OK")
        let isWritten = RequestForwarding.write(bad, context: context(bad), into: &writer)
        #expect(!isWritten && writer.bytes.isEmpty)
    }

    @Test func `framing is restated from what was parsed`() throws {
        let length = try #require(send("POST / HTTP/1.1\nHost: a\nContent-Length: 007"))
        #expect(length.all("content-length") == ["7"])
        let chunked = try #require(send("POST / HTTP/1.1\nHost: a\nTransfer-Encoding:  CHUNKED"))
        #expect(chunked.all("transfer-encoding") == ["chunked"])
    }

    @Test func `D21 an expectation goes on unless it was answered`() throws {
        let text = "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nExpect: 100-CONTINUE"
        #expect(try #require(send(text)).all("expect") == ["100-continue"])
        #expect(try #require(send(text) { $0.forwardsExpect = false }).all("expect").isEmpty)
        #expect(try #require(send("GET / HTTP/1.1\nHost: a\nExpect: 100-continue")).all("expect").isEmpty)
        #expect(try #require(send("POST / HTTP/1.0\nHost: a\nContent-Length: 1\nExpect: 100-continue")).all("expect").isEmpty)
    }

    @Test func `Host is rewritten where the route says so, and never by octets that end a line`() throws {
        let sent = try #require(send("GET / HTTP/1.1\nHost: a") { $0.host = .rewrite(bytes("backend:8000")) })
        #expect(sent.all("host") == ["backend:8000"] && sent.all("x-forwarded-host") == ["a"])
        #expect(send("GET / HTTP/1.1\nHost: a") { $0.host = .rewrite(bytes("a\r\nX: y")) } == nil)
        #expect(send("GET / HTTP/1.1\nHost: a") { $0.host = .rewrite([]) } == nil)
        let old = try #require(send("GET / HTTP/1.0") { $0.defaultHost = bytes("fallback") })
        #expect(old.all("host") == ["fallback"] && old.all("via") == ["1.0 gatehouse"] && old.version == .http11)
    }

    @Test(arguments: [
        ("/app", "/", "/"), ("/app/x?q=1", "/", "/x?q=1"), ("/apple", "/", "/apple"), ("/app/x", "/v2", "/v2/x"),
        ("/app", "/v2/", "/v2/"), ("/app/x", "/v2/", "/v2/x"),
    ])
    func `the path's prefix is replaced at segment borders, the query stays`(_ target: String, _ to: String, _ expected: String)
        throws
    {
        let sent = try #require(
            send("GET \(target) HTTP/1.1\nHost: a") {
                $0.rewrite = to == "/" ? .strip(prefix: bytes("/app")) : .replace(prefix: bytes("/app"), with: bytes(to))
            })
        #expect(sent.text(sent.targetRange) == expected)
    }

    @Test func `A15 the backend gets the path by which was decided`() throws {
        let sent = try #require(send("GET /%61dmin?x=%61 HTTP/1.1\nHost: a") { $0.canonicalPath = bytes("/admin") })
        #expect(sent.text(sent.targetRange) == "/admin?x=%61")
        let same = try #require(send("GET /admin?x HTTP/1.1\nHost: a") { $0.canonicalPath = bytes("/admin") })
        #expect(same.text(same.targetRange) == "/admin?x")
    }

    @Test func `an upstream connection that isn't kept is closed`() throws {
        #expect(try #require(send("GET / HTTP/1.1\nHost: a") { $0.keepsUpstream = false }).all("connection") == ["close"])
    }

    @Test func `D19 extra fields can't split the head`() throws {
        let name = try #require(FieldName("X-Team"))
        let sent = try #require(send("GET / HTTP/1.1\nHost: a") { $0.extra = [.init(name: name, value: bytes("x\r\nEvil: 1"))] })
        #expect(sent.all("evil").isEmpty && sent.all("x-team").isEmpty)
    }

    @Test func `whatever a client sends, what leaves is one valid request or nothing`() {
        let good = bytes(
            "POST /a/b?c HTTP/1.1\r\nHost: a\r\nConnection: x, y\r\nX: 1\r\nX_Forwarded_For: 2\r\nContent-Length: 5\r\nVia: 1.1 z\r\n\r\n"
        )
        var random = SplitMix64(seed: 77)
        let odd = bytes("\r\n\0 \t:,;_-xX0\"\\", 0x80)
        for _ in 0..<3000 {
            var mutant = good
            for _ in 0...(random.next() % 3) {
                let at = Int(random.next() % UInt64(mutant.count))
                if random.next() % 2 == 0 {
                    mutant[at] = odd[Int(random.next() % UInt64(odd.count))]
                } else {
                    mutant.insert(odd[Int(random.next() % UInt64(odd.count))], at: at)
                }
            }
            let head = RequestHead(copy: mutant)
            guard let sent = forwarded(head, context(head)) else {
                #expect(!head.isForwardable)
                continue
            }
            #expect(sent.isForwardable, "\(mutant.printable(0..<mutant.count)) → \(sent.faults.map(\.kind))")
            #expect(sent.framing == head.framing)
            #expect(sent.count(of: .host) == 1)
        }
    }
}
