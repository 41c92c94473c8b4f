import Telemetry
import TestSupport
import Testing
import Wire

@testable import Admin

@Suite struct `The admin router` {
    private let local = AdminRouter(hosts: ["Gate.internal"], token: nil)
    private let guarded = AdminRouter(token: "s3cret")
    private let open = AdminRouter(publicPath: "/.gatehouse/", token: "s3cret")

    private func route(
        _ router: AdminRouter, _ path: String, query: String? = nil, method: String = "GET", host: String? = "127.0.0.1:9900",
        origin: String? = nil, authorization: String? = nil
    ) -> AdminRequest {
        router.route(
            method: method, path: path, query: query, host: host, origin: origin, authorization: authorization)
    }

    @Test(
        arguments: [
            ("/healthz", .healthz), ("/readyz", .readyz), ("/metrics", .metrics), ("/", .index), ("/api/causes", .causes),
            ("/api/sessions", .sessions(SessionFilter())), ("/api/sessions/5f300000001a", .notFound),
            ("/api/sessions/05f300000001a", .session(SessionID("05f300000001a") ?? SessionID(0))),
            ("/api/sessions/zzzzzzzzzzzzz", .notFound), ("/metrics/", .notFound), ("/metricsx", .notFound),
            ("//metrics", .notFound), ("/../metrics", .notFound), ("", .index), ("/METRICS", .notFound),
        ] as [(String, AdminRequest)])
    func `knows its paths`(path: String, request: AdminRequest) {
        #expect(route(local, path) == request)
    }

    // G12: a page whose name was rebound to this address sends its own name.
    @Test(
        arguments: [
            ("evil.example", false), ("evil.example:9900", false), ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("[evil.example]", false), ("", false), (nil, false), ("gate.internal.evil", false),
            ("localhost", true), ("LOCALHOST:9900", true), ("127.0.0.1", true), ("10.1.2.3:9900", true), ("[::1]:9900", true),
            ("gate.internal:9900", true), ("GATE.INTERNAL", true),
        ] as [(String?, Bool)])
    func `serves only names that can't be rebound`(host: String?, served: Bool) {
        for path in ["/healthz", "/metrics", "/api/sessions", "/nothing"] {
            #expect((route(local, path, host: host) != .misdirected) == served, "\(path)")
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:9900", true), ("https://127.0.0.1:9900", true), ("http://evil.example", false), ("null", false),
        ("http://127.0.0.1:9901", false), ("127.0.0.1:9900", false), ("", false),
    ])
    func `refuses pages of other origins`(origin: String, served: Bool) {
        #expect((route(local, "/api/sessions", origin: origin) != .forbidden) == served)
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "", "CONNECT"])
    func `serves only GET and HEAD`(method: String) {
        #expect(route(local, "/metrics", method: method) == .methodNotAllowed)
        #expect(route(local, "/metrics", method: "HEAD") == .metrics)
    }

    @Test(
        arguments: [
            (nil, false), ("", false), ("Bearer", false), ("Bearer ", false), ("Bearer s3cre", false), ("Bearer s3crets", false),
            ("Bearer s3cret ", false), ("Bearer S3CRET", false), ("Basic s3cret", false), ("s3cret", false),
            ("Bearer s3crets3cret", false), ("Bearer s3cret", true), ("bearer s3cret", true),
        ] as [(String?, Bool)])
    func `wants the token where one is configured`(authorization: String?, served: Bool) {
        for path in ["/metrics", "/api/sessions", "/", "/nothing"] {
            #expect((route(guarded, path, authorization: authorization) != .unauthorized) == served)
        }
        #expect(route(guarded, "/healthz", authorization: authorization) == .healthz, "probes have no token")
    }

    @Test func `wants the token for everything on the public port, and there accepts every Host`() {
        #expect(route(open, "/.gatehouse/healthz", host: "app.example.com") == .unauthorized)
        #expect(route(open, "/.gatehouse/healthz", host: "app.example.com", authorization: "Bearer s3cret") == .healthz)
        #expect(route(open, "/.gatehouse", host: "app.example.com", authorization: "Bearer s3cret") == .index)
        #expect(route(open, "/healthz", host: "app.example.com", authorization: "Bearer s3cret") == .notFound)
    }

    @Test func `never lets an empty token open a door`() {
        #expect(route(AdminRouter(token: ""), "/metrics", authorization: "Bearer x") == .unauthorized)
        #expect(route(AdminRouter(token: ""), "/metrics") == .unauthorized)
    }

    @Test func `reads a filter from the query`() {
        let filter = SessionFilter(query: "route=a%2Fb&client=203.0.113.7&state=open&limit=5&x=1&endpoint=h%3A1&broken=%zz&y")
        #expect(filter.route == "a/b")
        #expect(filter.client == "203.0.113.7")
        #expect(filter.state == "open")
        #expect(filter.endpoint == "h:1")
        #expect(filter.limit == 5)
        #expect(SessionFilter(query: "limit=0").limit == 1)
        #expect(SessionFilter(query: "limit=999999999999999999999").limit == 1000)
        #expect(SessionFilter(query: "limit=99999").limit == 10_000)
        #expect(SessionFilter(query: "route=%ff&state=%+1&client=%").route == nil)
    }
}
