import Configuration
import Glibc
import ProxyCore
import Testing

/// Every file of Config/, as a user would take it: copied, with the certificates that it names beside it.
struct ExamplesTests {
    static let names = [
        "minimal", "behind-a-platform", "tls", "routes", "heartbeat", "gate", "render", "fastapi-jwt", "django-channels",
        "conversation", "capture", "routing", "hold",
        "everything",
    ]

    private func load(_ name: String) throws -> Snapshot {
        let text = try #require(TemporaryDirectory.read("\(packageRoot)/Config/\(name).yaml"))
        let directory = try TemporaryDirectory()
        for file in ["app.pem", "app.key", "chat.pem", "chat.key", "backend-ca.pem"] {
            try directory.write("tls/\(file)", "")
        }
        try directory.write("keys.json", "")
        defer { withExtendedLifetime(directory) {} }
        return try Snapshot.load(
            file: try directory.write("\(name).yaml", text),
            environment: [
                "JWT_SECRET": "0123456789abcdef0123456789abcdef", "AFFINITY_KEYS": "0123456789abcdef0123456789abcdef",
            ])
    }

    @Test(arguments: names)
    func `an example loads without a warning`(_ name: String) throws {
        #expect(try load(name).warnings.isEmpty)
    }

    @Test func `no example is left out`() throws {
        let directory = try #require(opendir("\(packageRoot)/Config"))
        defer { closedir(directory) }
        var found: Set<String> = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { found.insert(name) }
        }
        #expect(found == Set(ExamplesTests.names.map { "\($0).yaml" }))
    }

    @Test func `the example with every default is the one with none`() throws {
        var (everything, nothing) = (try load("everything"), try decode("upstream: http://127.0.0.1:8000"))
        (everything.file, nothing.file) = (nil, nil)
        var (first, second) = ("", "")
        dump(everything, to: &first)
        dump(nothing, to: &second)
        #expect(first == second)
    }

    @Test func `the TLS example has its certificates relative to itself`() throws {
        let snapshot = try load("tls")
        let tls = try #require(snapshot.listeners.last?.tls)
        #expect(tls.certificates.count == 2 && tls.certificates.allSatisfy { $0.key.hasPrefix("/tmp/") })
        #expect(snapshot.clusters.first?.tls.serverName == "backend.internal")
    }
}
