import Configuration
import Glibc
import Testing

struct ConfigurationReferenceTests {
    @Test func `the documentation is what the definitions say`() throws {
        let path = "\(packageRoot)/Docs/Configuration.md"
        let generated = ConfigurationReference.markdown()
        if getenv("GATEHOUSE_REGENERATE") != nil {
            let stream = try #require(fopen(path, "w"))
            fputs(generated, stream)
            fclose(stream)
        }
        #expect(
            TemporaryDirectory.read(path) == generated,
            "write it anew: GATEHOUSE_REGENERATE=1 swift test --filter ConfigurationReferenceTests")
    }

    @Test func `no sentence of the documentation breaks its table`() {
        for line in ConfigurationReference.markdown().split(separator: "\n") where line.hasPrefix("| `") {
            let cells =
                line.replacing("\\|", with: "").split(separator: "|", omittingEmptySubsequences: false).count - 2
            #expect(cells == 4 || cells == 3, "\(line)")
        }
    }

    /// Path, default and example of every documented key that stands in one place.
    private var keys: [(path: String, standard: String, example: String?)] {
        var found: [(String, String, String?)] = []
        for line in ConfigurationReference.markdown().split(separator: "\n") {
            if line.hasPrefix("### Keys of a route") { break }
            guard line.hasPrefix("| `") else { continue }
            let cells = line.dropFirst(2).split(separator: " | ", omittingEmptySubsequences: false)
            let path = String(cells[0].filter { $0 != "`" })
            if path.contains("[") || path.contains("NAME") { continue }
            var example: String?
            if let about = cells.last, let mark = about.firstRange(of: "Example: `") {
                example = String(about[mark.upperBound...].prefix { $0 != "`" })
            }
            found.append((path, String(cells[2].filter { $0 != "`" }), example))
        }
        return found
    }

    /// `a.b` and a value as YAML.
    private func yaml(_ path: String, _ value: String) -> String {
        let names = path.split(separator: ".")
        return names.map { "\($0): " }.joined(separator: "{") + value + String(repeating: "}", count: names.count - 1)
    }

    /// Keys that say nothing alone.
    private func ofGate(_ path: String) -> Bool {
        ["origins", "auth", "permission", "guards"].contains { path.hasPrefix($0) }
    }

    @Test func `every documented default is accepted, and changes nothing`() throws {
        var unset = try decode("upstream: http://a")
        unset.file = nil
        var (expected, count) = ("", 0)
        dump(unset, to: &expected)
        for (path, standard, _) in keys where !standard.isEmpty && !path.hasPrefix("upstream") && !ofGate(path) {
            // Any map switches these on.
            if path.hasPrefix("heartbeat.") || path.hasPrefix("hold.") { continue }
            var snapshot = try decode("upstream: http://a\n\(yaml(path, standard))")
            snapshot.file = nil
            var shown = ""
            dump(snapshot, to: &shown)
            #expect(shown == expected, "\(path)")
            count += 1
        }
        #expect(count > 35)
    }

    @Test func `every documented example is accepted at its key`() {
        var count = 0
        for (path, _, example) in keys {
            guard let example else { continue }
            count += 1
            do { _ = try decode(yaml(path, example)) } catch let error as ConfigurationError {
                // Alone, it may lack its companions; but the value itself must be right. Files of examples are not there.
                let wrong = error.problems.filter {
                    $0.key.hasPrefix(path) && !$0.observed.contains("does not exist")
                        && !$0.expected.contains("together")
                        && $0.observed != "nothing to forward to" && $0.expected != "both"
                        && !$0.expected.contains("name under clusters")
                        && !$0.expected.contains("beside") && !$0.observed.contains("is not set")
                }
                #expect(wrong.isEmpty, "\(path): \(wrong)")
            } catch { Issue.record(error) }
        }
        #expect(count > 25)
    }

    @Test func `the example with everything names every key`() throws {
        let text = try #require(TemporaryDirectory.read("\(packageRoot)/Config/everything.yaml"))
        for (path, _, _) in keys where !path.hasPrefix("listen.") && !path.hasPrefix("cluster") && path != "routes" {
            let name = path.split(separator: ".").last ?? ""
            if path.hasPrefix("rewrite."), name != "strip_prefix" { continue }
            #expect(text.contains("\(name):"), "\(path)")
        }
    }
}
