import Glibc
import Testing

extension Integration {
    /// Drain of one endpoint: nothing new goes to it, its sessions are sent away, the others don't notice.
    @Suite struct DrainTests {
        private struct Pair {
            let first: RawBackend
            let second: RawBackend
            let gatehouse: GatehouseProcess

            init(io: IOBackend, _ more: String = "", workers: Int = 1) throws {
                first = try RawBackend()
                second = try RawBackend()
                gatehouse = try GatehouseProcess(
                    io: io,
                    """
                    clusters: {app: {endpoints: [\(first.url), \(second.url)]}}
                    cluster: app
                    \(more)
                    """, workers: workers)
            }

            func drain(_ endpoint: RawBackend, _ query: String = "", method: String = "POST") throws -> Response {
                try gatehouse.exchange(
                    "\(method) /api/drain?endpoint=\(endpoint.url)\(query) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                    port: gatehouse.adminPort())
            }

            /// A session to whichever of the two it goes.
            func open() throws -> (client: RawConnection, backend: RawConnection, isFirst: Bool) {
                let client = try gatehouse.connect()
                try client.send(Upgrade.request())
                let backend = try eventually { () -> (RawConnection, Bool)? in
                    if let connection = try? first.accept(within: 0.02) { return (connection, true) }
                    return (try? second.accept(within: 0.02)).map { ($0, false) }
                }
                guard let (connection, isFirst) = backend else { throw HarnessFailure("no backend was asked") }
                _ = try connection.readHead()
                try connection.send(Upgrade.response())
                _ = try client.readHead()
                return (client, connection, isFirst)
            }
        }

        @Test(arguments: IOBackend.available)
        func `its sessions get their close, the others go on, and new ones go elsewhere until it is taken back`(io: IOBackend)
            throws
        {
            let pair = try Pair(io: io)
            let sessions = try (0..<6).map { _ in try pair.open() }
            let (going, staying) = (sessions.filter(\.isFirst), sessions.filter { !$0.isFirst })
            #expect(going.count == 3 && staying.count == 3)
            let answer = try pair.drain(pair.first, "&window=300ms&code=1012&reason=restart;+retry-after=%7Bretry%7D")
            #expect(answer.status == 202)
            #expect(answer.text.contains("\"state\":\"draining\",\"sessions\":3,"), "\(answer.text)")
            for session in going {
                let close = try session.client.readFrame()
                #expect(close.closeCode == 1012 && close.closeReason == "restart; retry-after=1")
                #expect(try session.backend.readFrame().closeCode == 1001)
                try session.client.send(Frame.close(1012, masked: true))
                try session.backend.send(Frame.close(1001))
                session.backend.finishSending()
            }
            let drained = try pair.gatehouse.ledger.wait(for: "endpoint.drained")
            #expect(drained["endpoint"].text == pair.first.url)
            #expect(drained["sessions"].integer == 3 && drained["cut"].integer == 0)
            #expect(try pair.gatehouse.ledger.wait(for: "endpoint.draining")["close_code"].integer == 1012)
            for session in staying {
                let text = Frame.text("still here", masked: true)
                try session.client.send(text)
                #expect(try session.backend.read(text.count) == text)
            }
            for _ in 0..<4 { #expect(try !pair.open().isFirst) }
            #expect(
                try pair.gatehouse.admin("/metrics").text.contains(
                    "gatehouse_endpoint_draining{cluster=\"app\",endpoint=\"\(pair.first.url)\"} 1\n"))
            #expect(try pair.gatehouse.admin("/api/drain").text.contains("\"left\":0"))
            #expect(try pair.drain(pair.first, "&resume=true").text.contains("\"state\":\"serving\""))
            let later = try (0..<4).map { _ in try pair.open() }
            #expect(later.contains { $0.isFirst })
            _ = try pair.gatehouse.ledger.wait(for: "endpoint.resumed")
        }

