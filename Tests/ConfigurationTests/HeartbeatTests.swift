import Configuration
import ProxyCore
import Testing
import Wire

struct HeartbeatTests {
    private func policy(_ line: String) throws -> HeartbeatPolicy? {
        try decode("upstream: http://a\n\(line)").routes.routes[0].heartbeat
    }

    @Test func `there are none unless they are asked for`() throws {
        #expect(try policy("") == nil)
        #expect(try policy("heartbeat: off") == nil)
        #expect(try policy("heartbeat: {}") == HeartbeatPolicy())
    }

    @Test func `interval, timeout and sides are taken`() throws {
        #expect(
            try policy("heartbeat: {interval: 10s, timeout: 3s, sides: [upstream]}")
                == HeartbeatPolicy(interval: .fixed(.seconds(10)), timeout: .seconds(3), pingsClient: false))
        #expect(try policy("heartbeat: {interval: auto}")?.interval == .automatic)
        #expect(try policy("heartbeat: {interval: auto}")?.timing.interval == .seconds(25))
        #expect(try policy("heartbeat: {sides: [client]}")?.pingsUpstream == false)
    }

    @Test func `each route has its own`() throws {
        let routes = try decode(
            """
            routes:
              - {match: {path: /a}, upstream: http://a, heartbeat: {interval: 5s}}
              - {match: {path: /b}, upstream: http://a}
            """
        ).routes.routes
        #expect(routes.map { $0.heartbeat?.interval } == [.fixed(.seconds(5)), nil])
    }

    @Test(arguments: [
        ("heartbeat: on", "heartbeat"), ("heartbeat: {interval: 0s}", "heartbeat.interval"),
        ("heartbeat: {interval: often}", "heartbeat.interval"), ("heartbeat: {timeout: auto}", "heartbeat.timeout"),
        ("heartbeat: {sides: [server]}", "heartbeat.sides[0]"), ("heartbeat: {sides: []}", "heartbeat.sides"),
        ("heartbeat: {sides: client}", "heartbeat.sides"), ("heartbeat: {every: 5s}", "heartbeat.every"),
    ])
    func `what can't be meant is refused where it stands`(_ line: String, _ key: String) throws {
        #expect(try problem("upstream: http://a\n\(line)").key == key)
    }

    @Test func `an interval that the idle timeout would overtake is said`() throws {
        let snapshot = try decode("upstream: http://a\ntimeouts: {idle: 20s}\nheartbeat: {interval: 25s}")
        #expect(snapshot.warnings.map(\.key) == ["heartbeat.interval"])
    }
}
