import Configuration
import HTTPWire
import ProxyCore
import Testing
import Wire

struct RoutingTests {
    private func cluster(_ lines: String) throws -> Cluster {
        try decode("clusters: {app: {endpoints: [http://a, http://b], \(lines)}}\ncluster: app").clusters[0]
    }

    @Test func `a cluster that says nothing is plain`() throws {
        let plain = try decode("clusters: {app: {endpoints: [http://a]}}\ncluster: app").clusters[0]
        #expect(plain.isPlain && plain == Cluster(name: "app", endpoints: plain.endpoints))
    }

    @Test func `policy and key`() throws {
        let hashed = try cluster("policy: hash, hash_by: header.X-Room")
        #expect(hashed.policy == .hash && hashed.hashKey == FieldName("x-room").map { .field($0) } && !hashed.isPlain)
    }

    @Test func `health, limit and wait`() throws {
        let full = try cluster(
            """
            max_sessions: 7, wait: {time: 3s, queue: 9}, health: {path: /healthz, websocket: /ws, host: app.example, interval: 1s,
            timeout: 500ms, healthy: 1, unhealthy: 4, failures: 2, ejection: 3s, longest_ejection: 1m, slow_start: 30s, panic: 40}
            """)
        #expect(full.maximumSessions == 7 && full.wait == WaitRule(time: .seconds(3), queue: 9))
        #expect(
            full.health
                == HealthRule(
                    check: .init(
                        kinds: [.http(target: "/healthz"), .webSocket(target: "/ws")], host: "app.example", interval: .seconds(1),
                        timeout: .milliseconds(500), healthy: 1, unhealthy: 4),
                    failures: 2, ejection: .seconds(3), longestEjection: .seconds(60), slowStart: .seconds(30), panic: 40))
    }

    @Test func `health without checks judges by the traffic, and panics only where nobody waits`() throws {
        #expect(try cluster("health: {}").health == HealthRule())
        #expect(try cluster("health: {}, wait: {}").health?.panic == nil)
        #expect(try cluster("health: {panic: 0}, wait: {}").health?.panic == 0)
        #expect(try cluster("wait: {}").wait == WaitRule())
    }

    @Test func `a single endpoint may have the same`() throws {
        let snapshot = try decode("upstream: {url: http://a, wait: {time: 5s}, max_sessions: 3, health: {websocket: /ws}}")
        #expect(snapshot.clusters[0].wait?.time == .seconds(5) && snapshot.clusters[0].maximumSessions == 3)
        #expect(snapshot.clusters[0].health?.check?.kinds == [.webSocket(target: "/ws")])
    }

    @Test func `each kind of affinity`() throws {
        func kind(_ text: String) throws -> AffinityRule.Kind? { try cluster("affinity: {\(text)}").affinity?.kind }
        #expect(try kind("cookie: gatehouse") == .cookie(.init(name: Array("gatehouse".utf8))))
        #expect(try kind("application_cookie: sessionid") == .applicationCookie(Array("sessionid".utf8)))
        #expect(try kind("header: X-Room") == FieldName("x-room").map { .key(.field($0)) })
        #expect(try kind("query: room") == .key(.query(Array("room".utf8))))
        #expect(try kind("address: true") == .key(.address))
        #expect(try kind("engine_io: true") == .engineIO)
        let learnt = try cluster("affinity: {engine_io: true, entries: 500, memory: 1m}").affinity
        #expect(learnt?.entries == 500 && learnt?.memory == .seconds(60))
    }

    @Test func `a cookie with everything, whose keys nobody prints`() throws {
        let keys = ["0123456789abcdef-new", "0123456789abcdef-old"]
        let snapshot = try decode(
            """
            clusters:
              app:
                endpoints: [http://a]
                affinity:
                  cookie: {name: g, keys: [\(keys[0]), \(keys[1])], path: /ws, max_age: 1h, same_site: none, http_only: false}
            cluster: app
            """)
        var settings = AffinityCookie.Settings(name: Array("g".utf8), path: "/ws", maximumAge: .seconds(3600))
        settings.sameSite = .none
        settings.isHTTPOnly = false
        #expect(snapshot.clusters[0].affinity?.kind == .cookie(settings))
        #expect(snapshot.affinityKeys["app"]?.map(\.revealed) == keys)
        var shown = ""
        dump(snapshot, to: &shown)
        #expect(!shown.contains("0123456789abcdef"))
    }

    @Test(arguments: [
        ("policy: hash", "policy"), ("hash_by: query.room", "hash_by"), ("policy: hash, hash_by: room", "hash_by"),
        ("policy: hash, hash_by: claims.tenant", "hash_by"), ("policy: ring", "policy"), ("max_sessions: 0", "max_sessions"),
        ("wait: {time: 0s}", "wait.time"), ("wait: {for: 1s}", "wait.for"), ("wait: 10s", "wait"),
        ("health: {interval: 5s}", "health.interval"),
        ("health: {path: healthz}", "health.path"), ("health: {path: /h, timout: 5s}", "health.timout"),
        ("health: {ejection: 1m, longest_ejection: 1s}", "health.longest_ejection"), ("health: {panic: 101}", "health.panic"),
        ("affinity: {}", "affinity"), ("affinity: {cookie: a, address: true}", "affinity"), ("affinity: cookie", "affinity"),
        ("affinity: {address: false}", "affinity.address"), ("affinity: {cookie: {path: /}}", "affinity.cookie"),
        ("affinity: {cookie: {name: a, keys: []}}", "affinity.cookie.keys"),
        ("affinity: {cookie: {name: a, keys: [short]}}", "affinity.cookie.keys[0]"),
        ("affinity: {cookie: {name: a, same_site: none, secure: false}}", "affinity.cookie.secure"),
        ("affinity: {cookie: a, memory: 5m}", "affinity.memory"), ("affinity: {engine_io: yes}", "affinity.engine_io"),
    ])
    func `what can't be meant is refused where it stands`(_ lines: String, _ key: String) throws {
        let found = try problem("clusters: {app: {endpoints: [http://a], \(lines)}}\ncluster: app")
        #expect(found.key == "clusters.app.\(key)")
    }

    @Test func `a slip of the pen gets the name that was meant`() throws {
        let found = try problem("clusters: {app: {endpoints: [http://a], afinity: {address: true}}}\ncluster: app")
        #expect(found.remedy == "did you mean affinity?" && found.description.contains("g.yaml:1"))
    }
}
