import Configuration
import ProxyCore
import Testing
import Wire

struct DecodingTests {
    @Test func `an upstream is enough, and everything else is its default`() throws {
        let snapshot = try decode("upstream: http://127.0.0.1:8000")
        #expect(snapshot.listeners == [Listener(address: SocketAddress(v4: 0, port: 8080))])
        #expect(
            snapshot.clusters == [
                Cluster(name: "http://127.0.0.1:8000", endpoints: [try Endpoint(url: "http://127.0.0.1:8000")])
            ])
        #expect(snapshot.routes.routes == [Route(cluster: "http://127.0.0.1:8000", clusterIndex: 0)])
        #expect(snapshot.timeouts == Timeouts())
        #expect(snapshot.limits == Limits())
        #expect(snapshot.websocket == WebSocketSettings())
        #expect(snapshot.log == LogSettings())
        #expect(snapshot.admin == AdminSettings())
        #expect(snapshot.diagnosis == DiagnosisSettings())
        #expect(snapshot.drain == DrainSettings())
        #expect(snapshot.io == .auto && snapshot.workers == nil && snapshot.healthPath == nil)
        #expect(snapshot.warnings.isEmpty)
        #expect(snapshot.file == "g.yaml")
    }

    @Test func `every key reaches its place`() throws {
        let snapshot = try decode(
            """
            listen: ["127.0.0.1:8001", {address: "[2001:db8::1]:8002"}]
            trusted_proxies: [10.0.0.0/8, "fd00::/8", 192.0.2.1]
            clusters:
              app: {endpoints: [http://127.0.0.1:9001, "wss://app.internal"], policy: random-of-two, tls: {server_name: x.example, verify: true}}
            match: {host: "*.example.com", path: /ws, exact: true}
            cluster: app
            host: rewrite
            rewrite: {replace_prefix: /ws, with: /socket}
            upgrade: any
            websocket: {enforce: true, invalid_101: relay, message_limit: 1MiB}
            diagnosis: {probes: on-refusal, explain_in_close: ["https://App.example.com:443"]}
            log: {format: pretty, output: stderr, frames: true, frame_bytes: 16, redact: {fields: [X-Api-Key], parameters: [key]}}
            admin: {listen: 127.0.0.1:9901, path: /gh, token: 0123456789abcdef0123}
            health: {path: /healthz}
            limits: {head: 16KiB, fields: 50, target: 4KiB, body: 10MiB, memory: 64MiB, connections: 7, upgrades_in_flight: 6, sessions: 5}
            timeouts: {head: 1s, connect: 2s, response: 3s, idle: 1h30m, keep_alive: 5s, body: 6s, write: 7s, tls: 8s, closing: 250ms}
            drain: {window: 0s, timeout: 2s}
            io: epoll
            workers: 3
            """)
        #expect(snapshot.listeners.map(\.address.description) == ["127.0.0.1:8001", "[2001:db8::1]:8002"])
        #expect(snapshot.trustedProxies.map(\.description) == ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"])
        let cluster = try #require(snapshot.clusters.first)
        #expect(
            cluster.name == "app" && cluster.policy == .randomOfTwo
                && cluster.tls == UpstreamTLS(serverName: "x.example"))
        #expect(cluster.endpoints.map(\.description) == ["http://127.0.0.1:9001", "https://app.internal"])
        let route = try #require(snapshot.routes.routes.first)
        #expect(route.match.description == "*.example.com=/ws")
        #expect(route.host == .endpoint && route.upgrade == .any)
        #expect(route.rewrite == .replace(prefix: Array("/ws".utf8), with: Array("/socket".utf8)))
        #expect(
            snapshot.websocket.enforce && snapshot.websocket.invalid101 == .relay
                && snapshot.websocket.messageLimit == 1 << 20)
        #expect(
            snapshot.diagnosis.probes == .onRefusal && snapshot.diagnosis.explainInClose == ["https://app.example.com"])
        #expect(snapshot.log.format == .pretty && snapshot.log.output == .standardError)
        #expect(snapshot.log.frames && snapshot.log.frameBytes == 16)
        #expect(snapshot.log.redactedFields == ["x-api-key"] && snapshot.log.redactedParameters == ["key"])
        #expect(snapshot.admin.listener?.port == 9901 && snapshot.admin.publicPath == "/gh")
        #expect(snapshot.admin.token == Secret("0123456789abcdef0123"))
        #expect(snapshot.healthPath == "/healthz")
        var limits = Limits()
        (limits.head, limits.fields, limits.target, limits.body) = (16 << 10, 50, 4 << 10, 10 << 20)
        limits.memory = 64 << 20
        (limits.connections, limits.upgradesInFlight, limits.sessions) = (7, 6, 5)
        #expect(snapshot.limits == limits)
        var timeouts = Timeouts()
        (timeouts.head, timeouts.connect, timeouts.response, timeouts.idle) = (
            .seconds(1), .seconds(2), .seconds(3), .seconds(5400)
        )
        (timeouts.keepAlive, timeouts.body, timeouts.write, timeouts.tls) = (
            .seconds(5), .seconds(6), .seconds(7), .seconds(8)
        )
        timeouts.closing = .milliseconds(250)
        #expect(snapshot.timeouts == timeouts && route.timeouts == timeouts)
        #expect(snapshot.drain.window == .zero && snapshot.drain.timeout == .seconds(2))
        #expect(snapshot.io == .epoll && snapshot.workers == 3)
    }

    @Test func `the unspecified and loopback addresses of IPv6 are addresses`() throws {
        let snapshot = try decode("upstream: \"http://[::1]:8000\"\nlisten: \"[::]:8080\"\nadmin: {listen: \"[::1]:9900\"}")
        #expect(snapshot.listeners.map(\.address.description) == ["[::]:8080"])
        #expect(snapshot.admin.listener?.isLoopback == true)
    }

    @Test func `a route's timeouts stand over the general ones`() throws {
        let snapshot = try decode(
            """
            timeouts: {connect: 1s, idle: 2s}
            routes:
              - {name: a, match: {path: /a}, upstream: http://a, timeouts: {idle: 3s}}
              - {match: {path: /b}, upstream: http://a}
              - {match: {path: /c}, upstream: {url: http://c}, rewrite: {strip_prefix: /c, host: "c.internal:81"}}
            """)
        let routes = snapshot.routes.routes
        #expect(routes.map(\.timeouts.idle) == [.seconds(3), .seconds(2), .seconds(2)])
        #expect(routes.map(\.timeouts.connect) == [.seconds(1), .seconds(1), .seconds(1)])
        #expect(routes.map(\.name) == ["a", "*/b", "*/c"])
        #expect(snapshot.clusters.map(\.name) == ["http://a", "http://c"])
        #expect(routes.map(\.clusterIndex) == [0, 0, 1])
        #expect(
            routes.last?.host == .fixed("c.internal:81") && routes.last?.rewrite == .strip(prefix: Array("/c".utf8)))
    }

    @Test func `admin can be switched off in two ways`() throws {
        #expect(try decode("upstream: http://a\nadmin: off").admin.listener == nil)
        #expect(try decode("upstream: http://a\nadmin: {listen: \"off\"}").admin.listener == nil)
    }

    @Test func `log output may be a file, relative to the configuration`() throws {
        let text = "upstream: http://a\nlog: {output: ./g.log}"
        #expect(try decode(text, file: "/etc/gatehouse/g.yaml").log.output == .file("/etc/gatehouse/./g.log"))
        #expect(try decode(text).log.output == .file("./g.log"))
        #expect(try decode("upstream: http://a\nlog: {output: /var/g.log}").log.output == .file("/var/g.log"))
    }

    @Test func `every timer of the log has its span`() {
        let timeouts = Timeouts()
        for timeout in Timeout.allCases where timeout != .heartbeat && timeout != .drain {
            #expect(timeouts[timeout] != nil, "\(timeout)")
        }
        #expect(timeouts[.connect] == .seconds(5))
    }
}
