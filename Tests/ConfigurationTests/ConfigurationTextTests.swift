import Configuration
import ProxyCore
import Testing

@Suite struct ConfigurationTextTests {
    @Test func `secrets, comments and unknown keys stay out, all else stays`() throws {
        let text = try #require(
            ConfigurationText.withoutSecrets(
                Array(
                    """
                    # planted in a comment
                    listen: [127.0.0.1:8080, {address: "127.0.0.1:8443", tls: {certificate: a.pem, key: a.key}}]
                    upstream: http://127.0.0.1:8000
                    planted_key: 1
                    admin: {listen: "127.0.0.1:9900", token: planted-0123456789abcdef}
                    timeouts: {idle: 5m, planted: 7}
                    log: planted in the wrong place
                    """.utf8)))
        #expect(!text.contains("planted"))
        for line in [
            "  - \"127.0.0.1:8080\"", "        certificate: a.pem", "        key: a.key", "upstream: \"http://127.0.0.1:8000\"",
            "  token: \"«redacted»\"", "  idle: 5m", "# a key that is not known was left out", "log: \"«redacted»\"",
        ] {
            #expect(text.contains(line + "\n"), "\(line) in:\n\(text)")
        }
    }

    @Test func `what is shown is a configuration that means the same`() throws {
        let path = "\(packageRoot)/Config/routes.yaml"
        let original = try #require(TemporaryDirectory.read(path))
        let shown = try #require(ConfigurationText.withoutSecrets(Array(original.utf8)))
        // The files that it names needn't exist here: the faults are the same as well.
        func told(_ text: String) -> [String] {
            do throws(ConfigurationError) {
                let snapshot = try Snapshot.decode(Array(text.utf8), file: path)
                return ["\(snapshot.routes)", "\(snapshot.clusters)", "\(snapshot.listeners)"]
            } catch {
                return error.problems.map { "\($0.key) \($0.observed)" }
            }
        }
        #expect(told(shown) == told(original))
        #expect(ConfigurationText.withoutSecrets(Array(shown.utf8)) == shown, "and shown again it is the same")
    }

    @Test func `what is no YAML is not shown`() {
        #expect(ConfigurationText.withoutSecrets(Array("a: [planted".utf8)) == nil)
        #expect(ConfigurationText.withoutSecrets(Array("- planted".utf8)) == nil)
    }
}
