import Testing

extension Integration {
    /// Requests that must not be understood one way here and another way there: threats.md D1 to D18.
    ///
    /// Each is answered by Gatehouse, the connection ends, and the backend never hears of it.
    @Suite struct BadRequestTests {
        private static func post(_ lines: String..., body: String = "hello") -> String {
            "POST / HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n" + body
        }

        private static func head(_ lines: String...) -> String { lines.map { $0 + "\r\n" }.joined() + "\r\n" }

        /// What is wrong, the request, and the statuses that say so.
        static let requests: [(what: String, request: String, statuses: Set<Int>)] = [
            ("CL and TE", post("Content-Length: 5", "Transfer-Encoding: chunked"), [400]),
            ("TE and CL", post("Transfer-Encoding: chunked", "Content-Length: 5"), [400]),
            ("two lengths", post("Content-Length: 5", "Content-Length: 6"), [400]),
            ("the same length twice", post("Content-Length: 5", "Content-Length: 5"), [400]),
            ("a list of lengths", post("Content-Length: 5, 5"), [400]),
            ("a signed length", post("Content-Length: +5"), [400]),
            ("a negative length", post("Content-Length: -5"), [400]),
            ("a hexadecimal length", post("Content-Length: 0x5"), [400]),
            ("an underscore in a length", post("Content-Length: 5_0"), [400]),
            ("a blank in a length", post("Content-Length: 5 0"), [400]),
            ("an empty length", post("Content-Length:"), [400]),
            ("a length of 2^64", post("Content-Length: 18446744073709551616"), [400, 413]),
            ("a no-break space in a length", post("Content-Length: 5\u{A0}"), [400]),
            ("a vertical tab in a length", post("Content-Length: \u{0B}5"), [400]),
            ("TE identity", post("Transfer-Encoding: identity"), [400, 501]),
            ("TE xchunked", post("Transfer-Encoding: xchunked"), [400, 501]),
            ("TE chunked twice", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), [400, 501]),
            ("TE with an empty member before", post("Transfer-Encoding: ,chunked"), [400, 501]),
            ("TE with an empty member after", post("Transfer-Encoding: chunked,"), [400, 501]),
            ("TE not final", post("Transfer-Encoding: chunked, gzip"), [400, 501]),
            ("TE quoted", post("Transfer-Encoding: \"chunked\""), [400, 501]),
            ("TE with a parameter", post("Transfer-Encoding: chunked;x=y"), [400, 501]),
            ("TE with a vertical tab", post("Transfer-Encoding: \u{0B}chunked"), [400, 501]),
            ("TE in HTTP 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
            ("a blank before the colon", head("GET / HTTP/1.1", "Host: a", "X-A : b"), [400]),
            ("a blank before the first name", head("GET / HTTP/1.1", " Host: a"), [400]),
            ("a folded field", head("GET / HTTP/1.1", "Host: a", "X-A: b", "\tc"), [400]),
            ("a line without colon", head("GET / HTTP/1.1", "Host: a", "nonsense"), [400]),
            ("an empty name", head("GET / HTTP/1.1", "Host: a", ": b"), [400]),
            ("a name with a space", head("GET / HTTP/1.1", "Host: a", "X A: b"), [400]),
            ("a name of 8 bits", head("GET / HTTP/1.1", "Host: a", "X-\u{E4}: b"), [400]),
            ("a bare LF", "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n", [400]),
            ("a bare LF between fields", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", [400]),
            ("a bare CR in a value", head("GET / HTTP/1.1", "Host: a", "X-A: b\rX-B: c"), [400]),
            ("NUL in a value", head("GET / HTTP/1.1", "Host: a", "X-A: b\0c"), [400]),
            ("NUL in the target", head("GET /\0 HTTP/1.1", "Host: a"), [400]),
            ("two blanks in the request line", head("GET  / HTTP/1.1", "Host: a"), [400]),
            ("a tab in the request line", head("GET\t/ HTTP/1.1", "Host: a"), [400]),
            ("no version", head("GET /", "Host: a"), [400, 505]),
            ("HTTP 2.0", head("GET / HTTP/2.0", "Host: a"), [400, 505]),
            ("HTTP 1.32", head("GET / HTTP/1.32", "Host: a"), [400, 505]),
            ("a lower-case protocol", head("GET / http/1.1", "Host: a"), [400, 505]),
            ("a bad method", head("G(T / HTTP/1.1", "Host: a"), [400]),
            ("a fragment", head("GET /a#b HTTP/1.1", "Host: a"), [400]),
            ("a target of 8 bits", head("GET /\u{E4} HTTP/1.1", "Host: a"), [400]),
            ("a target without slash", head("GET a HTTP/1.1", "Host: a"), [400]),
            ("no Host", head("GET / HTTP/1.1", "X: y"), [400]),
            ("two Hosts", head("GET / HTTP/1.1", "Host: a", "Host: a"), [400]),
            ("a list of Hosts", head("GET / HTTP/1.1", "Host: a, b"), [400]),
            ("userinfo in Host", head("GET / HTTP/1.1", "Host: u@a"), [400]),
            ("a path in Host", head("GET / HTTP/1.1", "Host: a/b"), [400]),
            ("markup in Host", head("GET / HTTP/1.1", "Host: <script>"), [400]),
            ("CONNECT", head("CONNECT a:443 HTTP/1.1", "Host: a:443"), [405]),
            ("an encoded slash and dots", head("GET /a/..%2fadmin HTTP/1.1", "Host: a"), [400]),
            ("an encoded NUL", head("GET /a%00 HTTP/1.1", "Host: a"), [400]),
            ("an unknown expectation", head("GET / HTTP/1.1", "Host: a", "Expect: a-miracle"), [417]),
            ("a TLS hello", "\u{16}\u{03}\u{01}\u{02}\0\u{01}\0\u{01}\r\n\r\n", [400]),
        ]

        @Test(arguments: IOBackend.available)
        func `a request that could be read two ways is refused and the backend never hears of it`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            for (what, request, statuses) in Self.requests {
                let client = try forwarding.gatehouse.connect()
                // Sent as Latin-1, so that U+00E4 is the one byte that was meant.
                try client.send(request.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
                do {
                    let response = try client.readResponse()
                    #expect(statuses.contains(response.status), "\(what): \(response.status)")
                    #expect(try client.readToEnd() == [], "\(what): the connection went on")
                } catch {
                    Issue.record("\(what): \(error)")
                }
                #expect(!forwarding.origin.waits(), "\(what): the backend was contacted")
                while forwarding.origin.waits() { _ = try forwarding.origin.accept() }
            }
            // And nobody else noticed.
            let (_, response) = try forwarding.exchange(Forwarding.get(), answeredBy: Forwarding.ok)
            #expect(response.text == "ok")
        }

        @Test(arguments: IOBackend.available)
        func `chunks that can't be counted end the request, and it never gets complete at the backend`(io: IOBackend)
            throws
        {
            let forwarding = try Forwarding(io: io)
            for chunk in [
                "0x5\r\nhello\r\n", "+5\r\nhello\r\n", "5_\r\nhello\r\n", " 5\r\nhello\r\n", "\r\nhello\r\n",
                "G\r\nhello\r\n",
                "10000000000000000\r\nhello\r\n", "5\r\nhelloXX", "5\nhello\n", "5;a\rb\r\nhello\r\n",
                "5;\0\r\nhello\r\n",
            ] {
                let client = try forwarding.gatehouse.connect()
                try client.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
                )
                if forwarding.origin.waits(for: 0.2) {
                    let backend = try forwarding.origin.accept()
                    let seen = String(decoding: (try? backend.readToEnd()) ?? [], as: UTF8.self)
                    #expect(backend.end != nil, "\(chunk.debugDescription): the backend's connection stayed")
                    #expect(!seen.hasSuffix("0\r\n\r\n"), "\(chunk.debugDescription): \(seen.debugDescription)")
                    #expect(!seen.contains("smuggled"), "\(chunk.debugDescription): \(seen.debugDescription)")
                }
                let answer = String(decoding: (try? client.readToEnd()) ?? [], as: UTF8.self)
                #expect(
                    answer.isEmpty || answer.hasPrefix("HTTP/1.1 400"),
                    "\(chunk.debugDescription): \(answer.debugDescription)")
                #expect(client.end != nil)
            }
        }

