import Telemetry
import TestSupport
import Testing
import Wire

@testable import Admin

@Suite struct `The admin router` {
    private let local = AdminRouter()
    private let guarded = AdminRouter(token: "s3cret")
    private let open = AdminRouter(publicPath: "/.gatehouse/", token: "s3cret")

    private func route(
        _ router: AdminRouter, _ path: String, query: String? = nil, method: String = "GET", host: String? = "127.0.0.1:9900",
        origin: String? = nil, fetch: FetchMetadata = FetchMetadata(), authorization: String? = nil
    ) -> AdminRequest {
        router.route(
            method: method, path: path, query: query, host: host, origin: origin, fetch: fetch, authorization: authorization)
    }

    @Test(
        arguments: [
            ("/healthz", .healthz), ("/readyz", .readyz), ("/metrics", .metrics), ("/", .page(.document)),
            ("/page.js", .page(.script)), ("/page.css", .page(.style)), ("/api/causes", .causes),
            ("/api/sessions", .sessions(SessionFilter())), ("/api/sessions/5f300000001a", .notFound),
            ("/api/sessions/05f300000001a", .session(SessionID("05f300000001a") ?? SessionID(0))),
            ("/api/sessions/zzzzzzzzzzzzz", .notFound), ("/metrics/", .notFound), ("/metricsx", .notFound),
            ("//metrics", .notFound), ("/../metrics", .notFound), ("", .page(.document)), ("/page", .notFound),
            ("/METRICS", .notFound),
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
            ("gate.internal:9900", false),
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

    // A form of another site's page posts without Origin where its referrer policy says so; its browser tells all the same.
    @Test(arguments: [
        (["cross-site"], false), (["same-site"], false), (["Cross-Site"], false), (["same-origin", "cross-site"], false),
        ([""], false),
        (["anything"], false), (["same-origin"], true), (["none"], true), ([], true),
    ])
    func `refuses what a browser says another site asks for, although there is no Origin`(sites: [String], served: Bool) {
        for mode in ["navigate", "no-cors", nil] {
            let fetch = FetchMetadata(sites: sites, mode: mode)
            for (path, query) in [("/api/drain", "endpoint=http://127.0.0.1:1"), ("/api/capture", "mode=off")] {
                #expect((route(local, path, query: query, method: "POST", fetch: fetch) != .forbidden) == served, "\(mode ?? "")")
            }
            // A link may lead here: what it shows is no page of the other site's.
            #expect((route(local, "/api/sessions", fetch: fetch) != .forbidden) == (served || mode == "navigate"))
        }
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "", "CONNECT"])
    func `serves only GET and HEAD, and says where POST is taken besides`(method: String) {
        #expect(route(local, "/metrics", method: method) == .methodNotAllowed(allowed: ["GET", "HEAD"]))
        #expect(route(local, "/metrics", method: "HEAD") == .metrics)
        guard method != "POST" else { return }
        let all = AdminRequest.methodNotAllowed(allowed: ["GET", "HEAD", "POST"])
        for path in ["/api/drain", "/api/capture"] {
            #expect(route(local, path, method: method) == all)
            #expect(route(open, "/.gatehouse" + path, method: method) == all)
        }
    }

    @Test(
        arguments: [
            (nil, false), ("", false), ("Bearer", false), ("Bearer ", false), ("Bearer s3cre", false), ("Bearer s3crets", false),
            ("Bearer s3cret ", false), ("Bearer S3CRET", false), ("Basic s3cret", false), ("s3cret", false),
            ("Bearer s3crets3cret", false), ("Bearer s3cret", true), ("bearer s3cret", true),
        ] as [(String?, Bool)])
    func `wants the token where one is configured`(authorization: String?, served: Bool) {
        for path in ["/metrics", "/api/sessions", "/nothing"] {
            #expect((route(guarded, path, authorization: authorization) != .unauthorized) == served)
        }
        #expect(route(guarded, "/healthz", authorization: authorization) == .healthz, "probes have no token")
        #expect(
            route(guarded, "/", authorization: authorization) == .page(.document), "the page holds no data, and asks for the token")
    }

