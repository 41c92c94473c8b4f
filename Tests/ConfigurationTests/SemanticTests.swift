import Configuration
import Glibc
import ProxyCore
import Testing
import Wire

struct SemanticTests {
    @Test func `a route that names no cluster of the file says the nearest`() throws {
        let found = try problem("clusters: {live: {endpoints: [http://a]}}\nroutes: [{cluster: lvie}]")
        #expect(
            found.key == "routes[0].cluster" && found.remedy == "did you mean live?" && found.expected == "one of live")
    }

    @Test func `without a place to forward to nothing starts`() throws {
        #expect(try problem("io: auto").key == "upstream")
        #expect(try problem("clusters: {app: {endpoints: [http://a]}}").remedy == "add cluster: app")
        #expect(try problem("routes: []").key == "routes")
        #expect(try problem("routes: [{match: {path: /a}}]").key == "routes[0]")
        #expect(try problem("cluster: a\nclusters: {a: {}}").observed == "a cluster without endpoints")
        #expect(try problem("cluster: a\nclusters: {a: {endpoints: []}}").key == "clusters.a.endpoints")
        #expect(try problem("upstream: {tls: {verify: true}}").observed == "an upstream without url")
        #expect(throws: ConfigurationError.self) { try Snapshot.load(file: nil) }
    }

    @Test func `two routes that match the same are refused`() throws {
        let found = try problem(
            "routes:\n  - {match: {host: A.example, path: /x}, upstream: http://a}\n  - {match: {host: a.example, path: /x}, upstream: http://b}\n"
        )
        #expect(found.source == .file("g.yaml", line: 3, column: 5))
        #expect(found.observed.contains("a.example/x"))
    }

    @Test func `exact and prefix of one path are two routes`() throws {
        let text =
            "routes: [{match: {path: /x}, upstream: http://a}, {match: {path: /x, exact: true}, upstream: http://b}]"
        #expect(try decode(text).routes.routes.map(\.cluster) == ["http://b", "http://a"])
    }

    @Test func `keys of a route beside routes are refused`() {
        let found = problems("upstream: http://a\nhost: rewrite\nroutes: [{upstream: http://b}]")
        #expect(found.map(\.key) == ["upstream", "host"])
    }

    @Test func `a cluster beside an upstream is refused`() throws {
        #expect(try problem("upstream: http://a\ncluster: a\nclusters: {a: {endpoints: [http://a]}}").key == "cluster")
    }

    @Test func `admin beyond loopback needs a token`() throws {
        let found = try problem("upstream: http://a\nadmin: {listen: 0.0.0.0:9900}")
        #expect(found.key == "admin.listen" && found.remedy?.contains("127.0.0.1:9900") == true)
        #expect(try problem("upstream: http://a\nadmin: {path: /gh}").key == "admin.path")
        #expect(
            try problem("upstream: http://a", flags: ["admin-listen": "[2001:db8::1]:1"]).source
                == .flag("admin-listen"))
        let token = ["GATEHOUSE_ADMIN_TOKEN": "0123456789abcdef"]
        #expect(
            try decode("upstream: http://a\nadmin: {listen: 0.0.0.0:9900, path: /gh}", environment: token).admin.token
                != nil)
    }

    @Test func `a secret is never shown`() {
        let secret = "hunter2-hunter2"
        let texts = [
            "upstream: http://a\nadmin: {token: \(secret)}", "upstream: http://a\nadmin: {token: [\(secret)]}",
            "upstream: http://a\nadmin: \(secret)", "upstream: http://user:\(secret)@a",
            "upstream: http://a?token=\(secret)",
            "upstream: {url: \"user:\(secret)@a\"}", "upstream: http://a\nadmin: {tokn: \(secret)}",
            "upstream: http://a\nadmin: {token: \(secret)\(secret), token: \(secret)}",
            "upstream: http://a\nauth: \(secret)",
        ]
        for text in texts {
            let found = problems(text)
            #expect(!found.isEmpty)
            #expect(!ConfigurationError(found).description.contains("hunter2"), "\(text)")
            #expect(!ConfigurationError(found).json.contains("hunter2"), "\(text)")
        }
        #expect(
            !problems("upstream: http://a", environment: ["GATEHOUSE_ADMIN_TOKEN": "hunter2"]).description.contains(
                "hunter2"))
    }

    @Test func `a snapshot with a secret prints without it`() throws {
        let snapshot = try decode("upstream: http://a\nadmin: {token: hunter2-hunter2-hunter2}")
        var dumped = ""
        dump(snapshot, to: &dumped)
        #expect(
            !dumped.contains("hunter2") && !"\(snapshot)".contains("hunter2")
                && !String(reflecting: snapshot).contains("hunter2"))
        #expect("\(snapshot.admin)".contains("«redacted»"))
    }

    @Test(arguments: [("abcd", true), ("abce", false), ("abc", false), ("abcdabcd", false), ("", false)])
    func `a secret matches itself alone`(_ candidate: String, _ expected: Bool) {
        let candidate = Array(candidate.utf8)
        let (matches, matchesNothing) = (
            Secret("abcd").matches(candidate.span.bytes), Secret("").matches(candidate.span.bytes)
        )
        #expect(matches == expected && !matchesNothing)
    }

    @Test func `forwarding to oneself is refused`() throws {
        #expect(
            try problem("listen: 0.0.0.0:8000\nupstream: http://127.0.0.1:8000").observed.contains("itself listens"))
        #expect(try problem("listen: 127.0.0.1:8000\nupstream: http://localhost:8000").key == "upstream")
        #expect(try decode("listen: 10.0.0.1:8000\nupstream: http://127.0.0.1:8000").clusters.count == 1)
    }

    @Test func `admin and clients do not share an address`() throws {
        #expect(try problem("upstream: http://a\nlisten: 127.0.0.1:9900").observed.contains("for the admin endpoints"))
    }

    @Test func `TLS settings need a TLS endpoint, and a certificate its key`() throws {
        #expect(try problem("upstream: {url: http://a, tls: {verify: true}}").key == "upstream.tls")
        #expect(
            problems("upstream: {url: https://a, tls: {key: /dev/null}}").map(\.remedy) == ["add certificate: FILE"])
        #expect(
            problems("upstream: http://a\nlisten: {address: 0.0.0.0:1, tls: {certificate: /dev/null}}").map(\.remedy)
                == ["add key: FILE"])
        #expect(
            try problem("upstream: http://a\nlisten: {address: 0.0.0.0:1, tls: {}}").observed
                == "TLS without a certificate")
        #expect(
            try problem("upstream: http://a\nlisten: {address: 0.0.0.0:1, tls: {certificates: []}}").observed
                == "TLS without a certificate")
    }

    @Test func `what is dangerous but allowed is a warning`() throws {
        let open = try decode("upstream: {url: https://a, tls: {verify: false}}\ntrusted_proxies: [0.0.0.0/0]")
        #expect(open.warnings.map(\.key) == ["upstream.tls.verify", "trusted_proxies[0]"])
        #expect(open.clusters.first?.tls.verify == false)
        let unused = try decode("upstream: http://a\nclusters: {b: {endpoints: [http://b]}}")
        #expect(unused.warnings.map(\.key) == ["clusters.b"])
    }

    @Test func `a file that a key names must be there`() throws {
        let found = problems(
            "upstream: http://a\nlisten: {address: 0.0.0.0:1, tls: {certificate: nowhere/a.pem, key: /}}")
        #expect(found.map(\.key) == ["listen.tls.certificate", "listen.tls.key"])
        #expect(found[0].observed.contains("does not exist") && found[1].observed.contains("is a directory"))
        #expect(
            try decode(
                "upstream: http://a\nlisten: {address: 0.0.0.0:1, tls: {certificate: /dev/null, key: /dev/null}}"
            ).listeners.first?.tls?.certificates.count == 1)
    }
}
