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

    @Test(arguments: names)
    func `an example says at its top which files and variables it needs, and the check says the same`(_ name: String) throws {
        let text = try #require(TemporaryDirectory.read("\(packageRoot)/Config/\(name).yaml"))
        let top = text.split(separator: "\n", omittingEmptySubsequences: false).prefix { $0.hasPrefix("#") }.joined(separator: "\n")
        let directory = try TemporaryDirectory()
        defer { withExtendedLifetime(directory) {} }
        let file = try directory.write("\(name).yaml", text)
        var missing: [String] = []
        do { _ = try Snapshot.load(file: file) } catch {
            for problem in error.problems {
                #expect(problem.remedy != nil, "\(problem)")
                if let path = problem.observed.split(separator: "\"").first, path.hasPrefix(directory.path) {
                    missing.append(String(path.dropFirst(directory.path.count + 1)))
                } else {
                    let words = problem.observed.split(separator: " ")
                    #expect(words.prefix(2) == ["the", "variable"], "\(problem)")
                    missing.append(String(words[2].filter { $0 != "," }))
                }
            }
        }
        for name in missing { #expect(top.contains(name), "\(name)") }
        #expect(top.contains("Needs") == !missing.isEmpty)
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