    @Test func `wants the token for everything on the public port, and there accepts every Host`() {
        #expect(route(open, "/.gatehouse/healthz", host: "app.example.com") == .unauthorized)
        #expect(route(open, "/.gatehouse", host: "app.example.com") == .unauthorized)
        #expect(route(open, "/.gatehouse/healthz", host: "app.example.com", authorization: "Bearer s3cret") == .healthz)
        #expect(route(open, "/.gatehouse", host: "app.example.com", authorization: "Bearer s3cret") == .page(.document))
        #expect(route(open, "/healthz", host: "app.example.com", authorization: "Bearer s3cret") == .notFound)
    }

    @Test func `never lets an empty token open a door`() {
        #expect(route(AdminRouter(token: ""), "/metrics", authorization: "Bearer x") == .unauthorized)
        #expect(route(AdminRouter(token: ""), "/metrics") == .unauthorized)
    }

    @Test func `reads a filter from the query`() throws {
        let filter = try SessionFilter(query: "route=a%2Fb&client=203.0.113.7&state=open&limit=5&&endpoint=h%3A1")
        #expect(filter.route == "a/b")
        #expect(filter.client == "203.0.113.7")
        #expect(filter.state == .open)
        #expect(filter.endpoint == "h:1")
        #expect(filter.limit == 5)
        #expect(try SessionFilter(query: "limit=10000").limit == 10_000)
        #expect(try SessionFilter(query: "route=&state=&client=&limit=&endpoint=") == SessionFilter(), "a form that was left empty")
        #expect(try SessionFilter(query: "client=2001:DB8:0:0:0:0:0:1").client == "2001:db8::1")
    }

    @Test(arguments: [
        ("limit=-1", "limit is “-1”; accepted is a whole number from 1 to 10000"), ("limit=0", "1 to 10000"),
        ("limit=+5", "1 to 10000"),
        ("limit=10001", "“10001”"), ("limit=999999999999999999999", "1 to 10000"), ("limit=1e3", "“1e3”"), ("limit=%31x", "“1x”"),
        ("state=closed", "state is “closed”; accepted is one of open, held, closing"), ("client=localhost", "203.0.113.7"),
        ("client=10.0.0.1:80", "without a port"), ("x=1", "“x” is not known; accepted are route, endpoint, client, state, limit"),
        ("route=%ff", "“route=%ff” is not encoded"), ("%zz=1", "not encoded"), ("limit=5&limit=6", "“limit” stands twice"),
        (String(repeating: "a&", count: 33), "stands twice"), ((0..<33).map { "a\($0)" }.joined(separator: "&"), "more than 32"),
    ])
    func `says what it found and what it accepts, where a query can't be read`(query: String, words: String) {
        guard case .malformed(let sentence) = route(local, "/api/sessions", query: query) else {
            Issue.record("\(query) is accepted")
            return
        }
        #expect(sentence.contains(words), "\(sentence)")
    }

    @Test(arguments: [
        ("/api/drain", "endpoint=http://127.0.0.1:1&code=1000", "code is “1000”; accepted is 1001 or 1012"),
        ("/api/drain", "endpoint=http://127.0.0.1:1&window=-5s", "window is “-5s”; accepted is a time such as 20s"),
        ("/api/drain", "endpoint=http://127.0.0.1:1&x=1", "“x” is not known; accepted are endpoint, window"),
        ("/api/capture", "mode=some", "mode is “some”; accepted is off, always or black-box"),
        ("/api/capture", "", "mode is empty"),
        ("/api/capture", "mode=always&sample=2", "sample is “2”; accepted is a number from 0 to 1"),
        ("/api/capture", "mode=always&for=0s", "for is “0s”"), ("/api/capture", "mode=off&mode=always", "“mode” stands twice"),
    ])
    func `says so of orders too`(path: String, query: String, words: String) {
        guard case .malformed(let sentence) = route(local, path, query: query, method: "POST") else {
            Issue.record("\(query) is accepted")
            return
        }
        #expect(sentence.contains(words), "\(sentence)")
    }
}
