import Testing

extension Integration {
    /// Every family of metrics holds the number that known traffic must give.
    @Suite struct MetricsTests {
        /// The samples of a scrape: name and labels to value.
        private func scrape(_ gatehouse: GatehouseProcess) throws -> [String: Double] {
            var samples: [String: Double] = [:]
            for line in try gatehouse.admin("/metrics").text.split(separator: "\n") where !line.hasPrefix("#") {
                guard let blank = line.lastIndex(of: " "), let value = Double(line[line.index(after: blank)...]) else { continue }
                samples[String(line[..<blank].dropFirst("gatehouse_".count))] = value
            }
            return samples
        }

        @Test(arguments: IOBackend.available)
        func `frames and bytes of a session show while it lives, and stay once it is over`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let sent = Frame.text("hello", masked: true) + Frame.ping("p", masked: true) + Frame.binary([1, 2, 3], masked: true)
            try session.client.send(sent)
            _ = try session.backend.read(sent.count)
            try session.backend.send(Frame.text("ok"))
            _ = try session.client.readFrame()
            for isLive in [true, true, false] {
                if !isLive {
                    session.client.reset()
                    _ = try forwarding.gatehouse.ledger.wait(for: "session.closed")
                }
                let samples = try scrape(forwarding.gatehouse)
                for (opcode, count, bytes) in [("text", 1.0, 5.0), ("ping", 1, 1), ("binary", 1, 3), ("close", 0, 0)] {
                    let labels = "{direction=\"client_to_server\",opcode=\"\(opcode)\"}"
                    #expect(samples["frames_total" + labels] == count, "\(opcode), live: \(isLive)")
                    #expect(samples["frame_payload_bytes_total" + labels] == bytes, "\(opcode), live: \(isLive)")
                }
                #expect(samples["session_bytes_total{direction=\"client_to_server\"}"] == Double(sent.count))
                #expect(samples["session_bytes_total{direction=\"server_to_client\"}"] == 4)
                #expect(samples["sessions_live"] == (isLive ? 1 : 0))
            }
        }

