import Configuration
import ProxyCore
import TestSupport
import Testing

struct YAMLTests {
    @Test func `the same key twice is refused with the first one's line`() throws {
        let found = try problem("upstream: http://a\nio: auto\nupstream: http://b\n")
        #expect(found.source == .file("g.yaml", line: 3, column: 1))
        #expect(found.key == "upstream")
        #expect(found.observed.contains("line 1"))
    }

    @Test func `several documents are refused`() throws {
        #expect(try problem("upstream: http://a\n---\nio: auto\n").observed == "a second document")
    }

    @Test func `one document with its marker is fine`() throws {
        #expect(try decode("---\nupstream: http://a\n...\n").clusters.count == 1)
    }

    @Test func `a tab in the indentation is explained`() throws {
        let found = try problem("log:\n\tformat: json\n")
        #expect(found.source == .file("g.yaml", line: 2, column: 1))
        #expect(found.observed == "a tab in the indentation")
    }

    @Test func `a tab elsewhere is white space`() throws {
        #expect(try decode("upstream:\thttp://a\t# here\n").clusters.first?.name == "http://a")
    }

    @Test func `bytes that are not UTF-8 are refused with their place`() throws {
        let text = bytes("upstream: http://a\n# caf", 0xE9, "\n")
        #expect(throws: ConfigurationError.self) { try Snapshot.decode(text, file: "g.yaml") }
        do { _ = try Snapshot.decode(text, file: "g.yaml") } catch {
            #expect(error.problems.map(\.source) == [.file("g.yaml", line: 2, column: 6)])
            #expect(error.problems.first?.observed == "bytes that are not UTF-8")
        }
    }

    @Test(arguments: [[0xFF, 0xFE], [0xFE, 0xFF]] as [[UInt8]])
    func `UTF-16 is named as what it is`(_ mark: [UInt8]) {
        do {
            _ = try Snapshot.decode(mark + [0x61, 0x00], file: "g.yaml")
            Issue.record("accepted")
        } catch { #expect(error.problems.first?.observed == "UTF-16") }
    }

    @Test func `a byte order mark is not part of the first key`() throws {
        let text = bytes(0xEF, 0xBB, 0xBF, "upstream: http://a\r\nio: epoll\r\n")
        #expect(try Snapshot.decode(text, file: "g.yaml").io == .epoll)
    }

    @Test func `control characters are refused`() throws {
        #expect(try problem("upstream: http://a\u{1}\n").observed == "the control character 0x01")
        #expect(try problem("upstream: http://a\u{0}\n").observed == "the control character 0x00")
    }

    @Test func `a file of more than a mebibyte is refused`() throws {
        let text = "upstream: http://a\n" + String(repeating: "# x\n", count: 300_000)
        #expect(try problem(text).expected == "a configuration of at most 1 MiB")
    }

    @Test func `aliases that grow to a mountain are stopped`() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            text +=
                "a\(level): &a\(level) [" + [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(problems(text).contains { $0.observed.contains("aliases expanded") })
    }

    @Test func `an alias stands for what its anchor named`() throws {
        let text = """
            clusters:
              a: {endpoints: &both [http://a, http://b]}
              b: {endpoints: *both}
            cluster: b
            """
        #expect(try decode(text).clusters.map(\.endpoints.count) == [2, 2])
    }

    @Test(arguments: ["upstream: *nowhere\n", "a: &a [*a]\n", "upstream: &a\n  url: *a\n"])
    func `an alias without an anchor before it is refused`(_ text: String) {
        #expect(problems(text).contains { $0.observed.contains("without an anchor") })
    }

    @Test func `depth is bounded`() throws {
        let text = "a: " + String(repeating: "[", count: 5000)
        #expect(problems(text).contains { $0.observed == "more than 32 levels" })
    }

    @Test(arguments: ["io: !!str auto\nupstream: http://a", "upstream: !x http://a"])
    func `tags are refused`(_ text: String) throws {
        #expect(try problem(text).observed == "a tag (!…)")
    }

    @Test func `a list as a key is refused`() throws {
        #expect(try problem("[a, b]: c\n").observed == "a list or map as a key")
    }

    @Test(arguments: [
        "upstream: \"http://a", "log: {format: json", "a: b: c", "upstream: @here", "- a\nb: c\n", "%", "a: 'b' c",
    ])
    func `broken syntax has a place`(_ text: String) throws {
        let found = try problem(text)
        #expect(found.observed.hasPrefix("YAML that can't be read"))
        guard case .file("g.yaml", let line, let column) = found.source else { return #expect(Bool(false)) }
        #expect(line >= 1 && column >= 1)
    }

    @Test(arguments: [
        // The file's end, the next quote in another line, and a bracket.
        ("io: auto\nupstream: \"http://a\nlog: {format: json}\n", 2, 11), ("upstream: 'http://a\n# it's\nio: auto\n", 1, 11),
        ("log: {format: json\nupstream: http://a\n", 1, 6),
    ])
    func `what is not closed is told where it was opened`(_ text: String, _ line: Int, _ column: Int) throws {
        let found = try problem(text)
        #expect(found.source == .file("g.yaml", line: line, column: column), "\(found)")
        #expect(found.observed.hasSuffix("that is opened here and not closed"), "\(found)")
        #expect(found.remedy?.hasPrefix("close it") == true)
    }

    @Test func `a quoted text of several lines is no quote that was forgotten`() throws {
        let found = try problem("drain:\n  reason: \"going\n    away\"\nio: auto: epoll\n")
        #expect(found.source == .file("g.yaml", line: 4, column: 9), "\(found)")
    }

    @Test func `what could be read is judged beside a key that stands twice`() {
        let found = problems("upstream: http://a\nio: urin\nlog: {format: json, format: pretty}\nworkers: 0\n")
        #expect(found.map(\.key) == ["io", "log.format", "workers"])
        // What may stand in a part that could not be read is not missed.
        #expect(problems("[a, b]: c\nio: urin\n").map(\.observed) == ["a list or map as a key", "\"urin\""])
    }

    @Test func `an unquoted IPv6 address says that it needs quotes`() throws {
        let found = try problem("listen: [::]:8080\nupstream: http://a\n")
        #expect(found.remedy?.contains("IPv6") == true, "\(found)")
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "~\n", "{}\n"])
    func `an empty file is an empty configuration`(_ text: String) throws {
        #expect(try problem(text).observed == "nothing to forward to")
        #expect(try decode(text, flags: ["upstream": "http://a"]).clusters.count == 1)
    }

    @Test(arguments: ["just text\n", "[a, b]\n"])
    func `a file that is no map is refused`(_ text: String) {
        #expect(problems(text).contains { $0.expected.hasPrefix("a map of keys") })
    }

    @Test func `no cut of a good file traps`() {
        let whole = Array(
            "listen: [{address: \"[fe80::1:1]:1\"}]\nclusters:\n  a: &x {endpoints: [\"http://a\"]}\n  b: *x\nroutes: [{cluster: a}]\n"
                .utf8)
        for end in whole.indices { _ = try? Snapshot.decode(Array(whole[..<end]), file: "g.yaml") }
        var random = SplitMix64(seed: 3)
        for _ in 0..<2000 {
            var damaged = whole
            for _ in 0..<3 {
                damaged[Int(random.next() % UInt64(whole.count))] = UInt8(truncatingIfNeeded: random.next() % 128)
            }
            _ = try? Snapshot.decode(damaged, file: "g.yaml")
        }
        #expect((try? Snapshot.decode(whole, file: "g.yaml")) != nil)
    }
}