        @Test(arguments: IOBackend.available)
        func `an absolute target names the host, not the Host field`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send("GET http://app.example/x HTTP/1.1\r\nHost: other.example\r\n\r\n")
            if forwarding.origin.waits(for: 0.5) {
                let head = try forwarding.origin.accept().readHead()
                #expect(head.hasPrefix("GET /x HTTP/1.1\r\n"))
                #expect(
                    Response.fields(of: head).filter { $0.name.lowercased() == "host" }.map(\.value) == ["app.example"])
            } else {
                #expect(try client.readResponse().status == 400)
            }
        }

        @Test(arguments: IOBackend.available)
        func `limits of head, fields, target and body have their own statuses`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "limits: {head: 8KiB, fields: 50, target: 1KiB, body: 1000}")
            let long = String(repeating: "x", count: 9000)
            let many = (0..<60).map { "X-\($0): y\r\n" }.joined()
            #expect(try forwarding.refusal(of: "GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\r\n\r\n").status == 431)
            #expect(try forwarding.refusal(of: "GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n").status == 431)
            #expect(try forwarding.refusal(of: "GET /\(long.prefix(2000)) HTTP/1.1\r\nHost: a\r\n\r\n").status == 414)
            #expect(
                try forwarding.refusal(of: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n").status == 413)
        }

        @Test(arguments: IOBackend.available)
        func `a client that still sends reads the 413 that it got`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "limits: {body: 1000}")
            let client = try forwarding.gatehouse.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
            _ = try? client.sendWhatFits([UInt8](repeating: 0x61, count: 2_000_000), within: 2)
            #expect(try client.readResponse().status == 413)
        }

        @Test(arguments: IOBackend.available)
        func `a chunked body over the limit is stopped where it passes it`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "limits: {body: 1000}")
            let client = try forwarding.gatehouse.connect()
            let data = String(repeating: "x", count: 600)
            try client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n\(data)\r\n258\r\n\(data)\r\n0\r\n\r\n"
            )
            #expect(try client.readResponse().status == 413)
        }
    }
}