        @Test(arguments: IOBackend.available)
        func `closes are spread over the window, and who doesn't answer is cut at the timeout`(io: IOBackend) throws {
            let pair = try Pair(io: io, "timeouts: {closing: 30s}")
            let sessions = try (0..<8).map { _ in try pair.open() }.filter(\.isFirst)
            #expect(sessions.count == 4)
            #expect(try pair.drain(pair.first, "&window=1s&timeout=2s").status == 202)
            let began = ContinuousClock.now
            var moments: [Duration] = []
            for session in sessions {
                #expect(try session.client.readFrame().closeCode == 1001)
                moments.append(ContinuousClock.now - began)
            }
            #expect((moments.max() ?? .zero) > .milliseconds(500), "\(moments)")
            #expect((moments.max() ?? .zero) < .milliseconds(1900), "\(moments)")
            #expect(try pair.gatehouse.ledger.wait(for: "endpoint.drained")["cut"].integer == 4)
            for session in sessions { #expect(try session.client.readToEnd() == []) }
        }

        @Test(arguments: IOBackend.available)
        func `with no endpoint left an upgrade is refused for a while`(io: IOBackend) throws {
            let pair = try Pair(io: io)
            for endpoint in [pair.first, pair.second] { #expect(try pair.drain(endpoint).status == 202) }
            let response = try pair.gatehouse.exchange(Upgrade.request())
            #expect(response.status == 503)
            #expect(response.field("Retry-After") != nil)
        }

        @Test(arguments: IOBackend.available)
        func `a drain outlives a reload, and two workers drain together`(io: IOBackend) throws {
            let pair = try Pair(io: io, workers: 2)
            let sessions = try (0..<12).map { _ in try pair.open() }
            let going = sessions.filter(\.isFirst)
            #expect(try pair.drain(pair.first, "&window=0s").status == 202)
            pair.gatehouse.child.send(SIGHUP)
            _ = try pair.gatehouse.ledger.wait(for: "config.reloaded")
            for session in going { #expect(try session.client.readFrame().closeCode == 1001) }
            for _ in 0..<6 { #expect(try !pair.open().isFirst) }
        }

        @Test(arguments: IOBackend.available)
        func `an endpoint over TLS is drained in every cluster that has it, with the sessions from before a reload`(io: IOBackend)
            throws
        {
            let authority = try CertificateAuthority()
            let certificate = try authority.issue("127.0.0.1")
            let peer = try Peer(.websockets, arguments: ["--certificate", certificate.certificate, "--key", certificate.key])
            let endpoint = "https://127.0.0.1:\(peer.port)"
            let cluster = "{endpoints: [\"\(endpoint)\"], tls: {ca: \(authority.file)}}"
            let gatehouse = try GatehouseProcess(
                io: io,
                """
                clusters: {one: \(cluster), two: \(cluster)}
                routes:
                  - {match: {host: two.example}, cluster: two}
                  - {cluster: one}
                """)
            let hosts = ["one.example", "two.example"]
            func request(_ host: String) -> String { Upgrade.request("/echo", without: ["Host"], with: ("Host", host)) }
            func open(_ host: String) throws -> RawConnection {
                let client = try gatehouse.connect()
                try client.send(request(host))
                #expect(Response.status(of: try client.readHead()) == 101)
                return client
            }
            var clients = try hosts.map(open)
            gatehouse.child.send(SIGHUP)
            _ = try gatehouse.ledger.wait(for: "config.reloaded")
            clients += try hosts.map(open)
            let answer = try gatehouse.exchange(
                "POST /api/drain?endpoint=\(endpoint)&window=0s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                port: gatehouse.adminPort())
            #expect(answer.text.contains("\"state\":\"draining\",\"sessions\":4,"), "\(answer.text)")
            for client in clients { #expect(try client.readFrame().closeCode == 1001) }
            for host in hosts { #expect(try gatehouse.exchange(request(host)).status == 503) }
            let metrics = try gatehouse.admin("/metrics").text
            for name in ["one", "two"] {
                #expect(metrics.contains("gatehouse_endpoint_draining{cluster=\"\(name)\",endpoint=\"\(endpoint)\"} 1\n"))
            }
            withExtendedLifetime(peer) {}
        }

        @Test(arguments: IOBackend.available)
        func `what is no drain changes nothing`(io: IOBackend) throws {
            let pair = try Pair(io: io)
            #expect(try pair.drain(RawBackend()).status == 404)
            #expect(try pair.drain(pair.first, "&code=4000").status == 400)
            #expect(try pair.drain(pair.first, method: "DELETE").status == 405)
            #expect(try pair.drain(pair.first, method: "GET").text.contains("\"drains\":[]"))
            let opened = try (0..<4).map { _ in try pair.open().isFirst }
            #expect(opened.contains(true) && opened.contains(false))
        }

        @Test func `the command drains, waits, and takes it back`() throws {
            let pair = try Pair(io: .epoll, "admin: {listen: 127.0.0.1:0, token: 0123456789abcdef}")
            let sessions = try (0..<2).map { _ in try pair.open() }
            let session = try #require(sessions.first { $0.isFirst })
            let scratch = try ScratchFolder()
            let admin = "127.0.0.1:\(try pair.gatehouse.adminPort())"
            func run(_ arguments: [String], token: String = "0123456789abcdef") throws -> ChildProcess {
                try ChildProcess(
                    Repository.gatehouse, ["drain"] + arguments + ["--admin", admin], output: scratch.file("out"),
                    errors: scratch.file("errors"), environment: ["GATEHOUSE_ADMIN_TOKEN": token])
            }
            #expect(try run([pair.first.url], token: "wrong-wrong-wrong").waitForExit(within: 10) == .code(1))
            let drain = try run([pair.first.url, "--window", "0s", "--wait"])
            #expect(try session.client.readFrame().closeCode == 1001)
            #expect(drain.exit == nil)
            try session.client.send(Frame.close(1001, masked: true))
            try session.backend.send(Frame.close(1001))
            session.backend.finishSending()
            #expect(drain.waitForExit(within: 10) == .code(0))
            #expect(scratch.read("out").contains("1 sessions are being closed"))
            #expect(scratch.read("out").contains("has no sessions any more"))
            #expect(try run([pair.first.url, "--resume"]).waitForExit(within: 10) == .code(0))
            #expect(try run(["http://127.0.0.1:1"]).waitForExit(within: 10) == .code(1))
            #expect(try run([pair.first.url, "--window", "5"]).waitForExit(within: 10) == .code(2))
        }
    }
}
