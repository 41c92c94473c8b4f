import Configuration
import Glibc
import Testing

struct OutputPlaceTests {
    private func problems(_ directory: TemporaryDirectory, _ lines: String) throws -> [ConfigurationProblem] {
        let file = try directory.write("g.yaml", "upstream: https://a\n\(lines)\n")
        do {
            _ = try Snapshot.load(file: file, checksOutputs: true)
            return []
        } catch { return error.problems }
    }

    @Test func `every place that can't be written to is a problem of its key`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("plain", "")
        symlink("\(directory.path)/plain", "\(directory.path)/link")
        defer { unlink("\(directory.path)/link") }
        let found = try problems(
            directory,
            """
            clusters: {a: {endpoints: [https://b], tls: {key_log: link}}}
            log: {output: absent/g.log}
            capture: {directory: plain}
            """)
        #expect(found.map(\.key) == ["clusters.a.tls.key_log", "log.output", "capture.directory"], "\(found)")
        #expect(found[0].observed.hasSuffix("is a link"))
        #expect(found[1].observed.contains("the directory \"\(directory.path)/absent\" does not exist"))
        #expect(found[2].observed.hasSuffix("is a file"))
        #expect(found.allSatisfy { $0.remedy != nil })
    }

    @Test func `a place that can be written to is only looked at`() throws {
        let directory = try TemporaryDirectory()
        let found = try problems(directory, "log: {output: ./g.log}\ncapture: {directory: captures/}")
        #expect(found.isEmpty, "\(found)")
        #expect(access("\(directory.path)/g.log", F_OK) != 0 && access("\(directory.path)/captures", F_OK) != 0)
    }

    @Test func `a directory that this user may not write to says which user`() throws {
        // Root may.
        guard geteuid() != 0 else { return }
        let directory = try TemporaryDirectory()
        try directory.write("closed/kept", "")
        chmod("\(directory.path)/closed", 0o500)
        defer { chmod("\(directory.path)/closed", 0o700) }
        let found = try problems(directory, "capture: {directory: closed}\nlog: {output: closed/g.log}")
        #expect(found.map(\.key) == ["capture.directory", "log.output"])
        #expect(found.allSatisfy { $0.observed.contains("user \(geteuid()) may not write") }, "\(found)")
    }

    @Test func `a start and a reload do not fail for it`() throws {
        #expect(try decode("upstream: http://a\nlog: {output: /nowhere/g.log}").log.output == .file("/nowhere/g.log"))
    }
}
