import Configuration
import ProxyCore
import Testing
import Wire

struct HoldTests {
    private func policy(_ line: String) throws -> HoldPolicy? {
        try decode("upstream: http://a\n\(line)").routes.routes[0].hold
    }

    @Test func `nothing is held unless it is asked for`() throws {
        #expect(try policy("") == nil)
        #expect(try policy("hold: off") == nil)
        #expect(try policy("hold: {}") == HoldPolicy())
    }

    @Test func `every setting is taken`() throws {
        var expected = HoldPolicy()
        expected.attempts = 7
        expected.queue = 64 << 10
        expected.replayFirst = 2
        expected.backoff = .milliseconds(50)
        expected.backoffMax = .seconds(1)
        expected.deadline = .seconds(10)
        expected.unconfirmed = .resend
        #expect(
            try policy(
                "hold: {attempts: 7, queue: 64KiB, replay_first: 2, backoff: 50ms, backoff_max: 1s, deadline: 10s, unconfirmed: resend}")
                == expected)
    }

    @Test func `each route has its own`() throws {
        let routes = try decode(
            """
            routes:
              - {match: {path: /a}, upstream: http://a, hold: {attempts: 3}}
              - {match: {path: /b}, upstream: http://a}
            """
        ).routes.routes
        #expect(routes.map { $0.hold?.attempts } == [3, nil])
    }

    @Test(arguments: [
        ("hold: on", "hold"), ("hold: {attempts: 0}", "hold.attempts"), ("hold: {queue: 10}", "hold.queue"),
        ("hold: {queue: much}", "hold.queue"), ("hold: {replay_first: -1}", "hold.replay_first"),
        ("hold: {backoff: 0s}", "hold.backoff"), ("hold: {unconfirmed: keep}", "hold.unconfirmed"),
        ("hold: {retries: 5}", "hold.retries"), ("hold: {backoff: 10s}", "hold.backoff"),
        ("hold: {backoff_max: 100ms}", "hold.backoff_max"), ("hold: {deadline: 100ms}", "hold.deadline"),
    ])
    func `what can't be meant is refused where it stands`(_ line: String, _ key: String) throws {
        #expect(try problem("upstream: http://a\n\(line)").key == key)
    }
}
