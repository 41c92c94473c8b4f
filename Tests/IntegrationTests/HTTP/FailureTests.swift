import Foundation
import Testing

extension Integration {
    /// Backends that are not there, don't answer or answer wrongly, and what the client is told.
    @Suite struct FailureTests {
        /// A port on loopback where nobody listens.
        private func deadPort() throws -> UInt16 { try RawBackend().port }

        @Test(arguments: IOBackend.available)
        func `a backend that isn't there is a 502 with the session's id, as a page or as JSON`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(deadPort())")
            let page = try gatehouse.exchange(Forwarding.get("/", "Accept: text/html"))
            #expect(page.status == 502)
            #expect(page.body.count < 4096)
            let line = try gatehouse.ledger.wait(for: "http.request") { $0["status"].integer == 502 }
            let session = try #require(line["session"].text)
            #expect(page.text.contains(session), "the page doesn't name session \(session): \(page.text)")
            #expect(line["reason"].text == "upstream_refused")

            let told = try gatehouse.exchange(Forwarding.get("/", "Accept: application/json"))
            #expect(told.field("Content-Type")?.hasPrefix("application/json") == true)
            let object = try JSON(parsing: told.text)
            #expect(object["status"].integer == 502)
            #expect(
                object.description.contains(
                    try gatehouse.ledger.wait(forAll: 2, "http.request")[1]["session"].text ?? "?"))
        }

        @Test(arguments: IOBackend.available)
        func `an upgrade to a backend that isn't there is a refusal with its cause`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: "http://127.0.0.1:\(deadPort())")
            #expect(try gatehouse.exchange(Upgrade.request()).status == 502)
            let line = try gatehouse.ledger.wait(for: "session.refused")
            #expect(line["status"].integer == 502)
            #expect(line["reason"].text == "upstream_refused")
            #expect(line["verdict"]["cause"].text == "upstream-refused")
            #expect(line["answered_by"]["who"].text == "gatehouse")
        }

        @Test(arguments: IOBackend.available)
        func `a backend that never answers is a 504 after the response timeout`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.misbehavingOrigin).url, "timeouts: {response: 300ms}")
            var response: Response?
            let took = try seconds { response = try gatehouse.exchange(Forwarding.get("/never-answers")) }
            #expect(response?.status == 504)
            #expect((0.25..<5).contains(took), "it took \(took) s")
            #expect(try gatehouse.ledger.wait(for: "http.request")["reason"].text == "response_head_timeout")

            #expect(try gatehouse.exchange(Upgrade.request("/never-answers")).status == 504)
            let line = try gatehouse.ledger.wait(for: "session.refused")
            #expect(line["reason"].text == "response_head_timeout")
            #expect(line["verdict"]["cause"].text == "upstream-hangs")
        }

        @Test(arguments: IOBackend.available)
        func `a backend that takes no connection is a 504 after the connect timeout`(io: IOBackend) throws {
            // A full backlog answers no SYN, so the connection hangs as behind a firewall that drops.
            let origin = try RawBackend(backlog: 0)
            let held = try RawConnection(port: origin.port)
            let gatehouse = try GatehouseProcess(io: io, upstream: origin.url, "timeouts: {connect: 300ms}")
            let response = try gatehouse.exchange(Forwarding.get())
            #expect(response.status == 504)
            #expect(try gatehouse.ledger.wait(for: "http.request")["reason"].text == "connect_timeout")
            withExtendedLifetime(held) {}
        }

        @Test(arguments: IOBackend.available)
        func `a head that doesn't come to an end is a 408`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "timeouts: {head: 300ms}")
            let client = try forwarding.gatehouse.connect()
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n")
            #expect(try client.readResponse().status == 408)
            #expect(try client.readToEnd() == [])
            let line = try forwarding.gatehouse.ledger.wait(for: "http.request") { $0["status"].integer == 408 }
            #expect(line["client"]["address"].text?.hasPrefix("127.0.0.1:") == true, "\(line["client"])")
            // One byte at a time doesn't win time.
            let told = try PeerClient.misbehave("slow-head", port: forwarding.gatehouse.port, seconds: 5)
            #expect(told["status"].integer == 408)
            #expect((told["after"].number ?? 99) < 3)
        }

        @Test(arguments: IOBackend.available)
        func `a TLS handshake at a port without TLS is told so at once`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "timeouts: {head: 1h}")
            let client = try forwarding.gatehouse.connect()
            // The first record of a ClientHello, cut.
            try client.send([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03])
            #expect(try client.readResponse().status == 400)
            let line = try forwarding.gatehouse.ledger.wait(for: "http.request") { $0["status"].integer == 400 }
            #expect(line["reason"].text == "tls_to_plain_port")
        }

        @Test(arguments: IOBackend.available)
        func `a body that doesn't go on is a 408, and the backend doesn't take the part for the whole`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "timeouts: {body: 300ms}")
            let client = try forwarding.gatehouse.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            #expect(try backend.read(5) == Array("12345".utf8))
            #expect(try client.readResponse().status == 408)
            #expect(try backend.readToEnd().isEmpty && backend.end == .reset)
            let line = try forwarding.gatehouse.ledger.wait(for: "http.request")
            #expect(line["reason"].text == "request_body_timeout")
        }

        @Test(arguments: IOBackend.available)
        func `a body that goes wrong behind an early answer cuts the answer, which has its line`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            // FIN would be the end of this body.
            try backend.send("HTTP/1.1 200 OK\r\n\r\npart")
            _ = try client.readHead()
            #expect(try client.read(4) == Array("part".utf8))
            try client.send("no chunk\r\n")
            #expect(try client.readToEnd().isEmpty && client.end == .reset)
            let line = try forwarding.gatehouse.ledger.wait(for: "http.request")
            #expect(line["status"].integer == 200 && line["reason"].text == "aborted", "\(line)")
        }

        @Test(arguments: IOBackend.available)
        func `a client that never reads its response is cut after the write timeout`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "timeouts: {write: 300ms}")
            let client = try RawConnection(port: forwarding.gatehouse.port, receiveBuffer: 4096)
            try client.send(Forwarding.get())
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            try backend.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            let isCut = try holds {
                do { return try backend.sendWhatFits(piece, within: 0.1) < 0 } catch is HarnessFailure { return true }
            }
            #expect(isCut, "the backend can send for ever")
            let metrics = try forwarding.gatehouse.admin("/metrics").text
            #expect(metrics.contains("gatehouse_timeouts_total{timeout=\"write\"} 1\n"))
        }

        @Test(arguments: IOBackend.available)
        func `interim responses without end are a 502`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(Forwarding.get())
            let backend = try forwarding.origin.accept()
            _ = try backend.readHead()
            try backend.send(String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 30))
            var interim = 0
            var head = try client.readHead()
            while head.hasPrefix("HTTP/1.1 103") {
                interim += 1
                head = try client.readHead()
            }
            #expect(interim == 10)
            #expect(head.hasPrefix("HTTP/1.1 502"))
            #expect(try backend.readToEnd().isEmpty && backend.end == .reset)
        }

        @Test(arguments: IOBackend.available)
        func `an idle connection is closed without a word`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io, "timeouts: {keep_alive: 200ms, head: 300ms}")
            let client = try forwarding.gatehouse.connect()
            #expect(try client.readToEnd() == [])
        }

        @Test(arguments: IOBackend.available)
        func `a response that must not be believed is a 502 or cut, and never reused`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.misbehavingOrigin).url, "timeouts: {response: 2s}")
            for behaviour in [
                "not-http", "huge-head", "content-length-and-chunked", "two-content-lengths", "bad-content-length",
                "nul-in-value", "bare-cr", "folded-field", "blank-before-colon", "informational-flood",
                "closes-at-once",
                "resets-at-once", "closes-mid-head", "resets-mid-head", "right",
            ] {
                let client = try gatehouse.connect()
                try client.send(Forwarding.get("/\(behaviour)"))
                var response = try client.readResponse()
                while response.status < 200, response.status != 101 { response = try client.readResponse() }
                #expect(response.status == 502, "\(behaviour): \(response.status)")
                #expect(!response.head.contains("forged"), "\(behaviour)")
            }
            for behaviour in ["closes-mid-body", "closes-mid-chunk", "bad-chunk"] {
                let client = try gatehouse.connect()
                try client.send(Forwarding.get("/\(behaviour)"))
                let whole = try? client.readResponse()
                #expect(whole == nil || whole?.status == 502, "\(behaviour): a short body looked whole")
                #expect(client.end != nil || whole != nil, "\(behaviour): nothing ended")
            }
            #expect(try gatehouse.exchange(Forwarding.get("/plain")).text == "plain")
        }

        @Test(arguments: IOBackend.available)
        func `bytes after a response poison nobody's next request`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(io: io, upstream: Peer.shared(.misbehavingOrigin).url)
            let client = try gatehouse.connect()
            try client.send(Forwarding.get("/bytes-after-response"))
            #expect(try client.readResponse().text == "first")
            try client.send(Forwarding.get("/plain"))
            #expect(try client.readResponse().text == "plain")
            #expect(try gatehouse.exchange(Forwarding.get("/plain")).text == "plain")
        }

        @Test(arguments: IOBackend.available)
        func `a kept connection that the backend closed is replaced for a GET`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let client = try forwarding.gatehouse.connect()
            try client.send(Forwarding.get("/1"))
            let first = try forwarding.origin.accept()
            _ = try first.readHead()
            try first.send(Forwarding.ok)
            #expect(try client.readResponse().status == 200)
            first.close()
            try client.send(Forwarding.get("/2"))
            let second = try forwarding.origin.accept()
            #expect(try second.readHead().hasPrefix("GET /2 "))
            try second.send(Forwarding.ok)
            #expect(try client.readResponse().text == "ok")
        }

        @Test(arguments: IOBackend.available)
        func `over the limit of upgrades in flight there is a 503 with Retry-After`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.misbehavingOrigin).url, "limits: {upgrades_in_flight: 2}")
            let waiting = try (0..<2).map { _ in
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/never-answers"))
                return client
            }
            let refused = try eventually(within: 5) { () -> Response? in
                let client = try gatehouse.connect()
                try client.send(Upgrade.request("/never-answers"))
                return try client.isSilent(for: 0.2) ? nil : try client.readResponse()
            }
            #expect(refused?.status == 503)
            #expect(refused?.field("Retry-After").flatMap(Int.init) != nil)
            withExtendedLifetime(waiting) {}
        }

        @Test(arguments: IOBackend.available)
        func `over the limit of sessions there is a 503, and an end makes room`(io: IOBackend) throws {
            let gatehouse = try GatehouseProcess(
                io: io, upstream: Peer.shared(.misbehavingOrigin).url, "limits: {sessions: 1}")
            let first = try gatehouse.connect()
            try first.send(Upgrade.request("/right"))
            #expect(Response.status(of: try first.readHead()) == 101)
            let second = try gatehouse.exchange(Upgrade.request("/right"))
            #expect(second.status == 503)
            #expect(second.field("Retry-After") != nil)
            first.close()
            _ = try gatehouse.ledger.wait(for: "session.closed")
            let third = try gatehouse.connect()
            try third.send(Upgrade.request("/right"))
            #expect(Response.status(of: try third.readHead()) == 101)
        }
    }
}
