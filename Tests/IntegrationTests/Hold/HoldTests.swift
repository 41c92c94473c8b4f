import COpenSSL
import Foundation
import Glibc
import Testing

extension Integration {
    /// Sessions that outlive their backend.
    @Suite struct HoldTests {
        private static let quick = "{attempts: 3, backoff: 50ms, backoff_max: 400ms, deadline: 10s}"

        private func gatehouse(_ io: IOBackend, _ origin: RawBackend, _ hold: String = quick, _ more: String = "") throws
            -> GatehouseProcess
        {
            try GatehouseProcess(io: io, upstream: origin.url, "hold: \(hold)\n\(more)")
        }

        /// Takes the session back as a server would; the request that it saw.
        private func takeBack(_ origin: RawBackend, _ more: String...) throws -> (RawConnection, String) {
            let backend = try origin.accept()
            let head = try backend.readHead()
            let key = try #require(Response.fields(of: head).first { $0.name.lowercased() == "sec-websocket-key" }?.value)
            try backend.send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept(key))\r\n"
                    + more.map { $0 + "\r\n" }.joined() + "\r\n")
            return (backend, head)
        }

        private func accept(_ key: String) -> String {
            let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
            var digest = [UInt8](repeating: 0, count: 20)
            EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil)
            return Data(digest).base64EncodedString()
        }

        /// The next text, with Gatehouse's own pings answered.
        private func text(_ backend: RawConnection) throws -> String {
            while true {
                let frame = try backend.readFrame()
                if frame.opcode == 9 { try backend.send(Frame.frame(0xA, frame.payload)) }
                if frame.opcode == 1 { return frame.text }
            }
        }

        @Test(arguments: IOBackend.available)
        func `a session goes on with the next connection, and the ledger names each message`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin)
            let request = Upgrade.request(
                "/ws?room=1",
                with: ("Sec-WebSocket-Extensions", "permessage-deflate"), ("Cookie", "a=b"), ("Sec-WebSocket-Protocol", "chat"))
            let session = try RawSession(
                through: gatehouse, to: origin, request: request, response: Upgrade.response("Sec-WebSocket-Protocol: chat"))
            #expect(!session.requestHead.lowercased().contains("sec-websocket-extensions"))
            try session.client.send(Frame.text("one", masked: true))
            #expect(try text(session.backend) == "one")
            let ping = try session.backend.readFrame()
            #expect(ping.opcode == 9 && ping.payload.count == 8)
            try session.backend.send(Frame.frame(0xA, ping.payload) + Frame.text("answer"))
            #expect(try session.client.readFrame().text == "answer", "the pong stays here")
            // Sent and not confirmed, then a message of which the backend gets nothing.
            try session.client.send(Frame.text("two", masked: true))
            #expect(try session.backend.readFrame().text == "two")
            let three = Frame.text("three", masked: true)
            try session.client.send(Array(three[..<8]))
            try session.backend.send(Array(Frame.text("never seen")[..<5]))
            session.backend.reset()
            let held = try gatehouse.ledger.wait(for: "session.held")
            #expect(held["why"].text == "rst")
            #expect(held["unconfirmed"].texts == ["2-2"])
            #expect(try gatehouse.admin("/metrics").text.contains("gatehouse_sessions_held 1\n"))
            try session.client.send(Array(three[8...]) + Frame.ping("alive?", masked: true))
            let pong = try session.client.readFrame()
            #expect(pong.opcode == 10 && pong.text == "alive?")
            let (backend, head) = try takeBack(origin, "Sec-WebSocket-Protocol: chat")
            func comparable(_ head: String) -> [String] {
                head.split(separator: "\r\n").map(String.init).filter { !$0.lowercased().hasPrefix("sec-websocket-key") }.sorted()
            }
            #expect(comparable(head) == comparable(session.requestHead))
            #expect(!head.contains(Upgrade.key), "a key of its own")
            #expect(try text(backend) == "three")
            try backend.send(Frame.text("welcome back"))
            #expect(try session.client.readFrame().text == "welcome back")
            let resumed = try gatehouse.ledger.wait(for: "session.resumed")
            #expect(resumed["queued_sent"].integer == 1 && resumed["unconfirmed"].texts == ["2-2"])
            let next = try backend.readFrame()
            #expect(next.opcode == 9)
            try backend.send(Frame.frame(0xA, next.payload))
            try session.client.send(Frame.close(1000, masked: true))
            while try backend.readFrame().opcode != 8 {}
            try backend.send(Frame.close(1000))
            backend.finishSending()
            #expect(try session.client.readFrame().closeCode == 1000)
            session.client.finishSending()
            let hold = try gatehouse.ledger.wait(for: "session.closed")["hold"]
            #expect(hold["received"].integer == 3)
            #expect(hold["delivered"]["ranges"].texts == ["1-1", "3-3"], "\(hold)")
            #expect(hold["unconfirmed"]["ranges"].texts == ["2-2"])
            #expect(hold["dropped"]["count"].integer == 0 && hold["resumptions"].integer == 1)
            #expect(hold["from_backend"].integer == 2 && hold["cut_from_backend"].integer == 1)
            let metrics = try gatehouse.admin("/metrics").text
            #expect(metrics.contains("gatehouse_sessions_held 0\n"))
            #expect(metrics.contains("gatehouse_hold_outcomes_total{outcome=\"resumed\"} 1\n"))
            #expect(metrics.contains("gatehouse_hold_messages_total{fate=\"delivered\"} 2\n"))
        }

        @Test(arguments: IOBackend.available)
        func `the API and the metrics show what a held session keeps, while it does`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{attempts: 9, backoff: 50ms, backoff_max: 200ms, deadline: 60s}")
            func shown(_ query: String = "") throws -> JSON {
                try JSON(parsing: try gatehouse.admin("/api/sessions\(query)").text)["sessions"][0]
            }
            let session = try RawSession(through: gatehouse, to: origin)
            #expect(try shown()["state"].text == "open" && shown()["held"].isNull)
            session.backend.reset()
            let held = try gatehouse.ledger.wait(for: "session.held")
            let first = Frame.text("waits", masked: true)
            try session.client.send(first + Frame.text("too", masked: true))
            #expect(try holds { try shown("?state=held")["held"]["queued_messages"].integer == 2 })
            let line = try shown("?state=held")
            #expect(line["state"].text == "held" && line["id"].text == held["session"].text, "\(line)")
            #expect(line["held"]["why"].text == "rst" && line["held"]["since"].text?.hasPrefix("20") == true, "\(line)")
            #expect((line["held"]["queued_bytes"].integer ?? 0) >= first.count && line["held"]["for_ms"].number != nil)
            #expect(line["held"]["attempts"].integer ?? 0 >= 1)
            let metrics = try gatehouse.admin("/metrics").text
            #expect(metrics.contains("gatehouse_sessions_held 1\n") && metrics.contains("gatehouse_hold_queued_messages 2\n"))
            #expect(!metrics.contains("gatehouse_hold_queued_bytes 0\n"))
            let (backend, _) = try takeBack(origin)
            #expect(try text(backend) == "waits" && text(backend) == "too")
            #expect(try holds { try shown()["state"].text == "open" } && shown()["held"].isNull)
            #expect(try gatehouse.admin("/metrics").text.contains("gatehouse_hold_queued_messages 0\n"))
        }

        @Test(arguments: IOBackend.available, [1012, 1001])
        func `a backend that says that it goes is answered, and the client hears nothing of it`(io: IOBackend, code: Int) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, HoldTests.quick, "websocket: {enforce: true}")
            let session = try RawSession(through: gatehouse, to: origin)
            try session.backend.send(Frame.close(code))
            #expect(try session.backend.readFrame().closeCode == code)
            let (backend, _) = try takeBack(origin)
            try backend.send(Frame.text("new"))
            #expect(try session.client.readFrame().text == "new")
            let held = try gatehouse.ledger.wait(for: "session.held")
            #expect(held["why"].text == "close_frame" && held["close_code"].integer == code)
            // Any other code is the session's end.
            try backend.send(Frame.close(4401, "expired"))
            #expect(try session.client.readFrame().closeCode == 4401)
        }

        @Test(arguments: IOBackend.available)
        func `a backend that doesn't come back ends the session with 1013, and what waited is named`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin)
            let session = try RawSession(through: gatehouse, to: origin)
            session.backend.reset()
            _ = try gatehouse.ledger.wait(for: "session.held")
            try session.client.send(Frame.text("for nobody", masked: true))
            // Each attempt meets a server that accepts and says nothing sensible.
            for _ in 0..<3 {
                let attempt = try origin.accept()
                _ = try attempt.readHead()
                try attempt.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            }
            let close = try session.client.readFrame()
            #expect(close.closeCode == 1013)
            #expect(close.closeReason == "the server went away and did not come back")
            try session.client.send(Frame.close(1013, masked: true))
            let line = try gatehouse.ledger.wait(for: "session.closed")
            #expect(line["hold"]["end"].text == "attempts")
            #expect(line["hold"]["dropped"]["by_reason"][0]["reason"].text == "no_backend", "\(line["hold"])")
            #expect(line["hold"]["dropped"]["by_reason"][0]["ranges"].texts == ["1-1"])
            #expect(line["downstream"]["close_code_sent"].integer == 1013)
        }

        @Test(arguments: IOBackend.available)
        func `a session that is refused, or would speak otherwise, is closed with 1012`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin)
            let refused = try RawSession(through: gatehouse, to: origin)
            refused.backend.reset()
            let attempt = try origin.accept()
            _ = try attempt.readHead()
            try attempt.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            #expect(try refused.client.readFrame().closeCode == 1012)
            let other = try RawSession(
                through: gatehouse, to: origin, request: Upgrade.request(with: ("Sec-WebSocket-Protocol", "a, b")),
                response: Upgrade.response("Sec-WebSocket-Protocol: a"))
            other.backend.finishSending()
            _ = try takeBack(origin, "Sec-WebSocket-Protocol: b")
            let close = try other.client.readFrame()
            #expect(close.closeCode == 1012 && close.closeReason == "the server came back with another subprotocol")
        }

        @Test(arguments: IOBackend.available)
        func `interim answers without end are no answer, and the next attempt is made`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin)
            let session = try RawSession(through: gatehouse, to: origin)
            session.backend.reset()
            let endless = try origin.accept()
            _ = try endless.readHead()
            try endless.send(String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", count: 30))
            let (backend, _) = try takeBack(origin)
            try backend.send(Frame.text("hello"))
            #expect(try session.client.readFrame().text == "hello")
            #expect((try gatehouse.ledger.wait(for: "session.resumed")["attempts"].integer ?? 0) >= 2)
        }

        @Test(arguments: IOBackend.available)
        func `a backend that stops answering pings is replaced`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(
                io, origin, HoldTests.quick, "heartbeat: {interval: 300ms, timeout: 300ms, sides: [upstream]}")
            let session = try RawSession(through: gatehouse, to: origin)
            #expect(try session.backend.readFrame().opcode == 9)
            let (backend, _) = try takeBack(origin)
            #expect(try gatehouse.ledger.wait(for: "session.held")["why"].text == "heartbeat")
            try backend.send(Frame.text("hello"))
            #expect(try session.client.readFrame().text == "hello")
        }

        @Test(arguments: IOBackend.available)
        func `a large message passes, and its backend's end is told with a close frame`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{queue: 4KiB, attempts: 3}")
            let session = try RawSession(through: gatehouse, to: origin)
            let large = Frame.binary((0..<20_000).map { UInt8(truncatingIfNeeded: $0) })
            try session.backend.send(large)
            var got: [UInt8] = []
            while true {
                let frame = try session.client.readFrame()
                got += frame.payload
                if frame.final { break }
            }
            #expect(got == Array(large.suffix(20_000)))
            try session.backend.send(Array(large[..<10_000]))
            _ = try session.client.readFrame()
            session.backend.reset()
            var last = try session.client.readFrame()
            while last.opcode != 8 { last = try session.client.readFrame() }
            #expect(last.closeCode == 1012 && last.closeReason == "the server went away in the middle of a large message")
        }

        @Test(arguments: IOBackend.available)
        func `an endpoint that is drained is left, with nothing lost and the client none the wiser`(io: IOBackend) throws {
            let (first, second) = (try RawBackend(), try RawBackend())
            let gatehouse = try GatehouseProcess(
                io: io,
                "clusters: {app: {endpoints: [\(first.url), \(second.url)]}}\ncluster: app\nhold: \(HoldTests.quick)")
            let client = try gatehouse.connect()
            try client.send(Upgrade.request())
            let chosen = try eventually { () -> Bool? in first.waits(for: 0.02) ? true : second.waits(for: 0.02) ? false : nil }
            guard let chosen else { throw HarnessFailure("no backend was asked") }
            let (origin, other) = chosen ? (first, second) : (second, first)
            let backend = try origin.accept()
            _ = try backend.readHead()
            try backend.send(Upgrade.response())
            _ = try client.readHead()
            try client.send(Frame.text("a", masked: true))
            #expect(try text(backend) == "a")
            let drain = try gatehouse.exchange(
                "POST /api/drain?endpoint=\(origin.url)&window=0s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                port: gatehouse.adminPort())
            #expect(drain.status == 202)
            var frame = try backend.readFrame()
            while frame.opcode == 9 {
                try backend.send(Frame.frame(0xA, frame.payload))
                frame = try backend.readFrame()
            }
            #expect(frame.closeCode == 1001)
            // What it says before it answers is not lost with it.
            let said = ["one", "two", "three"]
            try backend.send(said.flatMap { Frame.text($0) } + Frame.close(1001))
            for word in said { #expect(try client.readFrame().text == word) }
            let (next, _) = try takeBack(other)
            try client.send(Frame.text("b", masked: true))
            #expect(try text(next) == "b")
            let held = try gatehouse.ledger.wait(for: "session.held")
            #expect(held["why"].text == "drain" && held["unconfirmed"].texts == [], "\(held)")
            #expect(try gatehouse.ledger.wait(for: "endpoint.drained")["cut"].integer == 0)
        }

        @Test(arguments: IOBackend.available)
        func `a backend that confirms nothing ends the session, also of a client that has left unseen`(io: IOBackend) throws {
            let origin = try RawBackend()
            let gatehouse = try gatehouse(io, origin, "{queue: 4KiB, unconfirmed: resend, deadline: 1s}")
            let session = try RawSession(through: gatehouse, to: origin)
            for _ in 0..<40 { try session.client.send(Frame.text(String(repeating: "x", count: 300), masked: true)) }
            // With so many the queue is full, and the client isn't read any more; nor is its FIN.
            var taken = 0
            while taken < 14 { if try session.backend.readFrame().opcode == 1 { taken += 1 } }
            session.client.finishSending()
            let close = try session.client.readFrame()
            #expect(close.closeCode == 1012 && close.closeReason == "the server does not confirm what it was sent")
            var last = try session.backend.readFrame()
            while last.opcode != 8 { last = try session.backend.readFrame() }
            #expect(last.closeCode == 1001)
            let hold = try gatehouse.ledger.wait(for: "session.closed")["hold"]
            #expect(hold["end"].text == "unconfirmed" && hold["delivered"]["count"].integer == 0, "\(hold)")
        }

        @Test(arguments: IOBackend.available)
        func `a held session seeks its next backend by the configuration in force`(io: IOBackend) throws {
            let (first, second) = (try RawBackend(), try RawBackend())
            let hold = "hold: {attempts: 9, backoff: 300ms, deadline: 20s}"
            func clusters(_ origin: RawBackend) -> String { "clusters: {app: {endpoints: [\(origin.url)]}}\n" }
            let gatehouse = try GatehouseProcess(io: io, clusters(first) + "cluster: app\n" + hold)
            let session = try RawSession(through: gatehouse, to: first, request: Upgrade.request("/ws"))
            try gatehouse.rewrite(clusters(second) + "cluster: app\n" + hold)
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(for: "config.reloaded")
            session.backend.reset()
            let (backend, _) = try takeBack(second)
            try backend.send(Frame.text("new"))
            #expect(try session.client.readFrame().text == "new")
            #expect(!first.waits(for: 0.1))
            // A route that is there no more takes no session back.
            try gatehouse.rewrite(clusters(second) + "routes:\n  - {match: {path: /other}, cluster: app, \(hold)}\n")
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(forAll: 2, "config.reloaded")
            backend.reset()
            #expect(try session.client.readFrame().closeCode == 1012)
        }

        /// 20 sessions × 500 messages each way; `GATEHOUSE_HOLD_STORM` has other arguments for `hold_storm.py`, such as those of
        /// `Tests/Scripts/hold-storm`.
        @Test(arguments: IOBackend.available)
        func `in a storm of kills, restarts and drains everybody's books agree`(io: IOBackend) throws {
            let scratch = try ScratchFolder()
            let named = ProcessInfo.processInfo.environment["GATEHOUSE_HOLD_STORM"]?.split(separator: " ").map(String.init)
            let child = try ChildProcess(
                Repository.python,
                [Repository.peer("hold_storm.py"), Repository.gatehouse, "--io", io.rawValue, "--folder", scratch.file("")]
                    + (named ?? ["--sessions", "20", "--messages", "500", "--seconds", "10"]),
                output: scratch.file("out"), errors: scratch.file("errors"), environment: ["PYTHONUNBUFFERED": "1"])
            let exit = child.waitForExit(within: 120)
            let told = try JSON(parsing: scratch.read("out").split(separator: "\n").last ?? "{}")
            #expect(exit == .code(0), "\(told) \(scratch.read("errors"))")
            #expect(told["violations"].integer == 0)
            #expect(told["sent"].integer == told["received"].integer && told["gave_up"].integer == 0)
            #expect((told["resumptions"].integer ?? 0) > 0 && (told["delivered"].integer ?? 0) > 0)
        }
    }
}
