import Configuration
import Glibc
import ProxyCore
import Testing
import Wire

struct SourcesTests {
    @Test func `flags come before environment, environment before file`() throws {
        let text = "listen: 127.0.0.1:1\nupstream: http://file\nio: epoll\nlog: {format: pretty}\nworkers: 1"
        let environment = [
            "GATEHOUSE_LISTEN": "127.0.0.1:2", "GATEHOUSE_UPSTREAM": "http://environment", "GATEHOUSE_IO": "uring",
            "GATEHOUSE_LOG_FORMAT": "json",
        ]
        let flags = ["listen": "127.0.0.1:3", "io": "auto", "json": ""]
        let snapshot = try decode(text, flags: flags, environment: environment)
        #expect(snapshot.listeners.map(\.address.port) == [3])
        #expect(snapshot.clusters.map(\.name) == ["http://environment"])
        #expect(snapshot.io == .auto && snapshot.log.format == .json && snapshot.workers == 1)
    }

    @Test func `PORT is the port of the default listener alone`() throws {
        let port = ["PORT": "10000"]
        #expect(
            try decode("upstream: http://a", environment: port).listeners.map(\.address.description) == [
                "0.0.0.0:10000"
            ])
        let told = try decode("upstream: http://a\nlisten: 0.0.0.0:1", environment: port)
        #expect(told.listeners.map(\.address.port) == [1])
        #expect(told.warnings.map(\.key) == ["listen"])
        #expect(try decode("upstream: http://a", flags: ["listen": "0.0.0.0:2"], environment: port).warnings.isEmpty)
        #expect(try decode("upstream: http://a", environment: ["PORT": ""]).listeners.map(\.address.port) == [8080])
    }

    @Test(arguments: ["0", "http", "65536", "-1", "80 "])
    func `a PORT that is no port is refused`(_ text: String) throws {
        #expect(try problem("upstream: http://a", environment: ["PORT": text]).source == .environment("PORT"))
    }

    @Test func `a wrong flag or variable is named as the source`() {
        let found = problems("upstream: http://a", flags: ["io": "fast"], environment: ["GATEHOUSE_WORKERS": "many"])
        #expect(Set(found.map(\.source)) == [.flag("io"), .environment("GATEHOUSE_WORKERS")])
        #expect(found.map { "\($0.source)" }.sorted() == ["environment variable GATEHOUSE_WORKERS", "flag --io"])
    }

    @Test func `lists are written with commas`() throws {
        let environment = ["GATEHOUSE_TRUSTED_PROXIES": "10.0.0.0/8, 192.168.0.0/16"]
        #expect(try decode("upstream: http://a", environment: environment).trustedProxies.count == 2)
    }

    @Test func `an upstream from outside keeps the TLS settings of the file`() throws {
        let text = "upstream: {url: https://a, tls: {server_name: s.example}}"
        let cluster = try decode(text, flags: ["upstream": "https://b"]).clusters.first
        #expect(cluster?.name == "https://b" && cluster?.tls.serverName == "s.example")
    }

    @Test func `a listener from outside does not lose the TLS of the file`() throws {
        let tls = "tls: {certificate: /dev/null, key: /dev/null}"
        let one = try decode("upstream: http://a\nlisten: {address: 0.0.0.0:1, \(tls)}", flags: ["listen": "0.0.0.0:2"])
        #expect(one.listeners.map(\.address.port) == [2] && one.listeners.first?.tls != nil)
        #expect(
            try problem("upstream: http://a\nlisten: [{address: 0.0.0.0:1, \(tls)}]", flags: ["listen": "0.0.0.0:2"])
                .source == .flag("listen"))
    }

    @Test func `a flag for one admin key does not undo off`() throws {
        let environment = ["GATEHOUSE_ADMIN_TOKEN": "0123456789abcdef"]
        let snapshot = try decode("upstream: http://a\nadmin: off", environment: environment)
        #expect(snapshot.admin.listener == nil && snapshot.admin.token != nil)
    }

    @Test func `a variable that is nearly ours is warned about`() throws {
        let environment = ["GATEHOUSE_LOG_FROMAT": "json", "GATEHOUSE_SERVICE_HOST": "10.0.0.1", "HOME": "/"]
        let warnings = try decode("upstream: http://a", environment: environment).warnings
        #expect(warnings.map(\.remedy) == ["did you mean GATEHOUSE_LOG_FORMAT?"])
    }

    @Test func `a file is read from disk, or says why not`() throws {
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let path = try directory.write("g.yaml", "upstream: http://a\nworkers: 2\n")
        #expect(try Snapshot.load(file: path).workers == 2)
        #expect(try Snapshot.load(file: nil, environment: ["GATEHOUSE_CONFIG": path]).file == path)
        for (path, reason) in [
            ("/nowhere/g.yaml", "does not exist"), ("/", "is a directory"), ("/dev/null/x", "does not exist"),
        ] {
            let error = try #require(throws: ConfigurationError.self) { try Snapshot.load(file: path) }
            #expect(error.description.contains(reason), "\(error)")
        }
    }
}