        @Test(arguments: IOBackend.available)
        func `known traffic gives known numbers`(io: IOBackend) throws {
            let authority = try CertificateAuthority()
            let secure = try authority.issue("localhost")
            let origin = try RawBackend()
            let gone = try RawBackend().port
            let gatehouse = try GatehouseProcess(
                io: io,
                """
                listen: [{address: "127.0.0.1:0"}, {address: "127.0.0.1:0", tls: {certificate: \(secure.certificate), key: \(secure.key)}}]
                clusters: {app: {endpoints: ["\(origin.url)"]}, gone: {endpoints: ["http://127.0.0.1:\(gone)"]}}
                routes: [{match: {path: /gone}, cluster: gone}, {cluster: app}]
                timeouts: {idle: 300ms, closing: 300ms}
                """, listeners: 2)

            // Two requests on one connection, with bodies; one answer of our own; one endpoint that isn't there.
            let client = try gatehouse.connect()
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n1234567")
            let backend = try origin.accept()
            _ = try backend.readHead()
            _ = try backend.read(7)
            try backend.send("HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nno!")
            _ = try client.readResponse()
            try client.send(Forwarding.get())
            _ = try backend.readHead()
            try backend.send(Forwarding.ok)
            _ = try client.readResponse()
            _ = try gatehouse.exchange("GET / HTTP/1.1\r\n\r\n")
            _ = try gatehouse.exchange(Forwarding.get("/gone"))
            // Upgrades: one opened and ended by the idle timeout, one refused, one that nobody answers.
            let session = try RawSession(through: gatehouse, to: origin)
            let refused = try gatehouse.connect()
            try refused.send(Upgrade.request())
            let refusing = try origin.accept()
            _ = try refusing.readHead()
            try refusing.send("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            _ = try refused.readResponse()
            _ = try gatehouse.exchange(Upgrade.request("/gone"))
            // TLS: one handshake that succeeds, one that is none.
            _ = try? gatehouse.exchange("this is no TLS\r\n\r\n", port: gatehouse.ports[1])
            _ = try CertificateAuthority.exchange(
                "GET /gone HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", port: gatehouse.ports[1])
            _ = try gatehouse.ledger.wait(for: "session.closed")
            withExtendedLifetime(session) {}

            let isQuiet = try holds {
                let samples = try scrape(gatehouse)
                return samples["connections_open"] == 2 && samples["buffers_in_use"] == 0
            }
            #expect(isQuiet, "two connections stay open, and nothing is held")
            let samples = try scrape(gatehouse)
            let app = "{cluster=\"app\",endpoint=\"\(origin.url)\""
            let lost = "{cluster=\"gone\",endpoint=\"http://127.0.0.1:\(gone)\""
            let expected: [String: Double] = [
                "sessions_live": 0,
                "requests_total{answered_by=\"backend\",status=\"1xx\"}": 1,
                "requests_total{answered_by=\"backend\",status=\"2xx\"}": 1,
                "requests_total{answered_by=\"backend\",status=\"4xx\"}": 2,
                "requests_total{answered_by=\"gatehouse\",status=\"4xx\"}": 1,
                "requests_total{answered_by=\"gatehouse\",status=\"5xx\"}": 3,
                "handshakes_total{outcome=\"opened\"}": 1,
                "handshakes_total{outcome=\"refused\"}": 1,
                "handshakes_total{outcome=\"failed\"}": 1,
                "handshakes_total{outcome=\"abandoned\"}": 0,
                "handshake_seconds_count": 3,
                "request_seconds_count": 5,
                "session_duration_seconds_count": 1,
                "http_body_bytes_total{direction=\"client_to_server\"}": 7,
                "http_body_bytes_total{direction=\"server_to_client\"}": 5,
                "timeouts_total{timeout=\"idle\"}": 1,
                "sessions_closed_total{first=\"gatehouse\",code=\"none\"}": 1,
                "tls_handshakes_total{side=\"downstream\",outcome=\"success\"}": 1,
                "tls_handshakes_total{side=\"downstream\",outcome=\"failure\"}": 1,
                "endpoint_sessions\(app)}": 0,
                "endpoint_connects_total\(app),outcome=\"success\"}": 3,
                "endpoint_connects_total\(app),outcome=\"failure\"}": 0,
                "endpoint_connects_total\(lost),outcome=\"failure\"}": 3,
                "endpoint_requests_total\(app),status=\"1xx\"}": 1,
                "endpoint_requests_total\(app),status=\"4xx\"}": 2,
                "endpoint_connect_seconds_count\(app)}": 3,
                "upstream_connect_seconds_count": 3,
                "workers": 1,
            ]
            for (series, value) in expected where samples[series] != value {
                Issue.record("\(series) is \(samples[series].map { "\($0)" } ?? "missing"), expected \(value)")
            }
            #expect((samples["buffers"] ?? 0) > 0)
            #expect((samples["loop_lag_seconds_count"] ?? 0) > 0)
            #expect((samples["connections_total"] ?? 0) >= 7)
            withExtendedLifetime((client, refused)) {}
        }

        @Test(arguments: IOBackend.available)
        func `a side that doesn't read is counted as back-pressure, and its buffers are seen`(io: IOBackend) throws {
            let forwarding = try Forwarding(io: io)
            let session = try RawSession(through: forwarding.gatehouse, to: forwarding.origin)
            let block = Frame.binary([UInt8](repeating: 7, count: 1 << 20))
            var sent = block.count
            while sent == block.count { sent = try session.backend.sendWhatFits(block, within: 0.5) }
            let samples = try scrape(forwarding.gatehouse)
            #expect((samples["back_pressure_total{direction=\"server_to_client\"}"] ?? 0) >= 1)
            #expect(samples["back_pressure_total{direction=\"client_to_server\"}"] == 0)
            // With io_uring all large buffers are the kernel's, and what waits moves to a block of its own.
            if io == .epoll { #expect((samples["buffers_in_use"] ?? 0) >= 1) }
        }
    }
}
