import ProxyCore
import TestSupport
import Testing

struct RouteTableTests {
    private func route(_ name: String, _ host: String = "*", _ path: String = "/", exact: Bool = false) throws -> Route {
        let match = RouteMatch(host: try #require(HostPattern(host)), path: try PathPattern(path, exact: exact))
        return Route(name: name, match: match, cluster: "c", clusterIndex: 0)
    }

    private func name(_ table: RouteTable, _ host: String, _ path: String) -> String? {
        let (host, path) = (bytes(host), bytes(path))
        return table.match(host: host.span.bytes, path: path.span.bytes).map { table.routes[$0].name }
    }

    @Test func `the most specific route wins, whatever the order`() throws {
        let routes = [
            try route("all"), try route("suffix", "*.example.com"), try route("longer suffix", "*.eu.example.com"),
            try route("host", "app.example.com"), try route("host and path", "app.example.com", "/ws"),
            try route("host and exact path", "app.example.com", "/ws", exact: true), try route("path", "*", "/ws/deep"),
        ]
        for table in [RouteTable(routes), RouteTable(routes.reversed())] {
            #expect(name(table, "app.example.com", "/ws") == "host and exact path")
            #expect(name(table, "app.example.com", "/ws/a") == "host and path")
            #expect(name(table, "app.example.com", "/ws/deep") == "host and path")
            #expect(name(table, "APP.Example.com.", "/") == "host")
            #expect(name(table, "a.eu.example.com", "/x") == "longer suffix")
            #expect(name(table, "b.example.com", "/x") == "suffix")
            #expect(name(table, "example.com", "/x") == "all")
            #expect(name(table, "other", "/ws/deep/er") == "path")
            #expect(name(table, "", "/") == "all")
        }
    }

    @Test func `a host whose paths do not match falls back to less specific hosts`() throws {
        let table = RouteTable([try route("ws", "app.example.com", "/ws"), try route("all")])
        #expect(name(table, "app.example.com", "/") == "all")
        #expect(name(RouteTable([try route("ws", "app.example.com", "/ws")]), "app.example.com", "/") == nil)
    }

    @Test(arguments: [
        ("/ws", "/ws", true), ("/ws", "/ws/", true), ("/ws", "/ws/a", true), ("/ws", "/wsx", false),
        ("/ws", "/w", false),
        ("/ws/", "/ws/a", true), ("/ws/", "/ws", false), ("/", "/", true), ("/", "/anything", true), ("/ws", "", false),
        ("/ws", "/WS", false), ("/", "*", false),
    ])
    func `a prefix ends at a segment`(_ prefix: String, _ path: String, _ expected: Bool) throws {
        let path = bytes(path)
        let matches = try PathPattern(prefix, exact: false).matches(path.span.bytes)
        #expect(matches == expected)
    }

    @Test(arguments: [
        ("*.example.com", "evilexample.com", false), ("*.example.com", ".example.com", false),
        ("*.example.com", "a.b.example.com", true), ("app.example.com", "app.example.com.evil.com", false),
        ("[2001:db8::1]", "[2001:DB8::1]", true), ("app.example.com", "app.example.com..", false),
        ("localhost", ".", false),
    ])
    func `a host matches wholly or below its domain`(_ pattern: String, _ host: String, _ expected: Bool) throws {
        let host = bytes(host)
        let matches = try #require(HostPattern(pattern)).matches(host.span.bytes)
        #expect(matches == expected)
    }

    @Test(arguments: [
        "", "a b", "*", "app:80", "*.*.com", "*example.com", "a..b", "[::1", "[1.2.3.4]", "*.[::1]", "é.com", "a/b",
    ])
    func `what is no host is no pattern`(_ text: String) {
        #expect((HostPattern(text) == nil) == (text != "*"))
    }

    @Test(arguments: [
        ("ws", PathPatternFault.notAbsolute), ("", .notAbsolute), ("/a?b", .query), ("/a#b", .query),
        ("/a%20", .encoded),
        ("/ws/*", .star), ("/a b", .character), ("/a\\b", .character), ("/é", .character), ("//a", .notCanonical),
        ("/a//b", .notCanonical), ("/./a", .notCanonical), ("/a/..", .notCanonical), ("/..", .notCanonical),
        ("//", .notCanonical),
    ])
    func `a path that no canonical path equals is refused`(_ path: String, _ fault: PathPatternFault) {
        #expect(throws: fault) { try PathPattern(path, exact: false) }
    }
}
