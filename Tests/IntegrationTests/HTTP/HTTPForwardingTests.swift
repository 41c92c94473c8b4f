import Testing

extension Integration {
    /// Ordinary requests and responses: what passes, what is changed on the way, and in which order.
    @Suite struct HTTPForwardingTests {
        @Test(arguments: IOBackend.available)
        func `request and response pass with their fields in order and case`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let (seen, response) = try forwarding.exchange(
                "GET /a/b?c=d%20e HTTP/1.1\r\nHost: app.example\r\nX-One: 1\r\nx-TWO: zwei\r\nX-One: 3\r\n\r\n",
                answeredBy:
                    "HTTP/1.1 418 I'm a teapot\r\nX-Answer: yes\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok"
            )
            #expect(seen.hasPrefix("GET /a/b?c=d%20e HTTP/1.1\r\n"))
            let own = Response.fields(of: seen).filter { $0.name.lowercased().hasPrefix("x-one") || $0.name == "x-TWO" }
            #expect(own.map { "\($0.name): \($0.value)" } == ["X-One: 1", "x-TWO: zwei", "X-One: 3"])
            #expect(Response.fields(of: seen).filter { $0.name.lowercased() == "host" }.map(\.value) == ["app.example"])
            #expect(response.status == 418)
            #expect(response.fields("Set-Cookie") == ["a=1", "b=2"])
            #expect(response.field("X-Answer") == "yes")
            #expect(response.text == "ok")
        }

        @Test(arguments: IOBackend.available)
        func `connections are kept on both sides`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(Forwarding.get("/1"))
            let backend = try forwarding.origin.accept()
            for number in 1...20 {
                #expect(try backend.readHead().hasPrefix("GET /\(number) "))
                try backend.send(Forwarding.ok)
                #expect(try client.readResponse().text == "ok")
                try client.send(Forwarding.get("/\(number + 1)"))
            }
            #expect(!forwarding.origin.waits())
            // Another client gets the connection that is idle by then, not a new one.
            _ = try backend.readHead()
            try backend.send(Forwarding.ok)
            _ = try client.readResponse()
            let other = try forwarding.gatehouse.connect()
            try other.send(Forwarding.get("/other"))
            #expect(try backend.readHead().hasPrefix("GET /other "))
            try backend.send(Forwarding.ok)
            #expect(try other.readResponse().text == "ok")
        }

        @Test(arguments: IOBackend.available)
        func `pipelined requests are answered in order`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(Forwarding.get("/a") + Forwarding.get("/b") + Forwarding.get("/c"))
            let backend = try forwarding.origin.accept()
            for name in ["a", "b", "c"] {
                #expect(try backend.readHead().hasPrefix("GET /\(name) "))
                try backend.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(name)")
                #expect(try client.readResponse().text == name)
            }
        }

        @Test(arguments: IOBackend.available)
        func `a bad request in a pipeline is answered after the one before it, and ends the connection`(io: IOBackend)
            throws
        {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(Forwarding.get("/a") + "GET /bad HTTP/1.1\r\nHost : x\r\n\r\n" + Forwarding.get("/b"))
            let backend = try forwarding.origin.accept()
            #expect(try backend.readHead().hasPrefix("GET /a "))
            try backend.send(Forwarding.ok)
            #expect(try client.readResponse().status == 200)
            #expect(try client.readResponse().status == 400)
            #expect(try client.readToEnd() == [])
            #expect(try backend.isSilent(for: 0.1) || backend.end != nil)
        }

        @Test(arguments: IOBackend.available)
        func `bodies pass both ways, by length and in chunks`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send("POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            let backend = try forwarding.origin.accept()
            var head = try backend.readHead()
            #expect(Response.fields(of: head).first { $0.name.lowercased() == "content-length" }?.value == "5")
            #expect(String(decoding: try backend.read(5), as: UTF8.self) == "hello")
            try backend.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.text == "abcde")
            #expect(!String(decoding: response.framed, as: UTF8.self).contains("x=y"))

            try client.send(
                "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;ext\r\n!\r\n0\r\n\r\n"
            )
            // What may not be sent twice doesn't go on a kept connection, which might be closing at this moment.
            let second = try forwarding.origin.accept()
            head = try second.readHead()
            #expect(
                Response.fields(of: head).filter { $0.name.lowercased() == "transfer-encoding" }.map(\.value) == [
                    "chunked"
                ])
            #expect(!head.lowercased().contains("content-length"))
            var body = ""
            while !body.hasSuffix("0\r\n\r\n") { body += String(decoding: try second.read(1), as: UTF8.self) }
            #expect(!body.contains("ext"))
            #expect(body.contains("hello"))
            try second.send(Forwarding.ok)
            #expect(try client.readResponse().status == 200)
        }

        @Test(arguments: IOBackend.available)
        func `a body that ends with the backend's connection reaches the client whole`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(Forwarding.get())
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            try backend.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
            backend.finishSending()
            #expect(try client.readResponse().text == "until the end")
        }

        @Test(arguments: IOBackend.available)
        func `a real server's trailers reach who takes them, and only those`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.node).url)
            let response = try gatehouse.exchange(Forwarding.get("/trailers"))
            #expect(response.text == "body")
            #expect(!String(decoding: response.framed, as: UTF8.self).lowercased().contains("x-checksum"))
            let taker = try gatehouse.exchange(Forwarding.get("/trailers", "TE: trailers", "Connection: TE"))
            #expect(taker.text == "body")
            #expect(String(decoding: taker.framed, as: UTF8.self).lowercased().contains("x-checksum"))
        }

        @Test(arguments: IOBackend.available)
        func `trailers of a response go on without what is unsafe, in whatever pieces they come`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let section = "X-Sum: 1\r\nSet-Cookie: a=b\r\nContent-Length: 9\r\nX-Two: 2\r\n"
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Set-Cookie\r\n\r\n"
            for pieces in [
                [head + "2\r\nok\r\n0\r\n\(section)\r\n"], [head, "2\r\nok\r\n0\r\n", section, "\r\n"],
                [head + "2\r\nok\r\n0\r\nX-S", "um: 1\r\nSet-Cookie: a=b\r\nContent-Length: 9\r", "\nX-Two: 2\r\n\r", "\n"],
            ] {
                for takes in [true, false] {
                    let client = try forwarding.gatehouse.connect()
                    try client.send(takes ? Forwarding.get("/", "TE: trailers") : Forwarding.get())
                    let backend = try forwarding.origin.accept()
                    let seen = try backend.readHead()
                    #expect(seen.contains("TE: trailers") == takes)
                    for piece in pieces {
                        try backend.send(piece)
                        _ = try client.isSilent(for: 0.03)
                    }
                    let response = try client.readResponse()
                    #expect(response.text == "ok")
                    #expect(response.field("Trailer") == (takes ? "X-Sum" : nil))
                    let expected = "2\r\nok\r\n0\r\n" + (takes ? "X-Sum: 1\r\nX-Two: 2\r\n" : "") + "\r\n"
                    #expect(String(decoding: response.framed, as: UTF8.self) == expected)
                    // Both connections stand for more.
                    try client.send(Forwarding.get("/next"))
                    _ = try backend.readHead()
                    try backend.send(Forwarding.ok)
                    #expect(try client.readResponse().text == "ok")
                    backend.close()
                }
            }
        }

        @Test(arguments: IOBackend.available)
        func `trailers of a request go on without what is unsafe`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            for pieces in [
                ["5\r\nhello\r\n0\r\nX-Sum: 1\r\nHost: evil\r\nAuthorization: x\r\n\r\n"],
                ["5\r\nhello\r\n0\r\nX-Su", "m: 1\r\nHost: evil\r\nX_Forwarded_For: 1.2.3.4\r\n", "\r\n"],
            ] {
                let client = try forwarding.gatehouse.connect()
                try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Host\r\n\r\n")
                for piece in pieces {
                    try client.send(piece)
                    _ = try client.isSilent(for: 0.03)
                }
                let backend = try forwarding.origin.accept()
                let seen = try backend.readHead()
                #expect(seen.contains("Trailer: X-Sum\r\n"))
                let expected = "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"
                #expect(String(decoding: try backend.read(expected.utf8.count), as: UTF8.self) == expected)
                #expect(try backend.isSilent(for: 0.05))
                try backend.send(Forwarding.ok)
                #expect(try client.readResponse().text == "ok")
                backend.close()
            }
        }

        @Test(arguments: IOBackend.available)
        func `HEAD, 204 and 304 have no body, and the connection goes on`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            try backend.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            let head = try client.readResponse(headOnly: true)
            #expect(head.field("Content-Length") == "1000")
            for status in ["204 No Content", "304 Not Modified"] {
                try client.send(Forwarding.get())
                _ = try backend.readHead()
                try backend.send("HTTP/1.1 \(status)\r\nETag: x\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.head.hasPrefix("HTTP/1.1 \(status)\r\n"))
            }
            try client.send(Forwarding.get())
            _ = try backend.readHead()
            try backend.send(Forwarding.ok)
            #expect(try client.readResponse().text == "ok")
        }

        @Test(arguments: IOBackend.available)
        func `a request with Connection close gets its answer and the end`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(Forwarding.get("/", "Connection: close"))
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            try backend.send(Forwarding.ok)
            #expect(try client.readResponse().text == "ok")
            #expect(try client.readToEnd() == [])
            #expect(client.end == .fin)
        }

        @Test(arguments: IOBackend.available)
        func `an HTTP 1.0 client gets a body without chunks and the end`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            let backend = try forwarding.origin.accept()
            #expect(try backend.readHead().hasPrefix("GET / HTTP/1.1\r\n"))
            try backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
            let head = try client.readHead()
            #expect(!head.lowercased().contains("transfer-encoding"))
            #expect(String(decoding: try client.readToEnd(), as: UTF8.self) == "hello")
        }

        @Test(arguments: IOBackend.available)
        func `100-continue is carried both ways, and a refusal in its place`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
            try client.send(request)
            let backend = try forwarding.origin.accept()
            #expect(try backend.readHead().lowercased().contains("expect: 100-continue"))
            try backend.send("HTTP/1.1 100 Continue\r\n\r\n")
            #expect(try client.readHead().hasPrefix("HTTP/1.1 100"))
            try client.send("hello")
            #expect(try backend.read(5).count == 5)
            try backend.send(Forwarding.ok)
            #expect(try client.readResponse().status == 200)

            let refused = try forwarding.gatehouse.connect()
            try refused.send(request)
            let second = forwarding.origin.waits(for: 0.2) ? try forwarding.origin.accept() : backend
            _ = try second.readHead()
            try second.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            #expect(try refused.readResponse().status == 413)
        }

        @Test(arguments: IOBackend.available)
        func `103 passes before the response`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(Forwarding.get())
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            try backend.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
            let hint = try client.readHead()
            #expect(hint.hasPrefix("HTTP/1.1 103"))
            #expect(hint.contains("</a.css>"))
            try backend.send(Forwarding.ok)
            #expect(try client.readResponse().text == "ok")
        }
    }
}
